//! Numbers that lie behind the rows they were given to, as when an older page of a file has come to lie
//! in the place of the newest: without more ado each would be given a second time.
//!
//! [`find`] looks at the last whole row of each order, so it costs an opening a few dozen look-ups;
//! [`raise`] is done before anything else is written. What else an older page takes back is found by
//! nobody here. A table that cannot be read is passed over: the comparison names it.

use appliance_core::{ConversationStatus, StreamName, UserId, ports::Damaged};

use crate::{
    Counters, Draft, Fault, Key, Kind, Span, View, audit,
    bus::behind::{self as streams},
    codec::{self, Place},
    codes::Code as _,
    conversations::{self, CONVERSATIONS},
    counters::{self, COUNTERS},
    entity::{key, trailing_seq},
    memories::{
        self, BY_POSITION, MEMORIES, STANDING, actions::ACTIONS, gone::GONE, signals::SIGNALS,
    },
    messages::{self, MESSAGES},
    tasks::{self, TASKS},
    users::{self, USERS},
};

/// Rows that are looked at until a whole one is found.
const TRIED: usize = 16;

/// In each of them a list of conversations has an order of its own.
const STATES: [ConversationStatus; 3] =
    [ConversationStatus::Active, ConversationStatus::Archived, ConversationStatus::Deleted];

/// What lies behind its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    /// The counters as they should be.
    counters: Counters,
    /// How they are.
    were: Counters,
    /// Streams whose last sequence is behind, and what it should be.
    streams: Vec<(StreamName, u64)>,
}

impl Behind {
    /// Says what was behind, once it is raised.
    #[must_use]
    pub fn told(&self) -> Damaged {
        let what = "an older page lay in the place of the newest: numbers were behind the rows they \
            were given to, and were raised; what else was on that page is as it was earlier";
        let place = if self.counters == self.were { streams::NAME } else { COUNTERS.name };
        Damaged { place: place.to_owned(), what: what.to_owned(), memory: None }
    }
}

/// Finds what lies behind; `None` where all is in order.
///
/// # Errors
/// The counters cannot be read, or the adapter's failure.
pub fn find(view: &dyn View) -> Result<Option<Behind>, Fault> {
    let were = counters::read(view)?;
    let counters = raised(view, were)?;
    let streams = passed(streams::find(view))?.unwrap_or_default();
    let is_behind = counters != were || !streams.is_empty();
    Ok(is_behind.then_some(Behind { counters, were, streams }))
}

/// Raises what lies behind.
///
/// # Errors
/// The adapter's failure.
pub fn raise(draft: &mut Draft<'_>, behind: &Behind) -> Result<(), Fault> {
    draft.counters = behind.counters;
    draft.keep_counters()?;
    behind.streams.iter().try_for_each(|(stream, last)| streams::raise(draft, stream, *last))
}

/// Returns the counters as the rows want them at least.
fn raised(view: &dyn View, now: Counters) -> Result<Counters, Fault> {
    let mut to = now;
    for place in [
        last_row(view, &MEMORIES, &[])?,
        last_place(view, &STANDING, &BY_POSITION, &[])?,
        last_row(view, &GONE, &[])?,
    ] {
        lift(&mut to.memory, place);
    }
    lift(&mut to.audit, last_row(view, &audit::TRAIL, &[])?);
    lift(&mut to.user, last_place(view, &USERS, &users::BY_NUMBER, &[])?);
    for owner in owners(view)? {
        let owner = owner.bytes();
        lift(&mut to.task, last_place(view, &TASKS, &tasks::BY_OWNER, &owner)?);
        lift(&mut to.action, last_row(view, &ACTIONS, &owner)?);
        lift(&mut to.signal, last_row(view, &SIGNALS, &owner)?);
        for status in STATES {
            let prefix = key(&[&owner, &[status.code()]]);
            let last = last_place(view, &CONVERSATIONS, &conversations::BY_CHANGE, &prefix)?;
            lift(&mut to.change, last);
        }
    }
    for newest in [
        last_place(view, &MESSAGES, &messages::BY_ID, &[])?,
        last_place(view, &MEMORIES, &memories::BY_ID, &[])?,
        last_row(view, &TASKS, &[])?,
    ] {
        newest.and_then(|id| id.try_into().ok()).into_iter().for_each(|id| to.note(id));
    }
    Ok(to)
}

fn lift(counter: &mut u64, place: Option<Vec<u8>>) {
    *counter = (*counter).max(place.map_or(0, |place| trailing_seq(&place)));
}

/// Returns everybody whose rows may be there.
fn owners(view: &dyn View) -> Result<Vec<UserId>, Fault> {
    let users = passed(view.rows(&USERS, &Span::all(), usize::MAX))?.unwrap_or_default();
    Ok(users.iter().filter_map(|(id, _)| id[..].try_into().ok()).map(UserId::from_bytes).collect())
}

/// Returns the id of the last whole row whose id begins with `prefix`.
fn last_row(view: &dyn View, kind: &'static Kind, prefix: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    let rows = passed(view.rows(kind, &Span::newest(prefix, None), TRIED))?.unwrap_or_default();
    let is_whole =
        |row: &(Vec<u8>, Vec<u8>)| codec::is_whole(Place { table: kind.name, key: &row.0 }, &row.1);
    Ok(rows.into_iter().find(is_whole).map(|(id, _)| id))
}

/// Returns the last place under a key that begins with `prefix` and belongs to a row.
fn last_place(
    view: &dyn View,
    kind: &'static Kind,
    key: &'static Key,
    prefix: &[u8],
) -> Result<Option<Vec<u8>>, Fault> {
    let places = view.places(kind, key, &Span::newest(prefix, None), TRIED);
    let places = passed(places)?.unwrap_or_default();
    Ok(places.into_iter().find(|(_, id)| id.is_ok()).map(|(place, _)| place))
}

/// Passes over a table that cannot be read.
fn passed<T>(read: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match read {
        Err(fault) if fault.is_of_one_table() => Ok(None),
        read => read.map(Some),
    }
}
