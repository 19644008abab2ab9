//! Brings a file that an earlier version wrote up to this one, in the one transaction that also sets
//! the marks: a crash leaves it either as it was or done.
//!
//! [`stands`] gives memories of the first two versions their standing; [`declared`] gives rows what
//! their declared keys are made of, and the keys' tables their rows. A damaged row stays as it is and
//! is found damaged when it is read: it keeps nobody from the others.

mod declared;
mod stands;

pub(crate) use declared::newly;

use appliance_core::Message;
use storage_rules::{
    Counters, Draft, marks,
    memories::{
        BY_FORM, BY_THREAD, MemoryRow,
        signals::{BY_WORDS, SignalRow},
    },
    messages::BY_CITED,
};

use crate::{
    draft::{Attempt, Tables},
    fault::Fault,
};

/// Does what the marks do not say was done.
pub(crate) fn upgrade(tables: &Tables<'_>) -> Result<(), Fault> {
    let mut attempt = Attempt::for_good(tables);
    // No position is given out here, so the counters do not move.
    let mut draft = Draft::on(&mut attempt, Counters::default());
    if !marks::has(draft.view(), marks::KEYS_DECLARED)? {
        declared::clear(tables)?;
        if !marks::has(draft.view(), marks::MEMORIES_STAND)? {
            stands::give(&mut draft)?;
            marks::set(&mut draft, marks::MEMORIES_STAND)?;
        }
        declared::declare(tables, &mut draft)?;
        marks::set(&mut draft, marks::KEYS_DECLARED)?;
        declared::drop_old(tables)?;
    }
    if !marks::has(draft.view(), marks::TRACES_DECLARED)? {
        newly::<MemoryRow>(tables, &[&BY_THREAD])?;
        newly::<Message>(tables, &[&BY_CITED])?;
        newly::<SignalRow>(tables, &[&BY_WORDS])?;
        marks::set(&mut draft, marks::TRACES_DECLARED)?;
    }
    if !marks::has(draft.view(), marks::FORMS_DECLARED)? {
        newly::<MemoryRow>(tables, &[&BY_FORM])?;
        marks::set(&mut draft, marks::FORMS_DECLARED)?;
    }
    Ok(())
}

/// Says that a damaged row was left as it is; any other fault ends the upgrade.
fn left(fault: storage_rules::Fault) -> Result<(), Fault> {
    if !fault.is_of_one_row() {
        return Err(fault.into());
    }
    tracing::error!(%fault, "a damaged row was not brought up to date");
    Ok(())
}
