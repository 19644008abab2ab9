//! [`Tasks`]: starts things, catches what they fail with, and waits for them at the end.

use std::{
    future::Future,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread::Builder,
    time::Duration,
};

use futures_util::FutureExt as _;
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use crate::{
    Failed, Figures, Lost, OnCancel, OnError, Outcome, TaskKind,
    failure::words,
    pool::Pool,
    roll::{Ground, Roll},
};

/// The home of tasks; cheap to clone, all clones are one home.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    roll: Arc<Roll>,
    pool: Pool,
    stop: CancellationToken,
    failed: watch::Sender<Option<Failed>>,
}

impl Tasks {
    /// Makes an empty home. Starts no thread until there is blocking work.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a task on the async workers; it runs on whether or not the handle is kept.
    ///
    /// A vital one that ends before the shutdown has failed, whatever it returns.
    pub fn spawn<F>(&self, kind: TaskKind, future: F) -> Task
    where
        F: Future + Send + 'static,
        F::Output: Outcome,
    {
        let seat = self.inner.roll.enter(kind, Ground::Task);
        let (id, home) = (seat.id(), self.clone());
        let run = async move {
            let fault = match AssertUnwindSafe(future).catch_unwind().await {
                Ok(outcome) => outcome.fault().or_else(|| home.ended_early(kind)),
                Err(panic) => Some(words(panic.as_ref())),
            };
            home.note(kind, fault);
            drop(seat);
        };
        #[expect(clippy::disallowed_methods, reason = "this is the one door for tasks")]
        let join = tokio::spawn(run);
        self.inner.roll.abortable(id, join.abort_handle());
        if self.inner.stop.is_cancelled() && kind.on_cancel == OnCancel::Abort {
            join.abort();
        }
        Task { join }
    }

    /// Does work that blocks, on a thread made for that, and returns its result.
    ///
    /// It is done to its end even if nobody waits for it any more. It must not wait for other
    /// blocking work.
    ///
    /// # Errors
    /// [`Lost`] when it panicked, or the system gives no thread.
    pub async fn blocking<T: Send + 'static>(
        &self,
        kind: TaskKind,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Lost> {
        let lost = |why: String| Lost { name: kind.name, why };
        let (tell, told) = oneshot::channel();
        let seat = self.inner.roll.enter(kind, Ground::Job);
        let home = self.clone();
        let job = move || {
            seat.begun();
            let done = catch_unwind(AssertUnwindSafe(work)).map_err(|p| words(p.as_ref()));
            home.note(kind, done.as_ref().err().cloned());
            drop(seat); // before the answer, so that whoever has it finds the roll without it
            let _ = tell.send(done);
        };
        self.inner.pool.give(Box::new(job)).map_err(|why| lost(format!("has no thread: {why}")))?;
        told.await.unwrap_or_else(|_| Err("was dropped".to_owned())).map_err(lost)
    }

    /// Starts a thread of that name, which its owner ends and joins.
    ///
    /// # Errors
    /// The system's own when it gives no thread.
    pub fn thread(
        &self,
        kind: TaskKind,
        work: impl FnOnce() + Send + 'static,
    ) -> io::Result<Thread> {
        let seat = self.inner.roll.enter(kind, Ground::Thread);
        let home = self.clone();
        let run = move || {
            let done = catch_unwind(AssertUnwindSafe(work));
            home.note(kind, done.err().map(|panic| words(panic.as_ref())));
            drop(seat);
        };
        #[expect(clippy::disallowed_methods, reason = "this is the one door for threads")]
        let join = Builder::new().name(kind.name.to_owned()).spawn(run)?;
        Ok(Thread { join })
    }

    /// The word that everything is to end; [`shutdown`](Self::shutdown) gives it.
    #[must_use]
    pub fn stopping(&self) -> CancellationToken {
        self.inner.stop.clone()
    }

    /// Waits until a task of a vital kind has failed.
    pub async fn failed(&self) -> Failed {
        let mut failed = self.inner.failed.subscribe();
        loop {
            let first = failed.borrow_and_update().clone();
            if let Some(first) = first {
                return first;
            }
            // This home holds the sender, so the channel does not close before.
            let _ = failed.changed().await;
        }
    }

    /// Tells everything to end, drops what may be dropped, and waits for the rest.
    ///
    /// Returns the names of what was still running after `within`; threads are not waited for, but
    /// joined by their owners. Blocking work can still be done afterwards.
    pub async fn shutdown(&self, within: Duration) -> Vec<&'static str> {
        self.inner.stop.cancel();
        self.inner.roll.abort_the_abortable();
        if tokio::time::timeout(within, self.inner.roll.empty()).await.is_ok() {
            return Vec::new();
        }
        self.inner.roll.names(|ground| ground != Ground::Thread)
    }

    /// Names everything that runs, threads too; each kind once.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.inner.roll.names(|_| true)
    }

    /// Tells what runs and what has failed.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.inner.roll.figures()
    }

    fn ended_early(&self, kind: TaskKind) -> Option<String> {
        let early = kind.on_error == OnError::EndProcess && !self.inner.stop.is_cancelled();
        early.then(|| "ended before it was told to".to_owned())
    }

    fn note(&self, kind: TaskKind, fault: Option<String>) {
        let Some(why) = fault else { return };
        self.inner.roll.fell(kind, &why);
        tracing::error!(event = "task_failed", task = kind.name, %why, "{} {why}", kind.name);
        if kind.on_error == OnError::EndProcess {
            let failed = Failed { name: kind.name, why };
            self.inner.failed.send_if_modified(|first| {
                let is_first = first.is_none();
                first.get_or_insert(failed);
                is_first
            });
        }
    }
}

/// A started task. Dropping this leaves it running.
#[derive(Debug)]
pub struct Task {
    join: JoinHandle<()>,
}

impl Task {
    /// Drops the task at its next await.
    pub fn abort(&self) {
        self.join.abort();
    }

    /// Waits until it has ended, however; may be asked again.
    pub async fn ended(&mut self) {
        if !self.join.is_finished() {
            let _ = (&mut self.join).await; // its failure was noted where it happened
        }
    }

    /// Tells whether it has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.join.is_finished()
    }

    /// Ties the task to the returned value: dropping that drops the task.
    #[must_use]
    pub fn abort_on_drop(self) -> AbortOnDrop {
        AbortOnDrop(self)
    }
}

/// A task that ends with its owner.
#[derive(Debug)]
pub struct AbortOnDrop(Task);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A started thread. Dropping this leaves it running.
#[derive(Debug)]
pub struct Thread {
    join: std::thread::JoinHandle<()>,
}

impl Thread {
    /// Waits until it has ended; blocks.
    pub fn join(self) {
        let _ = self.join.join(); // its panic was noted where it happened
    }
}
