//! Where the maintenance notes how far it is, whoever asks can read it, and a run is wished for. Runs
//! nothing.
//!
//! Invariant: a job that is dropped at an await is noted as ended all the same.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use appliance_core::ports::Job;
use tokio::sync::Notify;

/// The job that was begun last.
#[derive(Debug, Default)]
pub(crate) struct Board {
    noted: Mutex<Noted>,
    wish: Notify,
}

#[derive(Debug, Default)]
struct Noted {
    maintenance: Option<Job>,
    reindexed_since: bool,
}

impl Board {
    /// Wishes for a run of the maintenance at once; `None` while one has not ended.
    pub(super) fn want(&self) -> Option<Job> {
        let mut noted = self.noted();
        if noted.maintenance.as_ref().is_some_and(Job::runs) {
            return None;
        }
        let job = job(0, "about to begin");
        *noted = Noted { maintenance: Some(job.clone()), reindexed_since: false };
        drop(noted);
        self.wish.notify_one();
        Some(job)
    }

    /// Tells whether a run has not ended.
    pub(super) fn is_busy(&self) -> bool {
        self.noted().maintenance.as_ref().is_some_and(Job::runs)
    }

    /// Returns the run that was wished for or begun last.
    pub(super) fn last(&self) -> Option<Job> {
        self.noted().maintenance.clone()
    }

    /// Returns once a run is wished for.
    pub(crate) async fn wanted(&self) {
        self.wish.notified().await;
    }

    /// Begins the maintenance; it ends when the returned guard is dropped.
    pub(crate) fn begin(self: &Arc<Self>, total: u64) -> Running {
        let begun = Some(job(total, "starting"));
        *self.noted() = Noted { maintenance: begun, reindexed_since: false };
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
        let runs = |job: &Option<Job>| job.as_ref().is_some_and(Job::runs);
        let reindex_first = runs(&reindex)
            || (!runs(&maintenance) && (noted.reindexed_since || maintenance.is_none()));
        if reindex_first { reindex.or(maintenance) } else { maintenance }
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn job(total: u64, doing: &str) -> Job {
    let (name, doing) = (super::MAINTENANCE.to_owned(), doing.to_owned());
    Job { name, doing, done: 0, total, ended: false, failed: false }
}

/// A job that is running.
#[derive(Debug)]
pub(crate) struct Running {
    board: Arc<Board>,
    ending: Option<(String, bool)>,
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

    /// Ends it with a sentence; `whole` whether all of it was done.
    pub(crate) fn end(mut self, sentence: String, whole: bool) {
        self.change(|job| job.total = job.done);
        self.ending = Some((sentence, whole));
    }

    fn change(&self, change: impl FnOnce(&mut Job)) {
        if let Some(job) = &mut self.board.noted().maintenance {
            change(job);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let stopped = || ("stopped before its end".to_owned(), false);
        let (ending, whole) = self.ending.take().unwrap_or_else(stopped);
        self.change(|job| {
            job.doing = ending;
            (job.ended, job.failed) = (true, !whole);
        });
    }
}
