//! What is on the screen, as plain data: no browser, no network, tested on the host.

mod agents;
mod ailing;
mod below;
mod board;
mod bubble;
mod failure;
mod frame;
mod letters;
mod link;
pub mod markdown;
pub mod memory;
mod order;
mod page;
pub mod palette;
mod purged;
mod retry;
mod theme;
mod thread;
mod typed;
mod visible;
pub mod when;

pub use agents::{Face, Rail, face};
pub use ailing::{Ailing, Checks};
pub use below::{below, inside};
pub use board::{Board, Job, PHASES};
pub use bubble::{Bubble, Delivery};
pub use failure::Failure;
pub use frame::{read_frame, read_heard};
pub use link::token_of;
pub use page::Page;
pub use purged::purged;
pub use retry::reconnect_after_ms;
pub use theme::Theme;
pub use thread::{Folded, Thread};
pub use typed::{
    LEFT, Unsent, draft_name, is_typed_by, joined, older_draft, read_unsent, unsent_name, whose,
};
pub use visible::visible;
