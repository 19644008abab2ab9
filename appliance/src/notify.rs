//! Talks to the service manager: READY, WATCHDOG, STOPPING. Silent where there is none.
//!
//! A watchdog tick is sent only after the store has answered a read, so a server that hangs is
//! restarted by systemd and not kept alive by its own timer.

use std::{sync::Arc, time::Duration};

use appliance_core::ports::Users;
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

/// Sends a tick at half the interval the service manager asked for, until `stop`.
pub async fn watchdog(users: Arc<dyn Users>, stop: CancellationToken) {
    let Some(interval) = sd_notify::watchdog_enabled() else { return };
    let mut ticks = tokio::time::interval((interval / 2).max(Duration::from_millis(10)));
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => tick(users.as_ref(), interval).await,
        }
    }
}

async fn tick(users: &dyn Users, interval: Duration) {
    match tokio::time::timeout(interval / 2, users.first()).await {
        Ok(Ok(_)) => send(&[NotifyState::Watchdog]),
        Ok(Err(error)) => tracing::error!(%error, "no watchdog tick: the store does not answer"),
        Err(_) => tracing::error!("no watchdog tick: the store is too slow"),
    }
}

fn send(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager could not be told");
    }
}
