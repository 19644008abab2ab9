//! The memory page's state: what is asked, what was read of the answer, which memory is open.
//!
//! Lives as long as the page. Draws nothing; `pages/memory` does. Invariant: an answer that comes
//! after a newer question is dropped.

mod deeds;
mod read;

use leptos::prelude::*;

use super::Portal;
use crate::{
    focus::focus,
    model::{
        Failure,
        memory::{Asked, Figures, Hit},
    },
};

/// A bundle of signals, copied into every handler.
#[derive(Clone, Copy)]
pub struct Recall {
    /// What all pages share.
    pub portal: Portal,
    /// What is asked.
    pub asked: RwSignal<Asked>,
    /// What was read of the answer.
    pub items: RwSignal<Vec<Hit>>,
    /// Where the list goes on.
    pub next: RwSignal<Option<String>>,
    /// Whether nothing was read yet.
    pub fresh: RwSignal<bool>,
    /// Whether what was read was found by words.
    pub scored: RwSignal<bool>,
    /// What could not be asked for all memories: `vectors`, `words`.
    pub missing: RwSignal<Vec<String>>,
    /// Why the list cannot be shown.
    pub failure: RwSignal<Option<Failure>>,
    /// The chosen row.
    pub at: RwSignal<usize>,
    /// The memory beside the list, with its score and reason where it was found by words.
    pub opened: RwSignal<Option<Hit>>,
    /// Whether its text is being corrected.
    pub correcting: RwSignal<bool>,
    /// Whether deleting it for good waits for a yes.
    pub purging: RwSignal<bool>,
    /// Whether a new note is being written.
    pub noting: RwSignal<bool>,
    /// Whether a rebuild waits for a yes.
    pub rebuilding: RwSignal<bool>,
    /// How full memory is, and the newest deeds.
    pub figures: RwSignal<Option<Figures>>,
    /// Why the figures cannot be shown.
    pub figures_failure: RwSignal<Option<Failure>>,
    turn: StoredValue<u32>,
    reading: StoredValue<bool>,
    asked_at: StoredValue<f64>,
    gone: StoredValue<Vec<(usize, Hit)>>,
}

impl Recall {
    /// Makes the state and asks what the address says.
    pub fn begin_page() -> Self {
        let recall = Self {
            portal: Portal::here(),
            asked: RwSignal::new(Asked::default()),
            items: RwSignal::new(Vec::new()),
            next: RwSignal::new(None),
            fresh: RwSignal::new(true),
            scored: RwSignal::new(false),
            missing: RwSignal::new(Vec::new()),
            failure: RwSignal::new(None),
            at: RwSignal::new(0),
            opened: RwSignal::new(None),
            correcting: RwSignal::new(false),
            purging: RwSignal::new(false),
            noting: RwSignal::new(false),
            rebuilding: RwSignal::new(false),
            figures: RwSignal::new(None),
            figures_failure: RwSignal::new(None),
            turn: StoredValue::new(0),
            reading: StoredValue::new(false),
            asked_at: StoredValue::new(0.0),
            gone: StoredValue::new(Vec::new()),
        };
        recall.follow_address();
        recall.read_figures();
        recall
    }

    /// Opens the memory of a row.
    pub fn open(self, at: usize) {
        let hit = self.items.with_untracked(|items| items.get(at).cloned());
        if hit.is_some() {
            self.at.set(at);
            self.show(hit);
        }
    }

    /// Shows a memory beside the list; the figures again when there is none.
    pub fn show(self, hit: Option<Hit>) {
        self.correcting.set(false);
        self.purging.set(false);
        self.noting.set(false);
        self.portal.ui.details.set(hit.is_some());
        self.opened.set(hit);
    }

    /// Shows the field for a new note.
    pub fn write_note(self) {
        self.noting.set(true);
        self.portal.ui.details.set(true);
    }

    /// Closes what is open beside the list and gives the focus back to it.
    pub fn close(self) {
        self.show(None);
        self.focus_row();
    }

    /// Gives the focus to the chosen row, once it is drawn.
    pub fn focus_row(self) {
        request_animation_frame(move || {
            if let Some(at) = self.at.try_get_untracked() {
                focus(&format!("memory-{at}"));
            }
        });
    }

    /// Chooses another row.
    pub fn step(self, by: isize) {
        let last = self.items.with_untracked(Vec::len).saturating_sub(1);
        self.at.update(|at| *at = at.saturating_add_signed(by).min(last));
        self.focus_row();
    }

    /// Whether the page still stands; an answer may come when it does not.
    fn is_here(self) -> bool {
        self.turn.try_get_value().is_some()
    }
}
