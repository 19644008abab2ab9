//! The rules of the records, written once: what a batch changes and refuses, and what every question
//! is answered with, over whatever stores the rows.
//!
//! An adapter implements [`View`] and [`Change`] (bytes by id and by declared key, synchronous), or
//! [`tables`] where its medium knows no keys, and keeps the keys that an [`Entity`] declares; [`apply`] makes a batch's changes on a [`Draft`], and
//! the families below answer the query ports over a view. Commits nothing, waits for nothing, opens
//! no file: when a change is durable, and who waits for it, is the adapter's.
//!
//! To add a record family: one file with its [`Kind`], its frozen `..V1` struct, its writes on a
//! [`Draft`] and its reads on a [`View`]; then its kind in [`KINDS`], its arm in `apply.rs` and its
//! rules in `storage-contract`.

pub mod agents_wanted;
pub mod api_tokens;
mod apply;
pub mod audit;
pub mod batch_keys;
pub mod behind;
pub mod bus;
pub mod check;
pub mod codec;
pub mod codes;
pub mod conversations;
pub mod counters;
pub mod damage;
mod draft;
pub mod entity;
mod fault;
mod gap;
pub mod marks;
pub mod memories;
pub mod messages;
pub mod purge;
pub mod rewrite;
mod sealed;
pub mod sessions;
pub mod setup_links;
mod stored;
mod stretch;
pub mod tables;
pub mod tasks;
pub mod tiers;
pub mod users;
pub mod view;
pub mod walk;

pub use apply::apply;
pub use counters::Counters;
pub use damage::Unread;
pub use draft::{Change, Draft, Places};
pub use entity::{Entity, IdShape, Key, Keyed, Kind, Rule, key, trailing_seq};
pub use fault::{Fault, OP, Refusal, conflict, invalid};
pub use view::{Counted, Pointed, Read, Span, Stored, View, Way};

/// Every kind of row; an adapter makes their tables and the declared keys' when it opens.
pub static KINDS: [&Kind; 26] = [
    &agents_wanted::WANTED,
    &api_tokens::TOKENS,
    &audit::TRAIL,
    &batch_keys::KEYS,
    &bus::tables::CURSORS,
    &bus::tables::ENTRIES,
    &bus::tables::PENDING,
    &bus::tables::STREAMS,
    &conversations::CONVERSATIONS,
    &counters::COUNTERS,
    &marks::MARKS,
    &memories::MEMORIES,
    &memories::STANDING,
    &memories::actions::ACTIONS,
    &memories::forms::FORMS,
    &memories::gone::GONE,
    &memories::signals::SIGNALS,
    &messages::MESSAGES,
    &rewrite::REWRITE,
    &sessions::SESSIONS,
    &setup_links::LINKS,
    &tasks::TASKS,
    &tiers::manifest::IDENTITY,
    &tiers::manifest::SEGMENTS,
    &tiers::manifest::STRAYS,
    &users::USERS,
];
