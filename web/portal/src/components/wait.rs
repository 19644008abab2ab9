//! The time until something may be tried again, counted down on the button that tries it.

use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

use crate::model::Failure;

/// One second.
const SECOND_MS: u32 = 1_000;

/// The seconds left until a failed try may be repeated; what was said of the failure goes with the
/// last of them.
#[derive(Clone, Copy)]
pub struct Wait {
    left: RwSignal<u32>,
    failure: RwSignal<Option<Failure>>,
}

impl Wait {
    /// Waits for nothing yet.
    pub fn new(failure: RwSignal<Option<Failure>>) -> Self {
        Self { left: RwSignal::new(0), failure }
    }

    /// Whether there is something to wait for.
    pub fn is_on(self) -> bool {
        self.left.get() > 0
    }

    /// What the button says meanwhile; `words` when there is nothing to wait for.
    pub fn or(self, words: &str) -> String {
        match self.left.get() {
            0 => words.to_owned(),
            left => format!("Try again in {left} s"),
        }
    }

    /// Notes a failure, and begins to count where it says how long to wait.
    pub fn failed(self, problem: Failure) {
        let seconds = problem.wait.unwrap_or(0);
        self.failure.set(Some(problem));
        if seconds == 0 {
            return;
        }
        self.left.set(seconds);
        spawn_local(async move {
            // The page may be gone before the time is over.
            while let Some(left) = self.left.try_get_untracked().filter(|left| *left > 0) {
                TimeoutFuture::new(SECOND_MS).await;
                self.left.try_set(left - 1);
            }
            self.failure.try_set(None);
        });
    }
}
