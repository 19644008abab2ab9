//! One transaction: batches or a job worked out on a draft, and committed. Gives no answer.

use std::collections::BTreeSet;

use appliance_core::{Applied, Batch, StoreError};

use storage_rules::{
    Counters, Draft, Refusal, Unread, batch_keys, bus::Happened, counters::next, damage,
};

use super::{Engine, Job};
use crate::{
    caught::caught,
    draft::{Attempt, Tables},
    fault::Fault,
    making,
};

/// What a transaction would do, worked out and not yet committed.
pub(super) struct Worked {
    pub counters: Counters,
    pub happened: Vec<Happened>,
    /// What could not be read and goes.
    pub unread: Vec<Unread>,
    pub answers: Vec<Result<Applied, StoreError>>,
    /// The tables that were written to.
    pub written: BTreeSet<&'static str>,
}

/// A transaction that failed: why, and what it would have answered if it came as far as the commit.
pub(super) struct Failed {
    pub fault: Fault,
    pub committing: Option<Box<Worked>>,
}

impl<F: Into<Fault>> From<F> for Failed {
    fn from(fault: F) -> Self {
        Self { fault: fault.into(), committing: None }
    }
}

impl Engine {
    /// Runs `work` in a transaction and commits what it leaves, unless it changed nothing.
    pub(super) fn transact(
        &self,
        work: impl FnOnce(&Self, &Tables<'_>) -> Result<Worked, Fault>,
    ) -> Result<Worked, Failed> {
        if self.is_provisional {
            return Err(Fault::Provisional.into()); // its commits would reach memory only
        }
        let guard = self.shared.opened();
        let db = guard.as_ref().ok_or(Fault::Closed)?;
        let txn = making::begin(db)?;
        let tables = Tables::of(&txn).beside(&self.shared.archive);
        let mut worked = work(self, &tables)?;
        worked.written = tables.written();
        drop(tables);
        if worked.counters == self.counters {
            txn.abort().map_err(Fault::from)?; // every batch was refused or a repeat
            return Ok(worked);
        }
        let fault = match caught(|| txn.commit()) {
            Ok(Ok(())) => return Ok(worked),
            Ok(Err(error)) => error.into(),
            Err(why) => Fault::caught(why),
        };
        Err(Failed { fault, committing: Some(Box::new(worked)) })
    }

    pub(super) fn work(&self, tables: &Tables<'_>, batches: &[Batch]) -> Result<Worked, Fault> {
        // Keys live by lived time: a clock that jumps makes no deed happen twice.
        let now = self.shared.clock.lived();
        let (mut counters, mut happened, mut unread) = (self.counters, Vec::new(), Vec::new());
        let mut answers = Vec::with_capacity(batches.len());
        if !self.leaves_keys {
            batch_keys::sweep(&mut Draft::on(&mut Attempt::for_good(tables), counters), now)?;
        }
        for batch in batches {
            let mut attempt = Attempt::on(tables);
            let mut draft = Draft::on(&mut attempt, counters);
            match storage_rules::apply(&mut draft, batch, now) {
                Ok(applied) => {
                    counters = draft.counters;
                    happened.append(&mut draft.happened);
                    unread.append(&mut draft.unread);
                    answers.push(Ok(applied));
                }
                Err(Refusal::Batch(error)) => {
                    attempt.take_back()?;
                    damage::named_in(&error).into_iter().for_each(|it| self.shared.damage.note(it));
                    answers.push(Err(error));
                }
                Err(Refusal::File(fault)) => return Err(fault.into()),
            }
        }
        if counters != self.counters {
            save(tables, counters)?;
        }
        Ok(Worked { counters, happened, unread, answers, written: BTreeSet::new() })
    }

    pub(super) fn work_off(&self, tables: &Tables<'_>, job: Job) -> Result<Worked, Fault> {
        let mut attempt = Attempt::for_good(tables);
        let mut draft = Draft::on(&mut attempt, self.counters);
        let commit = next(&mut draft.counters.commit);
        match job(&mut draft) {
            Ok(()) => {
                let Draft { counters, happened, unread, .. } = draft;
                save(tables, counters)?;
                let answers = vec![Ok(Applied { commit, ..Applied::default() })];
                Ok(Worked { counters, happened, unread, answers, written: BTreeSet::new() })
            }
            // The counters have not moved, so the whole transaction is given up.
            Err(Refusal::Batch(error)) => {
                let (answers, written) = (vec![Err(error)], BTreeSet::new());
                let (happened, unread) = (Vec::new(), Vec::new());
                Ok(Worked { counters: self.counters, happened, unread, answers, written })
            }
            Err(Refusal::File(fault)) => Err(fault.into()),
        }
    }
}

/// Stores how far the store has come.
fn save(tables: &Tables<'_>, counters: Counters) -> Result<(), Fault> {
    let mut attempt = Attempt::for_good(tables);
    Ok(Draft::on(&mut attempt, counters).keep_counters()?)
}
