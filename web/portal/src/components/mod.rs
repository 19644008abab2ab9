//! The parts that pages are made of, one file each.

mod alert;
mod badge;
mod card;
mod composer;
mod field;
mod header;
mod sidebar;
mod transcript;

pub use alert::Alert;
pub use badge::Badge;
pub use card::{Brand, Card};
pub use composer::Composer;
pub use field::{Field, typed_in};
pub use header::Header;
pub use sidebar::Sidebar;
pub use transcript::Transcript;
