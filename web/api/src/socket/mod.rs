//! `GET /ws`: the live feed, and `POST /api/live` where a proxy lets no WebSocket through. Who may connect is decided here, the rest in the session.
//!
//! Step 7 of the walkthrough. Cookie or bearer token first (Origin was checked at the gate), then
//! the upgrade; frames as `web_dto` has them. Loses what a slow client does not read and says so
//! with `resync`; every fact is also a record, so nothing is lost for good.

mod feed;
mod frames;
mod lines;
mod poll;
mod session;

use axum::{
    extract::{State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    response::Response,
};
use web_dto::Code;

pub(crate) use lines::Lines;
pub(crate) use poll::post;

use crate::{auth::CurrentUser, edge::Drain, error::ApiError, gate::Caller, parts::Shared};

/// Bytes of each buffer: most sockets are idle.
const BUFFER_BYTES: usize = 4 * 1024;

/// Most bytes a client's frame or message may have: a message of 50,000 four-byte characters fits.
const MAX_FRAME_BYTES: usize = 256 * 1024;

/// Most bytes waiting for a client that does not read.
const MAX_UNSENT_BYTES: usize = 1024 * 1024;

/// Upgrades a logged-in client's connection.
pub(crate) async fn get(
    State(app): State<Shared>,
    caller: Caller,
    drain: Drain,
    user: CurrentUser,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let upgrade = upgrade.map_err(|refusal| {
        ApiError::new(Code::RouteUnknown, format!("this route speaks WebSocket: {refusal}"))
    })?;
    let hold = drain.hold();
    Ok(upgrade
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .max_write_buffer_size(MAX_UNSENT_BYTES)
        .max_frame_size(MAX_FRAME_BYTES)
        .max_message_size(MAX_FRAME_BYTES)
        .on_upgrade(async move |socket| {
            session::run(app, user, caller, drain, socket).await;
            drop(hold);
        }))
}
