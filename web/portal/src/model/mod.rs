//! What is on the screen, as plain data: no browser, no network, tested on the host.

mod agents;
mod bubble;
mod failure;
mod link;
mod markdown;
mod retry;
mod thread;

pub use agents::{Face, Rail, face};
pub use bubble::{Bubble, Delivery};
pub use failure::Failure;
pub use link::{conversation_of, token_of};
pub use retry::reconnect_after_ms;
pub use thread::{Folded, Thread};
