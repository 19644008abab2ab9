//! What a screen reader is told: who begins to write, once, and the finished answer, once.

use leptos::prelude::*;

use super::Portal;
use crate::model::{Delivery, face};

/// Characters of a finished answer that are read out.
const SPOKEN_CHARS: usize = 300;

impl Portal {
    /// Tells who begins to write.
    pub(super) fn announce_writer(self, before: Option<&str>) {
        let now = self.thread(|t| t.writer().map(str::to_owned));
        if let Some(agent) = now.filter(|now| before != Some(now.as_str())) {
            self.ui.spoken.set(format!("{} is replying.", face(&agent).name));
        }
    }

    /// Tells the finished answer from its beginning.
    pub(super) fn announce_answer(self) {
        let words = self.thread(|t| {
            let stored =
                |b: &&crate::model::Bubble| b.role != "user" && b.delivery == Delivery::Stored;
            let last = t.bubbles.iter().rev().find(stored)?;
            let name = face(last.agent.as_deref().unwrap_or_default()).name;
            let text: String = last.text.chars().take(SPOKEN_CHARS).collect();
            let verb = if last.stopped { "was stopped at" } else { "replied" };
            Some(format!("{name} {verb}: {text}"))
        });
        self.ui.spoken.set(words.unwrap_or_default());
    }
}
