//! What a person does to memories: shown when it is done, forgetting at once; each with a way back.

use leptos::{prelude::*, task::spawn_local};
use web_dto::{ActionView, MemoryView};

use super::Recall;
use crate::{
    api,
    model::{
        memory::{Hit, words},
        purged,
    },
};

impl Recall {
    /// Forgets a memory; it leaves the list at once and comes back if that fails.
    pub fn forget(self, memory: &MemoryView) {
        let here = |hit: &Hit| hit.memory.id == memory.id;
        let at = self.items.with_untracked(|items| items.iter().position(here));
        if let Some(at) = at {
            let mut hit = None;
            self.items.update(|items| hit = Some(items.remove(at)));
            self.gone.update_value(|gone| gone.extend(hit.map(|hit| (at, hit))));
            let last = self.items.with_untracked(Vec::len).saturating_sub(1);
            self.at.update(|at| *at = last.min(*at));
        }
        if self.opened.with_untracked(|opened| opened.as_ref().is_some_and(here)) {
            self.close();
        }
        self.act(format!("{}/forget", memory.id), String::new());
    }

    /// Deletes a memory for good, with its traces.
    pub fn purge(self, memory: &MemoryView) {
        let id = memory.id.clone();
        spawn_local(async move {
            match api::purge_memory(&id).await {
                Ok(gone) => {
                    self.portal.ui.say(purged("The memory", &gone, 1));
                    self.portal.read_anew();
                    if self.is_here() {
                        self.close();
                        self.begin();
                        self.read_figures();
                    }
                }
                Err(failure) => self.portal.ui.say(failure.line()),
            }
        });
    }

    /// Keeps a memory out of eviction and archive, or no longer.
    pub fn pin(self, memory: &MemoryView) {
        let body = format!(r#"{{"pinned":{}}}"#, !memory.pinned);
        self.act(format!("{}/pin", memory.id), body);
    }

    /// Puts what is so in the place of what a memory says.
    pub fn correct(self, id: &str, text: &str) {
        self.act(format!("{id}/correct"), quoted("text", text));
    }

    /// Takes a deed back; the newest one without `id`.
    pub fn undo(self, id: &str) {
        let body = if id.is_empty() { "{}".to_owned() } else { quoted("action_id", id) };
        self.act("undo".to_owned(), body);
    }

    /// Remembers a note and opens it.
    pub fn remember(self, text: String) {
        if text.trim().is_empty() {
            return;
        }
        spawn_local(async move {
            match api::remember(text).await {
                Ok(kept) => {
                    let known = kept.known.first() == Some(&true);
                    let words = if known { "That was remembered already." } else { "Remembered." };
                    self.portal.ui.say(words);
                    if self.is_here() {
                        self.begin();
                        self.read_figures();
                        self.look_up(kept.ids.into_iter().next().unwrap_or_default());
                    }
                }
                Err(failure) => self.portal.ui.say(failure.line()),
            }
        });
    }

    /// Opens a memory by its id: a new one, one that took another's place, one that is back.
    pub fn look_up(self, id: String) {
        spawn_local(async move {
            let answer = api::memory(&id).await;
            match answer {
                Ok(memory) if self.is_here() => self.show(Some(memory.into())),
                Ok(_) => {}
                Err(failure) => self.portal.ui.say(failure.line()),
            }
        });
    }

    /// Builds every vector anew.
    pub fn rebuild(self) {
        self.rebuilding.set(false);
        spawn_local(async move {
            match api::reindex().await {
                Ok(()) if self.is_here() => self.read_figures(),
                Ok(()) => {}
                Err(failure) => self.portal.ui.say(failure.line()),
            }
        });
    }

    /// Does a deed, which `path` names, and shows what came of it.
    fn act(self, path: String, body: String) {
        spawn_local(async move {
            let done = api::deed(&path, body).await;
            if let Ok(action) = &done {
                self.say_done(action);
            }
            let here = self.is_here();
            match done {
                Ok(action) if here => self.happened(&action),
                Ok(_) => {}
                Err(failure) => {
                    self.portal.session.notice(&failure);
                    self.portal.ui.say(failure.line());
                    // What left the list before its time.
                    if here && let Some(id) = path.strip_suffix("/forget") {
                        self.bring_back(id);
                    }
                }
            }
        });
    }

    /// Says what was done, with a way back.
    fn say_done(self, action: &ActionView) {
        let said = words::deed(action);
        if action.undone_at.is_some() {
            return self.portal.ui.say(format!("Undone: {said}."));
        }
        let id = action.id.clone();
        let undo = Callback::new(move |()| self.undo(&id));
        self.portal.ui.say_undo(format!("{said}."), undo);
    }

    /// Shows what a deed, or taking it back, has changed.
    fn happened(self, action: &ActionView) {
        let undone = action.undone_at.is_some();
        let first = action.memory_ids.first().map_or("", String::as_str);
        match (action.deed.as_str(), &action.replacement) {
            ("forget", _) if !undone => {}
            ("forget", _) => {
                if !action.memory_ids.iter().all(|id| self.bring_back(id)) {
                    self.begin();
                }
            }
            ("correct", Some(memory)) if !undone => {
                self.correcting.set(false);
                self.change(first, |hit| memory.clone_into(&mut hit.memory));
            }
            ("correct", replacement) => {
                let wrong = replacement.as_ref().map(|memory| memory.id.as_str());
                let opened =
                    self.opened.with_untracked(|o| o.as_ref().map(|o| o.memory.id.clone()));
                if opened.is_some() && opened.as_deref() == wrong {
                    self.look_up(first.to_owned());
                }
                self.begin();
            }
            (deed, _) => self.change(first, |hit| hit.memory.pinned = (deed == "pin") != undone),
        }
        self.read_figures();
    }

    /// Changes a memory wherever it is shown.
    fn change(self, id: &str, change: impl Fn(&mut Hit)) {
        self.items.update(|items| {
            items.iter_mut().filter(|hit| hit.memory.id == id).for_each(&change);
        });
        self.opened.update(|opened| {
            opened.iter_mut().filter(|hit| hit.memory.id == id).for_each(&change);
        });
    }

    /// Puts a memory that was forgotten here back into its row; says whether it was.
    fn bring_back(self, id: &str) -> bool {
        let mut found = None;
        self.gone.update_value(|gone| {
            let at = gone.iter().position(|(_, hit)| hit.memory.id == id);
            found = at.map(|at| gone.remove(at));
        });
        let Some((at, hit)) = found else { return false };
        self.items.update(|items| items.insert(at.min(items.len()), hit));
        self.at.set(at);
        true
    }
}

/// A body of one text.
fn quoted(name: &str, text: &str) -> String {
    format!(r#"{{"{name}":{}}}"#, serde_json::to_string(text).unwrap_or_default())
}
