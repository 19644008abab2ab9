//! Asking and reading on, and the figures beside the list.

use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsValue;

use super::Recall;
use crate::{
    api::{self, Answer},
    base::at,
    clock,
    model::memory::{Asked, Figures, Found, Hit},
};

/// Memories read at once: few enough to be taken between two frames.
const PAGE: usize = 100;

/// Hits asked for.
const HITS: usize = 50;

/// Least time between two questions while somebody types.
const PAUSE_MS: f64 = 40.0;

/// How often a running job is looked at.
const JOB_MS: u32 = 1_000;

/// One page of the answer.
struct Page {
    hits: Vec<Hit>,
    next: Option<String>,
    missing: Vec<String>,
}

impl Recall {
    /// Asks what the address says.
    pub fn follow_address(self) {
        self.asked.set(Asked::read(&window().location().search().unwrap_or_default()));
        self.begin();
    }

    /// Changes what is asked and writes it into the address.
    pub fn ask(self, change: impl FnOnce(&mut Asked)) {
        self.asked.update(change);
        let address = at("/memory") + &self.asked.with_untracked(Asked::address);
        if let Ok(history) = window().history() {
            _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
        }
        self.begin();
    }

    /// Reads the answer from its beginning. Somebody who types is asked for at most once in a while;
    /// what stands on the page stays until the answer is there.
    pub fn begin(self) {
        let turn = self.turn.with_value(|turn| turn + 1);
        self.turn.set_value(turn);
        let wait = self.asked_at.get_value() + PAUSE_MS - clock::now();
        spawn_local(async move {
            if wait > 0.0 {
                TimeoutFuture::new(wait as u32).await;
            }
            if self.turn.try_get_value() != Some(turn) {
                return;
            }
            self.asked_at.set_value(clock::now());
            self.take(turn, None).await;
        });
    }

    /// Reads the next page, if there is one and it is not on its way.
    pub fn read_on(self) {
        if self.reading.get_value() {
            return;
        }
        let Some(cursor) = self.next.get_untracked() else { return };
        let turn = self.turn.get_value();
        self.reading.set_value(true);
        spawn_local(async move {
            self.take(turn, Some(cursor)).await;
            self.reading.try_set_value(false);
        });
    }

    /// Reads a page and shows it, unless something else was asked meanwhile.
    async fn take(self, turn: u32, cursor: Option<String>) {
        let asked = self.asked.get_untracked();
        let answer = page(&asked, cursor.as_deref()).await;
        if self.turn.try_get_value() != Some(turn) {
            return;
        }
        let Some(Page { mut hits, next, missing }) = self.portal.worked(answer, self.failure)
        else {
            self.next.set(None);
            return;
        };
        self.missing.set(missing);
        if !asked.get("pinned").is_empty() {
            hits.retain(|hit| hit.memory.pinned);
        }
        self.fresh.set(false);
        if cursor.is_none() {
            self.at.set(0);
            self.scored.set(!asked.words().is_empty());
            self.items.set(hits);
        } else {
            self.items.update(|items| items.append(&mut hits));
        }
        self.reading.set_value(false);
        self.next.set(next);
    }

    /// Asks how full memory is and what was done last; again and again while a job runs.
    pub fn read_figures(self) {
        spawn_local(async move {
            loop {
                let answer = api::figures().await;
                if !self.is_here() {
                    return;
                }
                let figures = self.portal.worked(answer, self.figures_failure);
                let is_busy = figures.as_ref().is_some_and(Figures::is_busy);
                self.figures.set(figures);
                if !is_busy {
                    return;
                }
                TimeoutFuture::new(JOB_MS).await;
            }
        });
    }
}

async fn page(asked: &Asked, cursor: Option<&str>) -> Answer<Page> {
    if !asked.words().is_empty() {
        let Found { hits, missing } = api::search(asked, HITS).await?;
        return Ok(Page { hits, next: None, missing });
    }
    let list = api::memories(&asked.list(PAGE, cursor)).await?;
    let hits = list.items.into_iter().map(Hit::from).collect();
    Ok(Page { hits, next: list.next_cursor, missing: Vec::new() })
}
