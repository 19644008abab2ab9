//! Where the maintenance notes how far it is, and whoever asks can read it. Runs nothing.
//!
//! Invariant: a job that is dropped at an await is noted as ended all the same.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use appliance_core::ports::Job;

/// The job that was begun last.
#[derive(Debug, Default)]
pub(crate) struct Board {
    noted: Mutex<Noted>,
}

#[derive(Debug, Default)]
struct Noted {
    maintenance: Option<Job>,
    reindexed_since: bool,
}

impl Board {
    /// Begins the maintenance; it ends when the returned guard is dropped.
    pub(crate) fn begin(self: &Arc<Self>, total: u64) -> Running {
        let job = Job {
            name: super::MAINTENANCE.to_owned(),
            doing: "starting".to_owned(),
            done: 0,
            total,
            ended: false,
        };
        *self.noted() = Noted { maintenance: Some(job), reindexed_since: false };
        Running { board: self.clone(), ending: None }
    }

    /// Notes that the indexes are being built anew.
    pub(super) fn reindexing(&self) {
        self.noted().reindexed_since = true;
    }

    /// Returns the job to show: the one that is running, or was begun last.
    pub(super) fn shown(&self, reindex: Option<Job>) -> Option<Job> {
        let noted = self.noted();
        let maintenance = noted.maintenance.clone();
        let runs = |job: &Option<Job>| job.as_ref().is_some_and(|job| !job.ended);
        let reindex_first = runs(&reindex)
            || (!runs(&maintenance) && (noted.reindexed_since || maintenance.is_none()));
        if reindex_first { reindex.or(maintenance) } else { maintenance }
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A job that is running.
#[derive(Debug)]
pub(crate) struct Running {
    board: Arc<Board>,
    ending: Option<String>,
}

impl Running {
    /// Says what it does now.
    pub(crate) fn does(&self, doing: &str) {
        self.change(|job| doing.clone_into(&mut job.doing));
    }

    /// Counts `more` memories as done.
    pub(crate) fn advance(&self, more: u64) {
        self.change(|job| {
            job.done = job.done.saturating_add(more);
            job.total = job.total.max(job.done);
        });
    }

    /// Ends it with a sentence.
    pub(crate) fn end(mut self, sentence: String) {
        self.change(|job| job.total = job.done);
        self.ending = Some(sentence);
    }

    fn change(&self, change: impl FnOnce(&mut Job)) {
        if let Some(job) = &mut self.board.noted().maintenance {
            change(job);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let ending = self.ending.take().unwrap_or_else(|| "stopped before its end".to_owned());
        self.change(|job| {
            job.doing = ending;
            job.ended = true;
        });
    }
}
