//! The port [`Streams`] over the store: pick in memory, commit the count, then hand out.
//!
//! An entry is claimed under the lock, its raised count is committed together with the attached
//! writes, and only then does the taker get it; a failure or a dropped future frees the claim.

use std::{sync::Arc, time::Duration};

use appliance_core::{
    Batch, Delivery, ErrorKind, Incarnation, Monotonic, StoreError, StreamName, Write,
    bus::{HOLD, LEASE},
    desk::Lease,
    ports::{Attach, Records as _, Streams, Take},
};
use async_trait::async_trait;
use storage_rules::{
    bus::{
        Spot,
        lines::{Look, Picked},
        tables,
    },
    tasks::wait_left,
};
use tokio::time::{Instant, sleep_until};

use crate::{Store, shared::Shared};

/// How long a waiting taker sleeps at most before it looks again: leases run on the given clock,
/// which need not be the one that timers run on.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Entries that may slip away from one call (acknowledged between pick and commit) before it gives
/// up; more in a row means that memory and file disagree.
const MOST_SLIPS: u32 = 64;

#[async_trait]
impl Streams for Store {
    async fn take(&self, take: Take, attach: Attach) -> Result<Option<Delivery>, StoreError> {
        let deadline = Instant::now() + take.wait;
        let shared = self.shared();
        let mut slips = 0;
        loop {
            let bell = shared.bus.bell.notified();
            tokio::pin!(bell);
            bell.as_mut().enable();
            if shared.bus.is_closed() {
                return Err(StoreError::unavailable(OP, "the store is closed"));
            }
            let now = shared.clock.monotonic();
            let look = shared.bus.lines().pick(take.taker, &take.streams, &take.group, now);
            let from = match look {
                Look::Picked(picked) => match self.hand_out(picked, &attach).await? {
                    HandedOut::To(delivery) => return Ok(Some(delivery)),
                    HandedOut::Released => return Ok(None),
                    HandedOut::Waits => continue,
                    HandedOut::Slipped(_) if slips < MOST_SLIPS => {
                        slips += 1;
                        continue;
                    }
                    HandedOut::Slipped(conflict) => return Err(conflict),
                },
                Look::Nothing(from) => from,
            };
            if Instant::now() >= deadline {
                return Ok(None);
            }
            let nap = from.map_or(LOOK_AGAIN, |from| from.since(now).min(LOOK_AGAIN));
            let nap = nap.max(Duration::from_millis(1));
            tokio::select! {
                () = bell => {}
                () = sleep_until(deadline.min(Instant::now() + nap)) => {}
            }
        }
    }

    async fn renew(
        &self,
        taker: Incarnation,
        stream: &StreamName,
        group: &str,
        seq: u64,
    ) -> Result<bool, StoreError> {
        let shared = self.shared();
        let now = shared.clock.monotonic();
        Ok(shared.bus.lines().renew(taker, &spot(stream, group, seq), now, now.plus(LEASE)))
    }

    fn holds(&self, taker: Incarnation, stream: &StreamName, group: &str, seq: u64) -> bool {
        let shared = self.shared();
        shared.bus.lines().holds(taker, &spot(stream, group, seq), shared.clock.monotonic())
    }

    async fn give_back(
        &self,
        taker: Incarnation,
        stream: &StreamName,
        group: &str,
        seq: u64,
        delay: Duration,
    ) -> Result<(), StoreError> {
        let shared = self.shared();
        let now = shared.clock.monotonic();
        let at = spot(stream, group, seq);
        if shared.bus.lines().give_back(taker, &at, now, now.plus(delay)) {
            shared.bus.ring();
        }
        Ok(())
    }

    async fn release(&self, taker: Incarnation) -> Result<(), StoreError> {
        self.shared().bus.lines().release(taker);
        self.shared().bus.ring();
        Ok(())
    }

    async fn release_others(
        &self,
        taker: Incarnation,
        group: &str,
        held: &[Lease],
    ) -> Result<(), StoreError> {
        let freed = self.shared().bus.lines().release_others(taker, group, held);
        if freed {
            self.shared().bus.ring();
        }
        Ok(())
    }

    async fn depths(&self, group: &str) -> Result<Vec<(StreamName, u64)>, StoreError> {
        Ok(self.shared().bus.lines().depths(group))
    }
}

const OP: &str = "streams.take";

/// How handing out a claimed entry ended.
enum HandedOut {
    /// It is the taker's.
    To(Delivery),
    /// It was acknowledged, or taken by somebody, before the commit.
    Slipped(StoreError),
    /// The taker was released meanwhile.
    Released,
    /// Its task waits for another try; nothing was counted.
    Waits,
}

impl Store {
    async fn hand_out(&self, picked: Picked, attach: &Attach) -> Result<HandedOut, StoreError> {
        let shared = self.shared();
        let claim = Claim { shared: Arc::clone(shared), picked };
        let Picked { at, deliveries, .. } = &claim.picked;
        let envelope = match shared.read(OP, |file| tables::entry(file, &at.stream, at.seq)) {
            Ok(envelope) => envelope,
            Err(error) => {
                // Not at once again: the entries behind a damaged one go on.
                claim.put_off(shared.clock.monotonic().plus(LEASE));
                return Err(error);
            }
        };
        let (task, now) = (envelope.payload.task_id, shared.clock.now());
        if let Some(left) = shared.read(OP, |file| wait_left(file, task, now))? {
            claim.put_off(shared.clock.monotonic().plus(left.min(HOLD)));
            return Ok(HandedOut::Waits);
        }
        let (stream, seq, deliveries) = (at.stream.clone(), at.seq, *deliveries);
        let delivery = Delivery { stream, seq, deliveries, envelope };
        if let Some(conflict) = self.commit(&claim.picked, attach(&delivery)).await? {
            return Ok(HandedOut::Slipped(conflict));
        }
        let until = shared.clock.monotonic().plus(LEASE);
        let held = shared.bus.lines().lease(&claim.picked, until);
        Ok(if held { HandedOut::To(delivery) } else { HandedOut::Released })
    }

    /// Commits the raised count with the attached writes, or alone when those are refused; returns
    /// the conflict when the entry itself has slipped away.
    async fn commit(
        &self,
        picked: &Picked,
        attached: Vec<Write>,
    ) -> Result<Option<StoreError>, StoreError> {
        let alone = attached.is_empty();
        let counted = Batch::new().write(count(picked));
        let mut whole = counted.clone();
        whole.writes.extend(attached);
        let refused = match self.apply(whole).await {
            Ok(_) => return Ok(None),
            Err(error) if matches!(error.kind, ErrorKind::Conflict | ErrorKind::Invalid) => error,
            Err(error) => return Err(error),
        };
        if alone {
            return slipped(refused);
        }
        match self.apply(counted).await {
            Ok(_) => {
                tracing::info!(stream = %picked.at.stream, seq = picked.at.seq, %refused,
                    "delivered without the writes that came with it");
                Ok(None)
            }
            Err(error) => slipped(error),
        }
    }
}

fn slipped(error: StoreError) -> Result<Option<StoreError>, StoreError> {
    if error.kind == ErrorKind::Conflict { Ok(Some(error)) } else { Err(error) }
}

/// A picked entry; frees it again unless it became a lease.
struct Claim {
    shared: Arc<Shared>,
    picked: Picked,
}

impl Claim {
    fn put_off(&self, from: Monotonic) {
        self.shared.bus.lines().unclaim(&self.picked, Some(from));
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let freed = self.shared.bus.lines().unclaim(&self.picked, None);
        if freed {
            self.shared.bus.ring();
        }
    }
}

fn count(picked: &Picked) -> Write {
    let Spot { stream, group, seq } = picked.at.clone();
    Write::DeliverBus { stream, group, seq, deliveries: picked.deliveries }
}

fn spot(stream: &StreamName, group: &str, seq: u64) -> Spot {
    Spot { stream: stream.clone(), group: group.to_owned(), seq }
}
