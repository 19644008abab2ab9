//! The open conversation: opening, reading on, and what the feed tells about it.
//!
//! The thread itself is plain data; [`Portal::show`] copies what changed into one signal a message,
//! so that a word of one answer redraws that answer alone, however long the thread is.

use leptos::{prelude::*, task::spawn_local};
use web_dto::{Channel, CitationView, ClientPayload, MessageList, ServerFrame};

use super::Portal;
use crate::{
    api,
    model::{Bubble, Folded, Thread},
};

impl Portal {
    /// Opens the conversation `id`, or an empty page for a new one.
    pub fn open(self, id: Option<String>) {
        let id = id.unwrap_or_default();
        let before = self.open_id.get_untracked();
        if before == id {
            return;
        }
        self.subscribe_talk("unsubscribe", &before);
        self.forget_talk();
        self.open_id.set(id.clone());
        self.draft.set(self.kept_draft(&id));
        if id.is_empty() {
            self.begin_blank();
            return self.show_unsent(&id);
        }
        self.thread.set_value(Thread::opening(&id));
        self.show_unsent(&id);
        self.show();
        self.subscribe_talk("subscribe", &id);
        self.fetch(id);
    }

    /// Reads the open conversation once more after it could not be read.
    pub fn reopen(self) {
        self.broken.set(None);
        self.fetch(self.open_id.get_untracked());
    }

    /// Reads the open conversation anew from its beginning: something in it was deleted.
    pub fn read_anew(self) {
        let id = self.open_id.get_untracked();
        self.open(None);
        self.open(Some(id));
    }

    /// The signal of one message.
    pub fn bubble(self, id: &str) -> Option<ArcRwSignal<Bubble>> {
        self.bubbles.with_value(|bubbles| bubbles.get(id).cloned())
    }

    /// Every memory the conversation used as far as it was read, each once, the newest first.
    pub fn used_memories(self) -> Vec<CitationView> {
        let mut used: Vec<CitationView> = Vec::new();
        self.thread(|thread| {
            for citation in thread.bubbles.iter().rev().flat_map(|bubble| &bubble.citations) {
                if !used.iter().any(|known| known.memory_id == citation.memory_id) {
                    used.push(citation.clone());
                }
            }
        });
        used
    }

    /// Gets the page before the oldest message.
    pub fn load_older(self) {
        let (id, before) = self.thread.with_value(|t| (t.conversation_id.clone(), t.older.clone()));
        let Some(before) = before.filter(|_| !self.getting_older.get_untracked()) else { return };
        self.getting_older.set(true);
        spawn_local(async move {
            let answer = api::messages_before(&id, &before).await;
            let page = self.worked(answer, self.failure);
            // A thread that was read anew meanwhile begins elsewhere: this page would leave a hole.
            let fits =
                self.thread(|t| t.conversation_id == id && t.older.as_ref() == Some(&before));
            if let Some(page) = page.filter(|_| fits) {
                let added = self.prepend(page);
                self.pages.update(|pages| pages.push(added));
                self.show();
            }
            self.getting_older.set(false);
        });
    }

    /// Puts an older page into the thread; returns the ids it brought.
    fn prepend(self, page: MessageList) -> Vec<String> {
        let before = self.thread(|t| t.bubbles.len());
        self.thread.update_value(|thread| thread.prepend(page));
        self.thread(|t| {
            let added = t.bubbles.len() - before;
            t.bubbles[..added].iter().map(|b| b.id.clone()).collect()
        })
    }

    /// Subscribes again after the line was broken, and reads what could not be read meanwhile.
    pub(super) fn resume_talk(self) {
        let id = self.open_id.get_untracked();
        self.subscribe_talk("subscribe", &id);
        if self.thread.with_value(Thread::is_fetching) && !id.is_empty() {
            self.reopen();
        }
    }

    /// Folds a frame into the conversation.
    pub(super) fn fold(self, frame: &ServerFrame) {
        let mut folded = Folded::Same;
        self.thread.update_value(|thread| folded = thread.fold(frame));
        // Frames that change nothing must not redraw the page.
        if folded != Folded::Same {
            self.show();
        }
        self.after(folded);
    }

    /// Changes the thread and shows it.
    pub(super) fn change(self, change: impl FnOnce(&mut Thread)) {
        self.thread.update_value(change);
        self.show();
    }

    /// Gives answers that are to come their places.
    pub(super) fn await_all(self, answers: Vec<(String, String)>) {
        let mut news = false;
        self.thread.update_value(|thread| news = thread.await_all(answers));
        if news {
            self.show();
        }
    }

    /// Reads a thread's fact.
    pub(super) fn thread<T>(self, read: impl FnOnce(&Thread) -> T) -> T {
        self.thread.with_value(read)
    }

    pub(super) fn fetch(self, id: String) {
        spawn_local(async move {
            let answer = api::messages(&id).await;
            if self.open_id.get_untracked() != id {
                return;
            }
            let Some(page) = self.worked(answer, self.broken) else {
                return self.loading.set(false);
            };
            let mut folded = Folded::Same;
            self.change(|thread| {
                if thread.conversation_id == id {
                    folded = thread.load(page);
                }
            });
            self.after(folded);
            self.await_answers();
            self.look_up_title(&id);
        });
    }

    pub(super) fn subscribe_talk(self, kind: &str, id: &str) {
        if id.is_empty() {
            return;
        }
        let place = self.thread.with_value(|t| (t.conversation_id == id).then(|| t.place()));
        let payload = ClientPayload {
            channel: Some(Channel::Conversation),
            conversation_id: Some(id.to_owned()),
            resume_from: place.flatten().filter(|_| kind == "subscribe"),
            ..Default::default()
        };
        self.feed.send(kind, payload);
    }

    /// Empties the page.
    pub(super) fn forget_talk(self) {
        self.thread.set_value(Thread::default());
        self.open_view.set(None);
        self.broken.set(None);
        self.failure.set(None);
        self.show();
    }

    fn after(self, folded: Folded) {
        match folded {
            Folded::Refetch => {
                self.fetch(self.thread.with_value(|t| t.conversation_id.clone()));
            }
            Folded::Finished => {
                self.announce_answer();
                self.refresh_shelf();
            }
            Folded::Changed | Folded::Same => {}
        }
    }

    /// Copies what changed in the thread into the signals of the page.
    fn show(self) {
        let ids = self.thread.with_value(|thread| {
            self.bubbles.update_value(|signals| {
                for bubble in &thread.bubbles {
                    match signals.get(&bubble.id) {
                        Some(signal) if *signal.read_untracked() == *bubble => {}
                        Some(signal) => signal.set(bubble.clone()),
                        None => {
                            let signal = ArcRwSignal::new(bubble.clone());
                            _ = signals.insert(bubble.id.clone(), signal);
                        }
                    }
                }
                if signals.len() > thread.bubbles.len() * 2 + 16 {
                    signals.retain(|id, _| thread.bubbles.iter().any(|b| b.id == *id));
                }
            });
            set_if_new(self.loading, thread.is_loading());
            set_if_new(self.busy, thread.is_busy());
            set_if_new(self.has_older, thread.older.is_some());
            let newest = &thread.bubbles[self.in_pages(thread)..];
            let same = self.ids.with_untracked(|ids| {
                ids.len() == newest.len()
                    && ids.iter().zip(newest).all(|(id, bubble)| *id == bubble.id)
            });
            (!same).then(|| newest.iter().map(|b| b.id.clone()).collect::<Vec<_>>())
        });
        if let Some(ids) = ids {
            self.ids.set(ids);
        }
        self.announce_writer();
    }
}

impl Portal {
    /// How many messages at the thread's beginning stand in pages; a thread that was read anew from
    /// its end has none.
    fn in_pages(self, thread: &Thread) -> usize {
        let (count, fits) = self.pages.with_untracked(|pages| {
            let ids = pages.iter().rev().flatten();
            let mut bubbles = thread.bubbles.iter();
            let fits = ids.clone().all(|id| bubbles.next().is_some_and(|b| b.id == *id));
            (ids.count(), fits)
        });
        if fits {
            return count;
        }
        self.pages.set(Vec::new());
        0
    }
}

fn set_if_new(signal: RwSignal<bool>, value: bool) {
    if signal.get_untracked() != value {
        signal.set(value);
    }
}
