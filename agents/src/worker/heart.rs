//! The heart: tells the server every ten seconds that the agent lives, and at once what it does.
//!
//! Hears in return whether it should go on. Does no work and ends none.

use std::{sync::Arc, time::Duration};

use appliance_core::desk::Beat;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::client::Client;

/// The longest time between two beats; the server takes an agent for dead after 60 s.
const EVERY: Duration = Duration::from_secs(10);

/// Beats until told to stop, then cancels `finish`.
pub(super) async fn beat(
    client: Arc<Client>,
    mut doing: watch::Receiver<Beat>,
    finish: CancellationToken,
) {
    loop {
        let now = doing.borrow_and_update().clone();
        match client.beat(&now).await {
            Ok(true) => {}
            Ok(false) => return finish.cancel(),
            // The main loop meets the same error and decides.
            Err(error) => tracing::debug!(%error, "a heartbeat was not taken"),
        }
        tokio::select! {
            _ = tokio::time::sleep(EVERY) => {}
            changed = doing.changed() => if changed.is_err() { return },
        }
    }
}
