//! The thread around the engine: takes what waits, steps, answers. Decides nothing.
//!
//! Group commit comes by itself: whatever arrives while one commit is on its way to the disk shares
//! the next one.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use appliance_core::{Applied, Batch, StoreError, ports::Rewritten};
use appliance_tasks::{TaskKind, Tasks, Thread};
use tokio::sync::{mpsc, oneshot};

use storage_rules::OP;

use crate::{
    engine::{Engine, Job},
    signs::Signs,
};

/// The thread; without it nothing is written any more.
const RECORDS: TaskKind = TaskKind::new("records").vital();

/// Batches that may wait for the engine; a caller beyond it waits for a place.
const QUEUE: usize = 1024;

/// Batches that share one transaction at most, so that the first need not wait for very many.
const GROUP: usize = 256;

/// What is to be done, and where its answer goes.
enum Asked {
    Batch(Batch, Answer),
    Job(Job, Answer),
    /// The file is to be made anew; the others were after so many purges.
    Rewrite(u64, oneshot::Sender<Result<Rewritten, StoreError>>),
    /// Nothing: the engine looks whether it can mend something.
    Look,
}

type Answer = oneshot::Sender<Result<Applied, StoreError>>;

/// A running writer. Dropping it finishes what waits and joins the thread.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: Mutex<Option<mpsc::Sender<Asked>>>,
    thread: Mutex<Option<Thread>>,
}

impl Writer {
    /// Starts the thread `records`; `signs` can call it, and tell when it is gone.
    pub fn start(engine: Engine, signs: &Arc<Signs>, home: &Tasks) -> io::Result<Self> {
        let (queue, asked) = mpsc::channel(QUEUE);
        let caller = queue.downgrade();
        signs.call_writer_by(move || {
            if let Some(queue) = caller.upgrade() {
                let _ = queue.try_send(Asked::Look); // a full queue is looked through anyway
            }
        });
        let signs = Arc::clone(signs);
        let thread = home.thread(RECORDS, || {
            let _gone = Gone(signs);
            run(engine, asked);
        })?;
        Ok(Self { queue: Mutex::new(Some(queue)), thread: Mutex::new(Some(thread)) })
    }

    /// Hands `batch` to the engine and waits until it is on disk.
    pub async fn apply(&self, batch: Batch) -> Result<Applied, StoreError> {
        self.ask(|answer| Asked::Batch(batch, answer)).await
    }

    /// Hands `job` to the engine, which gives it a transaction, and waits until it is on disk.
    pub async fn run(&self, job: Job) -> Result<Applied, StoreError> {
        self.ask(|answer| Asked::Job(job, answer)).await
    }

    /// Has the engine make the file anew, and waits until it is in its place.
    pub async fn rewrite(&self, seen: u64) -> Result<Rewritten, StoreError> {
        self.ask(|answer| Asked::Rewrite(seen, answer)).await
    }

    async fn ask<T>(
        &self,
        asked: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Asked,
    ) -> Result<T, StoreError> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(queue) = queue else { return Err(closed()) };
        let (answer, answered) = oneshot::channel();
        queue.send(asked(answer)).await.map_err(|_| closed())?;
        drop(queue);
        answered.await.map_err(|_| closed())?
    }

    /// Finishes what waits and joins the thread; later batches are refused.
    pub fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

/// Leaves a sign when the thread ends, however it does.
struct Gone(Arc<Signs>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.note_gone();
    }
}

fn run(mut engine: Engine, mut asked: mpsc::Receiver<Asked>) {
    let mut waiting = Vec::with_capacity(GROUP);
    while asked.blocking_recv_many(&mut waiting, GROUP) > 0 {
        let mut group = Vec::with_capacity(waiting.len());
        for one in waiting.drain(..) {
            match one {
                Asked::Batch(batch, answer) => group.push((batch, answer)),
                Asked::Job(job, answer) => {
                    step(&mut engine, std::mem::take(&mut group)); // what was asked before it
                    let _ = answer.send(engine.run(job)); // the caller may have gone
                }
                Asked::Rewrite(seen, answer) => {
                    step(&mut engine, std::mem::take(&mut group));
                    let _ = answer.send(engine.rewrite(seen));
                }
                Asked::Look => engine.look(),
            }
        }
        step(&mut engine, group);
    }
    engine.look(); // what was taken away in the last moment is put back
}

fn step(engine: &mut Engine, group: Vec<(Batch, Answer)>) {
    if group.is_empty() {
        return;
    }
    let (batches, answers): (Vec<_>, Vec<_>) = group.into_iter().unzip();
    for (answer, applied) in answers.into_iter().zip(engine.step(&batches)) {
        let _ = answer.send(applied); // the caller may have gone
    }
}

fn closed() -> StoreError {
    StoreError::unavailable(OP, "the store is closed")
}
