//! What a screen reader is told: who begins to write, once, and the finished answer, once.

use leptos::prelude::*;

use super::Portal;
use crate::model::face;

/// Characters of a finished answer that are read out.
const SPOKEN_CHARS: usize = 300;

impl Portal {
    /// Tells who has begun to write, whether a frame or a page brought it.
    pub(super) fn announce_writer(self) {
        let now = self.thread(|t| t.writer().map(str::to_owned));
        if self.writer.with_value(|before| *before == now) {
            return;
        }
        if let Some(agent) = &now {
            self.ui.spoken.set(format!("{} is replying.", face(agent).name));
        }
        self.writer.set_value(now);
    }

    /// Tells the finished answer from its beginning.
    pub(super) fn announce_answer(self) {
        let words = self.thread(|t| {
            let ended = t.ended.as_ref()?;
            let last = t.bubbles.iter().find(|b| b.id == *ended)?;
            let name = face(last.agent.as_deref().unwrap_or_default()).name;
            let text: String = last.text.chars().take(SPOKEN_CHARS).collect();
            let verb = match &last.cut_off {
                _ if last.stopped => "was stopped at",
                Some(_) => "broke off at",
                None => "replied",
            };
            Some(format!("{name} {verb}: {text}"))
        });
        self.ui.spoken.set(words.unwrap_or_default());
    }
}
