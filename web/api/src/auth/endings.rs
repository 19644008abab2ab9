//! Logins that have ended although the store could not write it down: they are dead at once, and
//! their end is written as soon as the store takes it. The last resort, behind the store's reserve.
//!
//! Kept in memory alone, so that whoever ends a login here has to say that a restart before then
//! would bring it back. Writes only when it is asked to settle.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use appliance_core::{Batch, IdMint, SessionId, ports::Records};

/// Shortest time between two tries to write.
const TRY_EVERY: Duration = Duration::from_secs(2);

/// The ended logins and what is still to be written of each.
#[derive(Debug, Default)]
pub(crate) struct Endings {
    unwritten: Mutex<HashMap<SessionId, Batch>>,
    any: AtomicBool,
    tried_ms: AtomicU64,
}

impl Endings {
    /// Ends a login whose end, `batch`, could not be written.
    pub(crate) fn remember(&self, id: SessionId, batch: Batch) {
        self.unwritten().insert(id, batch);
        self.any.store(true, Ordering::Release);
    }

    /// Tells whether a login has ended here.
    pub(crate) fn ended(&self, id: SessionId) -> bool {
        self.any.load(Ordering::Acquire) && self.unwritten().contains_key(&id)
    }

    /// Writes what is still to be written, if there is anything and it is time to try again.
    pub(crate) async fn settle(&self, records: &dyn Records, mint: &IdMint) {
        if !self.any.load(Ordering::Acquire) || !self.is_time(mint) {
            return;
        }
        let due: Vec<(SessionId, Batch)> =
            self.unwritten().iter().map(|(id, batch)| (*id, batch.clone())).collect();
        for (id, batch) in due {
            if records.apply(batch).await.is_err() {
                return;
            }
            self.forget(id);
            tracing::info!(session = %id, event = "logout.written", "a logout was written late");
        }
    }

    fn is_time(&self, mint: &IdMint) -> bool {
        let now = u64::try_from(mint.clock().monotonic().0.as_millis()).unwrap_or(u64::MAX);
        let every = u64::try_from(TRY_EVERY.as_millis()).unwrap_or(u64::MAX);
        let next =
            |last: u64| (last == 0 || now.saturating_sub(last) >= every).then_some(now.max(1));
        self.tried_ms.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }

    fn forget(&self, id: SessionId) {
        let mut unwritten = self.unwritten();
        unwritten.remove(&id);
        self.any.store(!unwritten.is_empty(), Ordering::Release);
    }

    fn unwritten(&self) -> MutexGuard<'_, HashMap<SessionId, Batch>> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
