//! The port [`Streams`]: what is picked is counted and handed out at once, since nothing has to reach
//! a disk. Waits for the bell when there is nothing to give.

use std::time::Duration;

use appliance_core::{
    Batch, Delivery, ErrorKind, Incarnation, StoreError, StreamName, Write,
    bus::{HOLD, LEASE},
    desk::Lease,
    ports::{Attach, Streams, Take},
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

use crate::MemoryStore;

/// How long a waiting taker sleeps at most before it looks again: leases run on the given clock,
/// which need not be the one that timers run on.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

#[async_trait]
impl Streams for MemoryStore {
    async fn take(&self, take: Take, attach: Attach) -> Result<Option<Delivery>, StoreError> {
        let deadline = Instant::now() + take.wait;
        loop {
            let bell = self.inner.bell.notified();
            tokio::pin!(bell);
            bell.as_mut().enable();
            let now = self.inner.clock.monotonic();
            let look = self.lines().pick(take.taker, &take.streams, &take.group, now);
            let from = match look {
                Look::Picked(picked) => match self.hand_out(&picked, &attach)? {
                    Some(delivery) => return Ok(Some(delivery)),
                    None => continue,
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
        let now = self.inner.clock.monotonic();
        Ok(self.lines().renew(taker, &spot(stream, group, seq), now, now.plus(LEASE)))
    }

    fn holds(&self, taker: Incarnation, stream: &StreamName, group: &str, seq: u64) -> bool {
        self.lines().holds(taker, &spot(stream, group, seq), self.inner.clock.monotonic())
    }

    async fn give_back(
        &self,
        taker: Incarnation,
        stream: &StreamName,
        group: &str,
        seq: u64,
        delay: Duration,
    ) -> Result<(), StoreError> {
        let now = self.inner.clock.monotonic();
        self.lines().give_back(taker, &spot(stream, group, seq), now, now.plus(delay));
        self.inner.bell.notify_waiters();
        Ok(())
    }

    async fn release(&self, taker: Incarnation) -> Result<(), StoreError> {
        self.lines().release(taker);
        self.inner.bell.notify_waiters();
        Ok(())
    }

    async fn release_others(
        &self,
        taker: Incarnation,
        group: &str,
        held: &[Lease],
    ) -> Result<(), StoreError> {
        self.lines().release_others(taker, group, held);
        self.inner.bell.notify_waiters();
        Ok(())
    }

    async fn depths(&self, group: &str) -> Result<Vec<(StreamName, u64)>, StoreError> {
        Ok(self.lines().depths(group))
    }
}

impl MemoryStore {
    /// Hands a picked entry out; `None` when its task waits for another try.
    fn hand_out(&self, picked: &Picked, attach: &Attach) -> Result<Option<Delivery>, StoreError> {
        let Spot { stream, seq, .. } = picked.at.clone();
        let now = self.inner.clock.now();
        let left = self.read("streams.take", |view| {
            let envelope = tables::entry(view, &stream, seq)?;
            wait_left(view, envelope.payload.task_id, now)
        });
        if let Ok(Some(left)) = left {
            let from = self.inner.clock.monotonic().plus(left.min(HOLD));
            self.lines().unclaim(picked, Some(from));
            return Ok(None);
        }
        let handed = self.counted(picked, attach, stream, seq);
        match &handed {
            Ok(_) => {
                let until = self.inner.clock.monotonic().plus(LEASE);
                self.lines().lease(picked, until);
            }
            Err(_) => drop(self.lines().unclaim(picked, None)),
        }
        handed.map(Some)
    }

    /// Counts the delivery with the attached writes, or alone when those are refused.
    fn counted(
        &self,
        picked: &Picked,
        attach: &Attach,
        stream: StreamName,
        seq: u64,
    ) -> Result<Delivery, StoreError> {
        let envelope = self.read("streams.take", |view| tables::entry(view, &stream, seq))?;
        let delivery = Delivery { stream, seq, deliveries: picked.deliveries, envelope };
        let counted = Batch::new().write(count(picked));
        let mut whole = counted.clone();
        whole.writes.extend(attach(&delivery));
        match self.write(&whole) {
            Err(error) if matches!(error.kind, ErrorKind::Conflict | ErrorKind::Invalid) => {
                self.write(&counted)?;
            }
            answer => drop(answer?),
        }
        Ok(delivery)
    }
}

fn count(picked: &Picked) -> Write {
    let Spot { stream, group, seq } = picked.at.clone();
    Write::DeliverBus { stream, group, seq, deliveries: picked.deliveries }
}

fn spot(stream: &StreamName, group: &str, seq: u64) -> Spot {
    Spot { stream: stream.clone(), group: group.to_owned(), seq }
}
