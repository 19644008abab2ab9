//! Talks to the service manager: READY, WATCHDOG, STOPPING. Silent where there is none.
//!
//! A watchdog tick is sent only while the store's writer gives signs of life, so a server that hangs
//! is restarted by systemd and not kept alive by its own timer. A writer that waits for a slow or a
//! full disk lives: a restart would mend neither.

use std::{sync::Arc, time::Duration};

use appliance_core::ports::StoreSigns;
use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;

/// Says that requests are answered from now on.
pub fn ready(status: &str) {
    send(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// Says that the server is draining.
pub fn stopping() {
    send(&[NotifyState::Stopping, NotifyState::Status("draining")]);
}

/// Says why the server ends by itself.
pub fn failed(why: &str) {
    send(&[NotifyState::Stopping, NotifyState::Status(why)]);
}

/// Sends a tick at half the interval the service manager asked for, until `stop`.
pub async fn watchdog(store: Arc<dyn StoreSigns>, stop: CancellationToken) {
    let Some(interval) = sd_notify::watchdog_enabled() else { return };
    let mut ticks = tokio::time::interval((interval / 2).max(Duration::from_millis(10)));
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => tick(store.as_ref()),
        }
    }
}

fn tick(store: &dyn StoreSigns) {
    let health = store.signs();
    if health.state.is_alive() {
        send(&[NotifyState::Watchdog]);
    } else {
        tracing::error!(?health, "no watchdog tick: the store's writer gives no sign of life");
    }
}

fn send(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager could not be told");
    }
}
