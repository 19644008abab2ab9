//! The tasks behind the messages: reading them, and calling an answer off.

use leptos::{prelude::*, task::spawn_local};
use web_dto::TaskView;

use super::Portal;
use crate::{api, clock, model::Folded};

impl Portal {
    /// Reads the newest tasks.
    pub fn refresh_tasks(self) {
        spawn_local(async move {
            if let Ok(list) = api::tasks().await {
                self.note_tasks(&list.items);
                self.await_answers();
            }
        });
    }

    /// Takes in tasks as they are told now, the newest first.
    fn note_tasks(self, tasks: &[TaskView]) {
        let now = clock::now() as u64;
        // Oldest first, as they were made.
        self.board.update(|board| tasks.iter().rev().for_each(|task| board.load(task, now)));
    }

    /// Shows the places of answers that are still to come, also of what was asked elsewhere or before
    /// a reload.
    pub(super) fn await_answers(self) {
        let here = self.open_id.get_untracked();
        let answers = self.board.with_untracked(|board| board.awaited(&here));
        if !answers.is_empty() && self.thread(|t| t.conversation_id == here) {
            self.await_all(answers);
        }
    }

    /// Reads one task with its parts, for an answer older than the list.
    pub fn look_up_task(self, id: String) {
        spawn_local(async move {
            if let Ok(task) = api::task(&id).await {
                self.note_tasks(&[task]);
            }
        });
    }

    /// Calls off whatever is being answered in the open conversation; the text so far stays.
    pub fn stop(self) {
        if !self.busy.get_untracked() {
            return;
        }
        spawn_local(async move {
            let conversation = self.open_id.get_untracked();
            for task in self.tasks_to_stop(&conversation).await {
                match api::cancel(&task).await {
                    Ok(view) => self.note_tasks(&[view]),
                    Err(failure) => self.ui.say(failure.line()),
                }
            }
            // The feed tells it too; without one the page must not go on waiting.
            if !self.feed.online.get_untracked() {
                self.change(|thread| _ = matches!(thread.refetch(), Folded::Refetch));
                self.fetch(conversation);
            }
        });
    }

    async fn tasks_to_stop(self, conversation: &str) -> Vec<String> {
        let known = self.board.with_untracked(|board| board.to_stop(conversation));
        if !known.is_empty() {
            return known;
        }
        if let Ok(list) = api::tasks().await {
            self.note_tasks(&list.items);
        }
        self.board.with_untracked(|board| board.to_stop(conversation))
    }
}
