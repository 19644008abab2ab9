//! When tokens were used last: noted at once, written soon after, so that no request waits for it.
//!
//! One writer at a time takes all that has come meanwhile in one batch. A use is worth no delay and no
//! refusal: what the store does not take is dropped, and the next use is noted anew a minute later.
//! A server that dies in between forgets the uses of its last moment, and nothing else.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use appliance_core::{ApiToken, Batch, Timestamp, TokenId, Write, ports::Records};
use appliance_tasks::{TaskKind, Tasks};

/// How exactly the last use is kept: a use that follows sooner is not written.
const USED_STEP: Duration = Duration::from_secs(60);

/// Most tokens whose uses wait to be written; of more, the uses are not noted.
const MOST_WAITING: usize = 1_024;

/// Writing them down.
const WRITE: TaskKind = TaskKind::new("tokens.used");

/// The uses that are still to be written.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    now: Mutex<Now>,
}

/// What is known at this moment.
#[derive(Debug, Default)]
struct Now {
    /// Still to be written.
    due: HashMap<TokenId, Timestamp>,
    /// Noted within the last minute, written or not.
    noted: HashMap<TokenId, Timestamp>,
    /// Somebody is writing.
    writing: bool,
}

impl Uses {
    /// Notes that a token has opened something at `at`, and sees to it that this is written.
    pub(crate) fn note(
        self: &Arc<Self>,
        (records, home): (&Arc<dyn Records>, &Tasks),
        token: &ApiToken,
        at: Timestamp,
    ) {
        if is_recent(token.last_used_at, at) || !self.now().take_up(token.id, at) {
            return;
        }
        let (uses, records) = (Arc::clone(self), Arc::clone(records));
        home.spawn(WRITE, async move { uses.write(&*records).await });
    }

    /// Writes until there is nothing more to write.
    async fn write(&self, records: &dyn Records) {
        while let Some(batch) = self.next() {
            if let Err(error) = records.apply(batch).await {
                tracing::debug!(%error, "uses of tokens were not written down");
            }
        }
    }

    fn next(&self) -> Option<Batch> {
        let mut now = self.now();
        let touch = |(id, at)| Write::TouchToken { id, at };
        let batch = Batch { writes: now.due.drain().map(touch).collect(), ..Batch::new() };
        now.writing = !batch.writes.is_empty();
        now.writing.then_some(batch)
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Now {
    /// Takes a use up; tells whether somebody has to begin to write.
    fn take_up(&mut self, id: TokenId, at: Timestamp) -> bool {
        if is_recent(self.noted.get(&id).copied(), at) {
            return false;
        }
        if self.noted.len() >= MOST_WAITING {
            self.noted.retain(|_, last| is_recent(Some(*last), at));
        }
        if self.noted.len() >= MOST_WAITING {
            return false;
        }
        self.noted.insert(id, at);
        self.due.insert(id, at);
        !std::mem::replace(&mut self.writing, true)
    }
}

/// Tells whether `last` is so near before `at` that the use at `at` need not be written.
fn is_recent(last: Option<Timestamp>, at: Timestamp) -> bool {
    last.is_some_and(|last| last <= at && at < last.plus(USED_STEP))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn id(n: u8) -> TokenId {
        TokenId::from_bytes([n; 16])
    }

    #[test]
    fn uses_of_one_minute_are_one_and_one_writer_takes_all() {
        let (uses, start) = (Uses::default(), Timestamp::from_unix_micros(1_000_000));
        assert!(uses.now().take_up(id(1), start), "the first has somebody write");
        assert!(!uses.now().take_up(id(1), start.plus(USED_STEP / 2)));
        assert!(!uses.now().take_up(id(2), start), "somebody writes already");
        assert_eq!(uses.next().map(|batch| batch.writes.len()), Some(2));
        assert!(!uses.now().take_up(id(1), start.plus(USED_STEP)), "a later one is written too");
        assert_eq!(uses.next().map(|batch| batch.writes.len()), Some(1));
        assert_eq!(uses.next(), None);
        assert!(uses.now().take_up(id(3), start), "nobody writes any more");
    }

    #[test]
    fn what_waits_is_bounded() {
        let (uses, start) = (Uses::default(), Timestamp::from_unix_micros(1_000_000));
        for n in 0..=MOST_WAITING {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&n.to_be_bytes());
            uses.now().take_up(TokenId::from_bytes(bytes), start);
        }
        assert_eq!(uses.next().map(|batch| batch.writes.len()), Some(MOST_WAITING));
        assert_eq!(uses.next(), None);
        assert!(uses.now().take_up(id(9), start.plus(USED_STEP)), "a minute later there is room");
    }
}
