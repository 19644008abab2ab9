//! What ails the server: asked for when the live line stands, and now and again after that.

use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

use super::Portal;
use crate::api;

/// How often it is asked, in ms: long beside what it costs, short beside filling a disk.
const EVERY_MS: u32 = 20_000;

impl Portal {
    /// Asks now and again for as long as the page lives, while somebody is logged in.
    pub(super) fn watch_health(self) {
        spawn_local(async move {
            loop {
                TimeoutFuture::new(EVERY_MS).await;
                if self.session.is_open() {
                    self.ask_health().await;
                }
            }
        });
    }

    /// Asks at once.
    pub fn look_at_health(self) {
        spawn_local(self.ask_health());
    }

    /// Takes the clock's word: what ages by it goes on.
    pub fn confirm_clock(self) {
        spawn_local(async move {
            match api::confirm_clock().await {
                Ok(()) => self.ui.say("The clock is confirmed."),
                Err(failure) => self.ui.say(failure.line()),
            }
            self.ask_health().await;
        });
    }

    /// A server that cannot be asked is said by the live line.
    async fn ask_health(self) {
        let Ok(checks) = api::health().await else { return };
        let ailing = checks.ailing();
        if self.ailing.with_untracked(|known| *known != ailing) {
            self.ailing.set(ailing);
        }
    }
}
