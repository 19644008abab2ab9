//! The HTTP face against the real store and live feed; only agents and model are stand-ins.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod auth;
mod bad_input;
mod cancel;
mod care;
mod crowd;
mod edge;
mod fakes;
mod gateway;
mod heads;
mod house;
mod isolation;
mod live_poll;
mod log_in_limits;
mod log_out;
mod looked_after;
mod mcp;
mod memory;
mod messages;
mod operations;
mod passwords;
mod portal;
mod socket;
mod tokens;
