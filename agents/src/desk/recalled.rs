//! What was recalled for the tasks in hand, so that it is not remembered again as something new.
//!
//! In memory, for the last few hundred tasks: after a restart a task that was cut off recalls anew.
//! Searches nothing.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use appliance_core::{MemoryHit, MemoryId, Task, TaskId};
use appliance_phrases::form::Form;

/// Messages whose recalls are kept.
const KEPT: usize = 256;

/// The recalls, by the task of the person's message.
#[derive(Debug, Default)]
pub(super) struct Recalled(Mutex<VecDeque<(TaskId, Vec<MemoryHit>)>>);

impl Recalled {
    /// Notes what was found for a task or a part of it.
    pub(super) fn note(&self, task: &Task, hits: &[MemoryHit]) {
        let mut kept = self.lock();
        let root = root(task);
        if let Some((_, known)) = kept.iter_mut().find(|(id, _)| *id == root) {
            known.extend_from_slice(hits);
            return;
        }
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((root, hits.to_vec()));
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
        let hits = kept.iter().find(|(id, _)| *id == root(task)).map(|(_, hits)| hits.as_slice());
        let mut found: Vec<MemoryHit> = Vec::new();
        for hit in hits.unwrap_or_default() {
            if !found.iter().any(|known| known.memory.id == hit.memory.id) {
                found.push(hit.clone());
            }
        }
        found
    }

    /// Lets go of what was recalled for a task that has ended.
    pub(super) fn drop_of(&self, task: &Task) {
        self.lock().retain(|(id, _)| *id != root(task));
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(TaskId, Vec<MemoryHit>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn root(task: &Task) -> TaskId {
    task.parent_task_id.unwrap_or(task.id)
}
