//! Identifiers: one newtype a thing, all UUIDv7, so that an id sorts by birth and doubles as a cursor.
//!
//! [`IdMint`] makes them. Does not read a clock of its own: it is given one, and never goes back
//! when that clock does. Source: RFC 9562, section 5.7 and 6.2 (method 3, replace left-most random
//! bits is not used; the millisecond is advanced instead).

use std::{
    fmt,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::Clock;

/// Why a text is not an id.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error(
    "`{text}` is not a {kind} id: expected a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057"
)]
pub struct BadId {
    kind: &'static str,
    text: String,
}

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)+) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps an existing UUID, whatever its version.
            #[must_use]
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// Rebuilds the id from its 16 bytes, as stored in keys.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// Returns the 16 bytes, big endian, so that byte order is birth order.
            #[must_use]
            pub const fn bytes(&self) -> [u8; 16] {
                *self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}:{}", $kind, self.0.hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                Uuid::try_parse(text)
                    .map(Self)
                    .map_err(|_| BadId { kind: $kind, text: text.chars().take(80).collect() })
            }
        }
    )+ };
}

id! {
    /// A person (or the system) with an account.
    UserId = "user";
    /// A login; its token is known only to the client.
    SessionId = "session";
    /// A thread of messages.
    ConversationId = "conversation";
    /// One message of a conversation.
    MessageId = "message";
    /// A unit of work for one agent.
    TaskId = "task";
    /// One remembered text.
    MemoryId = "memory";
    /// One entry on the bus.
    EnvelopeId = "envelope";
    /// A token for a program.
    TokenId = "token";
    /// One line of the audit trail.
    AuditId = "audit";
    /// One thing a person did to their memories.
    ActionId = "action";
    /// One learning signal.
    SignalId = "signal";
    /// One life of one agent process.
    IncarnationId = "incarnation";
    /// One history of records: 128 random bits made with the store's file. What is derived from the
    /// records carries it, because positions of two histories mean nothing to each other.
    HistoryId = "history";
}

impl ActionId {
    /// Returns the id of the deed that forgets, in the same wish as this correction, the copies of what it
    /// corrects: by it either is found from the other. Its random part is this one's turned over, which a
    /// mint would give by chance alone.
    #[must_use]
    pub fn of_its_copies(&self) -> Self {
        let mut bytes = self.bytes();
        bytes[9..].iter_mut().for_each(|byte| *byte = !*byte);
        Self::from_bytes(bytes)
    }
}

/// Makes ids that never sort before an earlier one, even when the wall clock steps back.
///
/// Cheap to clone; clones share the last value.
#[derive(Debug, Clone)]
pub struct IdMint {
    clock: Arc<dyn Clock>,
    last: Arc<Mutex<Last>>,
}

/// The counter's highest value: the next id goes into the next millisecond.
const LAST_COUNT: u16 = 0x0fff;

#[derive(Debug)]
struct Last {
    millis: u64,
    counter: u16,
}

impl IdMint {
    /// Starts a mint that stays after `floor_millis` (unix milliseconds; the newest id's time found
    /// in the store, 0 for an empty one).
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, floor_millis: u64) -> Self {
        Self {
            clock,
            last: Arc::new(Mutex::new(Last { millis: floor_millis, counter: LAST_COUNT })),
        }
    }

    /// Returns the next UUID: 48 bits of max(last, now), a 12-bit counter, 62 random bits.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        let now = self.clock.now().unix_millis();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if now > last.millis {
            *last = Last { millis: now, counter: 0 };
        } else if last.counter == LAST_COUNT {
            *last = Last { millis: last.millis + 1, counter: 0 };
        } else {
            last.counter += 1;
        }
        compose(last.millis, last.counter, Uuid::new_v4().as_u64_pair().1)
    }

    /// Returns a new id of the kind asked for, as in `mint.next(TaskId::from_uuid)`.
    pub fn next<Id>(&self, wrap: impl FnOnce(Uuid) -> Id) -> Id {
        wrap(self.uuid())
    }

    /// Returns the clock this mint reads.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }
}

fn compose(millis: u64, counter: u16, low: u64) -> Uuid {
    let high = (millis << 16) | 0x7000 | u64::from(counter);
    Uuid::from_u64_pair(high, (low & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::ManualClock;

    #[test]
    fn ids_keep_their_order_when_the_clock_steps_back() {
        let clock = Arc::new(ManualClock::at_millis(1_000_000));
        let mint = IdMint::new(clock.clone(), 0);
        let before: Vec<_> = (0..5_000).map(|_| mint.next(TaskId::from_uuid)).collect();
        clock.set_millis(10);
        let after = mint.next(TaskId::from_uuid);
        assert!(before.is_sorted() && before[4_999] < after);
        assert_eq!(after.to_string().parse::<TaskId>(), Ok(after));
    }

    #[test]
    fn a_mint_starts_after_its_floor() {
        let mint = IdMint::new(Arc::new(ManualClock::at_millis(5)), 9_000);
        let id = mint.uuid();
        assert_eq!(id.as_u64_pair().0 >> 16, 9_001);
        assert_eq!(id.get_version_num(), 7);
    }
}
