//! One file a page.

mod chat;
mod login;
mod not_found;
mod setup;

pub use chat::Chat;
pub use login::Login;
pub use not_found::NotFound;
pub use setup::{SetUp, take_token};
