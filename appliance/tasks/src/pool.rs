//! Threads for blocking work: as many as are needed, up to a bound, gone again when idle.
//!
//! First come, first served. A job never waits for another job, or all threads could wait for one
//! that has none. What is waiting when the pool is dropped is still done.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::Builder,
    time::Duration,
};

/// Threads at most. They wait for disks more than they compute; 16 keep a slow one busy.
pub(crate) const THREADS: usize = 16;

/// How long a thread without work stays.
const IDLE: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce() + Send>;

/// The threads.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    come: Condvar,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("threads", &self.state().threads).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    threads: usize,
    idle: usize,
    closed: bool,
}

impl Pool {
    /// Hands `job` to a thread. It must not panic.
    ///
    /// # Errors
    /// The system's own when there is no thread and none can be made; then the job is dropped.
    pub fn give(&self, job: Job) -> io::Result<()> {
        let mut state = self.shared.state();
        state.waiting.push_back(job);
        if state.waiting.len() > state.idle && state.threads < THREADS {
            return self.shared.hire(state);
        }
        drop(state);
        self.shared.come.notify_one();
        Ok(())
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.state().closed = true;
        self.shared.come.notify_all();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one door for blocking work")]
    fn hire(self: &Arc<Self>, mut state: MutexGuard<'_, State>) -> io::Result<()> {
        let shared = Arc::clone(self);
        let hired = Builder::new().name("blocking".to_owned()).spawn(move || shared.work());
        match hired {
            Ok(_) => state.threads += 1,
            // Those that are there will come to it.
            Err(_) if state.threads > 0 => {}
            Err(error) => {
                state.waiting.pop_back();
                return Err(error);
            }
        }
        Ok(())
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            job();
        }
    }

    /// Waits for a job; `None` when the thread may go.
    fn next(&self) -> Option<Job> {
        let mut state = self.state();
        loop {
            if let Some(job) = state.waiting.pop_front() {
                return Some(job);
            }
            if state.closed {
                state.threads -= 1;
                return None;
            }
            state.idle += 1;
            let waited = self.come.wait_timeout(state, IDLE);
            let (back, why) = waited.unwrap_or_else(PoisonError::into_inner);
            state = back;
            state.idle -= 1;
            if why.timed_out() && state.waiting.is_empty() {
                state.threads -= 1;
                return None;
            }
        }
    }
}
