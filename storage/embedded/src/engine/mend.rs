//! After a failed transaction: the file is opened anew and says itself whether the commit came through.
//!
//! A handle that saw a failed call answers nothing any more, and one that met a damaged page would
//! leave the file worse than it was when it is closed: it is given up, so that it writes nothing more,
//! and exchanged behind the readers' backs. The new one begins where the last commit left the file.
//! What nobody can know ends the store: a sync that failed, and a commit that is neither there nor not
//! there. Retries nothing: the engine does.

use std::sync::PoisonError;

use appliance_core::ports::Damaged;
use storage_rules::{
    Counters,
    batch_keys::{BY_EXPIRY, KEYS},
    counters,
};

use super::{
    Engine, State,
    hindrance::Hindrance,
    state::Held,
    transact::{Failed, Worked},
};
use crate::{caught::caught, database::Opened, fault::Fault, snapshot::Snapshot};

impl Engine {
    /// Returns what was committed after all, or why nothing was.
    pub(super) fn mend(&mut self, failed: Failed) -> Result<Worked, Hindrance> {
        let failure = self.shared.signs.failed();
        let hindrance = Hindrance::of(failure.as_ref(), &failed.fault);
        tracing::error!(error = %failed.fault, cause = ?failure, "a write failed");
        let found = self.reopened()?;
        match failed.committing {
            Some(worked) if worked.counters == found && !self.is_provisional => Ok(*worked),
            _ if found == self.counters => {
                match failed.fault.damaged().filter(|_| hindrance.is_damage()) {
                    Some(damaged) => self.name(damaged),
                    None => self.hold(&hindrance),
                }
                Err(hindrance)
            }
            _ => {
                Err(self.end(&format!("nobody knows whether a commit is on disk ({hindrance:?})")))
            }
        }
    }

    /// Opens the file anew, which must stand where it stood.
    pub(super) fn renew(&mut self) -> Result<(), Hindrance> {
        if self.reopened()? == self.counters {
            return Ok(());
        }
        Err(self.end("state.redb is not the file it was"))
    }

    /// Opens the file anew and returns where it stands; ends the store where that is not to be known.
    fn reopened(&mut self) -> Result<Counters, Hindrance> {
        if let Some(lost) = self.shared.signs.lost_sync() {
            return Err(self.end(&format!("what is on disk is unknown ({lost})")));
        }
        if self.stand()? {
            tracing::debug!("it is opened from its copy");
        }
        let found = self.reopen();
        if let Some(lost) = self.shared.signs.lost_sync() {
            return Err(self.end(&format!("what is on disk is unknown ({lost})")));
        }
        found.map_err(|why| self.end(&format!("state.redb does not open again ({why})")))
    }

    fn reopen(&mut self) -> Result<Counters, String> {
        let mut slot = self.shared.db.write().unwrap_or_else(PoisonError::into_inner);
        self.shared.signs.give_up_handles();
        drop(slot.take());
        self.shared.signs.note_opened();
        let Opened { db, held, raised, .. } = (self.opener)().map_err(|error| error.to_string())?;
        let found = caught(|| Ok::<_, Fault>(counters::read(&Snapshot::of(&db)?)?));
        raised.into_iter().for_each(|damaged| self.shared.damage.note(damaged));
        *slot = Some(db);
        drop(slot);
        self.take_up(held.as_ref());
        found?.map_err(|fault| fault.to_string())
    }

    /// Takes up a file that was just opened, or only holds it where it could not be written to.
    pub(super) fn take_up(&mut self, held: Option<&std::io::Error>) {
        let was_provisional = std::mem::replace(&mut self.is_provisional, held.is_some());
        self.shared.signs.note_opened();
        if let Some(error) = held {
            self.hold(&Hindrance::by(error.kind(), &error.to_string()));
        } else if was_provisional {
            self.shared.signs.note_well(); // what opening it left to write is on disk
            self.state = State::Running;
        }
    }

    /// Names a page that a write met and could not read; what it had begun is taken back.
    fn name(&mut self, damaged: Damaged) {
        // Sweeping is no batch's own wish, and must not keep others from theirs.
        self.leaves_keys |= [KEYS.name, BY_EXPIRY.name].contains(&damaged.place.as_str());
        self.shared.signs.note_damaged(&damaged);
        self.shared.damage.note(damaged);
    }

    /// Holds back what is not essential where there is no room or nothing can be written at all.
    fn hold(&mut self, hindrance: &Hindrance) {
        hindrance.note(&self.shared.signs);
        if hindrance.is_full() || self.is_provisional {
            let (free, since) = (self.room.free(), self.shared.clock.monotonic());
            self.state = State::Held(Held { why: hindrance.clone(), free, since });
        }
    }

    /// Ends the store: nothing is taken any more, and who runs it is told at once.
    pub(super) fn end(&mut self, why: &str) -> Hindrance {
        let why = format!("the store ends: {why}");
        tracing::error!("{why}");
        self.shared.signs.note_ended(&why);
        self.state = State::Ended(Hindrance::ended(&why));
        (self.on_end)(&why);
        Hindrance::ended(&why)
    }
}
