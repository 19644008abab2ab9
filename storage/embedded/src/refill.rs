//! Tables of declared keys filled again from their rows, where a page of one was lost: nothing that is
//! kept lies in them alone. Reads no table that it fills.

use std::collections::BTreeSet;

use appliance_core::{ApiToken, Message, Session, SetupLink};
use storage_rules::{
    Counters, Draft, Entity, Key, Kind,
    batch_keys::KeyRow,
    check::{hold_forms, tell_all_again},
    conversations::ConversationRow,
    counters,
    memories::{
        BY_POSITION, MemoryRow, Stand, actions::ActionRow, forms::FORMS, signals::SignalRow,
    },
    tasks::TaskRow,
    users::UserRow,
};

use crate::{
    draft::{Attempt, Tables},
    fault::Fault,
    upgrade::newly,
};

/// Gives rows their places under some of their keys.
type Fill = fn(&Tables<'_>, &[&'static Key]) -> Result<(), Fault>;

/// Every kind whose rows say all that their keys are made of.
static FILLED: [(&Kind, Fill); 12] = [
    of::<UserRow>(),
    of::<Session>(),
    of::<SetupLink>(),
    of::<ApiToken>(),
    of::<ConversationRow>(),
    of::<Message>(),
    of::<TaskRow>(),
    of::<KeyRow>(),
    of::<ActionRow>(),
    of::<SignalRow>(),
    of::<MemoryRow>(),
    of::<Stand>(),
];

const fn of<E: Entity>() -> (&'static Kind, Fill) {
    (E::KIND, newly::<E>)
}

/// Tells whether a table follows from others.
pub(crate) fn is_derived(table: &str) -> bool {
    let keys = FILLED.iter().flat_map(|(kind, _)| kind.keys);
    table == FORMS.name || keys.into_iter().any(|key| key.name == table)
}

/// Fills these tables, which are empty.
pub(crate) fn refill(tables: &Tables<'_>, empty: &BTreeSet<&'static str>) -> Result<(), Fault> {
    for (kind, fill) in &FILLED {
        let is_empty = |key: &&&'static Key| empty.contains(key.name);
        let keys: Vec<&'static Key> = kind.keys.iter().filter(is_empty).copied().collect();
        if !keys.is_empty() {
            fill(tables, &keys)?;
        }
    }
    let mut attempt = Attempt::for_good(tables);
    if empty.contains(BY_POSITION.name) {
        // At their old places nobody would read again what was passed over while the page was lost.
        let counters = counters::read(&attempt)?;
        tell_all_again(&mut Draft::on(&mut attempt, counters))?;
    }
    if empty.contains(FORMS.name) {
        // No position is given out here, so the counters do not move.
        hold_forms(&mut Draft::on(&mut attempt, Counters::default()))?;
    }
    Ok(())
}
