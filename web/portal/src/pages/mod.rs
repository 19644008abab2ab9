//! One file a page.

mod agents;
mod away;
mod chat;
mod login;
mod memory;
mod not_found;
mod settings;
mod setup;
mod shell;

pub use agents::Agents;
pub use away::Away;
pub use chat::Chat;
pub use login::LogIn;
pub use memory::Memory;
pub use not_found::NotFound;
pub use settings::Settings;
pub use setup::{SetUp, take_token};
pub use shell::Shell;
