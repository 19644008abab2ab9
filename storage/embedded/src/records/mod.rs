//! The record families, one file each: key layout, frozen struct, writes and reads.
//!
//! Writes act on a [`Draft`](crate::draft::Draft) and refuse with a [`Refusal`]; reads implement the
//! query ports on [`Store`](crate::Store). Nothing here commits.

use appliance_core::{Conflict, StoreError};

use crate::fault::Fault;

pub(crate) mod agents_wanted;
pub(crate) mod audit;
pub(crate) mod batch_keys;
pub(crate) mod codes;
pub(crate) mod conversations;
pub(crate) mod counters;
pub(crate) mod marks;
pub(crate) mod memories;
pub(crate) mod messages;
pub(crate) mod sessions;
pub(crate) mod setup_links;
pub(crate) mod tasks;
pub(crate) mod users;

/// Every table of the file; made when it is opened.
pub(crate) const TABLES: [&str; 41] = [
    agents_wanted::WANTED.name,
    audit::TRAIL.name,
    batch_keys::KEYS.name,
    batch_keys::BY_EXPIRY.name,
    conversations::CONVERSATIONS.name,
    conversations::BY_CHANGE.name,
    counters::COUNTERS.name,
    marks::MARKS.name,
    memories::MEMORIES.name,
    memories::BY_ID.name,
    memories::BY_OWNER.name,
    memories::STANDING.name,
    memories::CHANGES.name,
    memories::BY_SHELF.name,
    memories::BY_SEGMENT.name,
    memories::BY_FORM.name,
    memories::COUNTS.name,
    memories::ACTIONS.name,
    memories::ACTIONS_BY_ID.name,
    memories::SIGNALS.name,
    memories::SIGNALS_BY_ID.name,
    memories::MOVES.name,
    messages::MESSAGES.name,
    messages::BY_ID.name,
    sessions::SESSIONS.name,
    sessions::BY_TOKEN.name,
    setup_links::LINKS.name,
    setup_links::BY_USER.name,
    tasks::TASKS.name,
    tasks::BY_OWNER.name,
    tasks::BY_PARENT.name,
    users::USERS.name,
    users::BY_EMAIL.name,
    users::BY_NUMBER.name,
    crate::bus::tables::ENTRIES.name,
    crate::bus::tables::STREAMS.name,
    crate::bus::tables::CURSORS.name,
    crate::bus::tables::PENDING.name,
    crate::tiers::manifest::SEGMENTS.name,
    crate::tiers::manifest::STRAYS.name,
    crate::tiers::manifest::IDENTITY.name,
];

/// Why a batch is not applied.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The batch's own fault (or one damaged row's): it is refused, others go on.
    Batch(StoreError),
    /// The file's fault: the whole step fails.
    File(Fault),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        if fault.is_of_one_row() { Self::Batch(fault.at(OP)) } else { Self::File(fault) }
    }
}

/// The operation that errors of writes name.
pub(crate) const OP: &str = "records.apply";

/// Refuses because somebody was first or a condition does not hold.
pub(crate) fn conflict(why: Conflict) -> Refusal {
    Refusal::Batch(StoreError::conflict(OP, why))
}

/// Refuses because the call refers to nothing or makes no sense.
pub(crate) fn invalid(why: impl Into<String>) -> Refusal {
    Refusal::Batch(StoreError::invalid(OP, why))
}
