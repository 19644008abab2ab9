//! What the tasks in hand were given of memory: what was recalled for them, so that it is not remembered
//! again as something new, and what their deeds were told by, which their answers quote.
//!
//! In memory, for the last few hundred tasks: after a restart a task that was cut off recalls anew, and
//! asks for its deeds anew, which tells them again. Searches nothing.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use appliance_core::{MemoryHit, MemoryId, Task, TaskId};
use appliance_phrases::form::Form;

/// Messages for which it is kept.
const KEPT: usize = 256;

/// What was given, by the task of the person's message.
#[derive(Debug, Default)]
pub(super) struct Recalled(Mutex<VecDeque<(TaskId, Given)>>);

/// What a task was given.
#[derive(Debug, Default)]
struct Given {
    hits: Vec<MemoryHit>,
    told: Vec<MemoryId>,
}

impl Recalled {
    /// Notes what was found for a task or a part of it.
    pub(super) fn note(&self, task: &Task, hits: &[MemoryHit]) {
        self.give(task, |given| given.hits.extend_from_slice(hits));
    }

    /// Notes memories whose texts the answer to a task is told by.
    pub(super) fn tell(&self, task: &Task, ids: impl IntoIterator<Item = MemoryId>) {
        self.give(task, |given| given.told.extend(ids));
    }

    fn give(&self, task: &Task, more: impl FnOnce(&mut Given)) {
        let mut kept = self.lock();
        let root = root(task);
        if let Some((_, given)) = kept.iter_mut().find(|(id, _)| *id == root) {
            return more(given);
        }
        if kept.len() == KEPT {
            kept.pop_front();
        }
        let mut given = Given::default();
        more(&mut given);
        kept.push_back((root, given));
    }

    /// Returns the memory recalled for the task that says the same as `text`.
    pub(super) fn with_text(&self, task: &Task, text: &str) -> Option<MemoryId> {
        let form = Form::NEWEST.of(text);
        let same = |hit: &&MemoryHit| Form::NEWEST.of(&hit.memory.text) == form;
        self.of(task).iter().find(same).map(|hit| hit.memory.id)
    }

    /// Returns what was recalled for the task, each memory once.
    pub(super) fn of(&self, task: &Task) -> Vec<MemoryHit> {
        let kept = self.lock();
        let given = kept.iter().find(|(id, _)| *id == root(task)).map(|(_, given)| given);
        let mut found: Vec<MemoryHit> = Vec::new();
        for hit in given.map(|given| given.hits.as_slice()).unwrap_or_default() {
            if !found.iter().any(|known| known.memory.id == hit.memory.id) {
                found.push(hit.clone());
            }
        }
        found
    }

    /// Returns the memories that the answer to a task is told by.
    pub(super) fn told(&self, task: &Task) -> Vec<MemoryId> {
        let kept = self.lock();
        let given = kept.iter().find(|(id, _)| *id == root(task));
        given.map(|(_, given)| given.told.clone()).unwrap_or_default()
    }

    /// Lets go of what a task was given that has ended.
    pub(super) fn drop_of(&self, task: &Task) {
        self.lock().retain(|(id, _)| *id != root(task));
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(TaskId, Given)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn root(task: &Task) -> TaskId {
    task.parent_task_id.unwrap_or(task.id)
}
