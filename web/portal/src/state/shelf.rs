//! The list of conversations: reading it, renaming, putting away and bringing back.

use leptos::{prelude::*, task::spawn_local};
use web_dto::{ConversationPatch, ConversationView, TaskUpdatePayload};

use super::Portal;
use crate::{api, model::Page};

/// Pages read at most when a search wants the whole list.
const MOST_PAGES: usize = 20;

impl Portal {
    /// Reads the first page of the list.
    pub fn refresh_shelf(self) {
        spawn_local(async move {
            let archived = self.archived.get_untracked();
            let answer = api::conversations(status(archived), None).await;
            let Some(list) = self.worked(answer, self.shelf_failure) else { return };
            if self.archived.get_untracked() != archived {
                return;
            }
            // What was read beyond the first page stays below it.
            let mut items = list.items;
            self.shelf.with_untracked(|old| {
                let old = old.as_deref().unwrap_or_default().iter().skip(items.len());
                let fresh = old.filter(|o| !items.iter().any(|i| i.id == o.id)).cloned();
                let fresh: Vec<_> = fresh.collect();
                if list.next_cursor.is_some() {
                    items.extend(fresh);
                }
            });
            self.shelf.set(Some(items));
            if self.shelf_next.with_untracked(Option::is_none) || list.next_cursor.is_none() {
                self.shelf_next.set(list.next_cursor);
            }
        });
    }

    /// Reads the list anew when a conversation that it does not have is talked in, or one has come to
    /// an end: it may have been begun on the command line or in another tab.
    pub(super) fn note_talk(self, update: &TaskUpdatePayload) {
        if update.parent_task_id.is_some() || self.archived.get_untracked() {
            return;
        }
        let listed = self.shelf.with_untracked(|shelf| {
            let same = |c: &ConversationView| c.id == update.conversation_id;
            shelf.as_ref().is_some_and(|shelf| shelf.iter().any(same))
        });
        let ended = matches!(update.status.as_str(), "completed" | "failed" | "cancelled");
        if !listed || ended {
            self.refresh_shelf();
        }
    }

    /// Shows the active or the archived conversations.
    pub fn show_archived(self, archived: bool) {
        self.archived.set(archived);
        self.shelf.set(None);
        self.shelf_next.set(None);
        self.refresh_shelf();
    }

    /// Reads on; to the end of the list when `all`, for a search in the titles.
    pub fn read_on(self, all: bool) {
        spawn_local(async move {
            for _ in 0..if all { MOST_PAGES } else { 1 } {
                let Some(cursor) = self.shelf_next.get_untracked() else { return };
                let answer =
                    api::conversations(status(self.archived.get_untracked()), Some(&cursor)).await;
                let Some(list) = self.worked(answer, self.shelf_failure) else { return };
                self.shelf.update(|shelf| {
                    let shelf = shelf.get_or_insert_default();
                    let known: std::collections::HashSet<_> =
                        shelf.iter().map(|c| c.id.clone()).collect();
                    shelf.extend(list.items.into_iter().filter(|c| !known.contains(&c.id)));
                });
                self.shelf_next.set(list.next_cursor);
            }
        });
    }

    /// The open conversation as the list or the server has it.
    pub fn opened(self) -> Option<ConversationView> {
        let id = self.open_id.get();
        let listed = self
            .shelf
            .with(|shelf| shelf.as_ref().and_then(|s| s.iter().find(|c| c.id == id).cloned()));
        listed.or_else(|| self.open_view.get().filter(|view| view.id == id))
    }

    /// Asks for the open conversation's title if the list does not have it.
    pub(super) fn look_up_title(self, id: &str) {
        let listed = self
            .shelf
            .with_untracked(|s| s.as_ref().is_some_and(|s| s.iter().any(|c| c.id == *id)));
        if listed {
            return;
        }
        let id = id.to_owned();
        spawn_local(async move {
            if let Ok(view) = api::conversation(&id).await {
                self.open_view.set(Some(view));
            }
        });
    }

    /// Gives a conversation another title.
    pub fn rename(self, id: String, title: String) {
        let patch = ConversationPatch { title: Some(title), status: None };
        spawn_local(async move {
            match api::change(&id, &patch).await {
                Ok(view) => self.put_on_shelf(view),
                Err(failure) => self.ui.say(failure.line()),
            }
        });
    }

    /// Puts a conversation away; a toast brings it back.
    pub fn archive(self, id: String) {
        let patch = ConversationPatch { title: None, status: Some("archived".to_owned()) };
        spawn_local(async move {
            match api::change(&id, &patch).await {
                Ok(view) => {
                    self.leave(&view.id);
                    let title = view.title.unwrap_or_else(|| "The conversation".to_owned());
                    let undo = Callback::new(move |()| self.bring_back(id.clone()));
                    self.ui.say_undo(format!("Archived: {title}"), undo);
                    self.refresh_shelf();
                }
                Err(failure) => self.ui.say(failure.line()),
            }
        });
    }

    /// Brings an archived conversation back and opens it.
    pub fn bring_back(self, id: String) {
        let patch = ConversationPatch { title: None, status: Some("active".to_owned()) };
        spawn_local(async move {
            match api::change(&id, &patch).await {
                Ok(view) => {
                    self.ui.toast.set(None);
                    self.open_view.set(Some(view));
                    self.archived.set(false);
                    self.shelf.set(None);
                    self.refresh_shelf();
                    self.place.go(Page::Chat(Some(id)));
                }
                Err(failure) => self.ui.say(failure.line()),
            }
        });
    }

    /// Takes a conversation out of sight.
    pub(super) fn leave(self, id: &str) {
        self.shelf.update(|shelf| {
            if let Some(shelf) = shelf {
                shelf.retain(|c| c.id != id);
            }
        });
        if self.open_id.get_untracked() == id {
            self.place.go(Page::Chat(None));
        }
    }

    fn put_on_shelf(self, view: ConversationView) {
        self.shelf.update(|shelf| {
            let listed = shelf.as_mut().and_then(|s| s.iter_mut().find(|c| c.id == view.id));
            if let Some(listed) = listed {
                *listed = view.clone();
            }
        });
        self.open_view.set(Some(view));
    }
}

fn status(archived: bool) -> &'static str {
    if archived { "archived" } else { "active" }
}
