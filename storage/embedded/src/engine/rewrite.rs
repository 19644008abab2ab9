//! The file made anew: what lives is copied into a file beside it, which then takes its place.
//!
//! redb frees pages without clearing them, so that what was purged stays in the file until its pages
//! are used again. A copy has live rows alone. It is made between two batches, by the only writer, and
//! readers go on with the old file until the handle is exchanged, as after a failed call ([`mend`]).
//! Decides no time: see [`crate::upkeep`].
//!
//! Invariant: at every moment `state.redb` names one whole file with the same rows: the old one until
//! the rename, the new one after it. What fails before the rename costs the copy and nothing else;
//! after it, only a directory that cannot be synced ends the store.
//!
//! [`mend`]: super::mend

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use appliance_core::{ErrorKind, StoreError, ports::Rewritten};
use redb::{Database, ReadTransaction, ReadableDatabase as _};
use storage_rules::{Draft, rewrite, tables::names as table_names};

use super::{
    Engine, Gate,
    room::{MORE_BYTES, Room},
};
use crate::{
    caught::caught,
    draft::{Attempt, Tables},
    fault::Fault,
    making::{self, beside, clear, copy_table},
    reserve::RESERVE_BYTES,
    steps::reached,
};

/// The operation that errors of it name.
const OP: &str = "records.rewrite";

impl Engine {
    /// Makes the file anew, the others having been after `seen` purges, and returns what became of it.
    pub fn rewrite(&mut self, seen: u64) -> Result<Rewritten, StoreError> {
        self.shared.signs.note_working();
        let done = match self.gate() {
            Gate::Open => self.copy_and_exchange(seen),
            Gate::Essential(why) | Gate::Shut(why) => Err(why.refusal()),
        };
        self.shared.signs.note_idle();
        done
    }

    fn copy_and_exchange(&mut self, seen: u64) -> Result<Rewritten, StoreError> {
        let Some(place) = self.place.as_ref().map(|place| place.path().to_owned()) else {
            return Err(StoreError::invalid(OP, "these records have no file of their own"));
        };
        clear(&place);
        let before = length(&place)?;
        check_room(&self.room, before)?;
        reached("rewrite.begun");
        let copied = caught(|| self.copy(&beside(&place), seen));
        if let Err(fault) = copied.unwrap_or_else(|why| Err(Fault::caught(why))) {
            clear(&place);
            return Err(fault.at(OP));
        }
        self.exchange(&place)?;
        self.keep_reserve();
        reached("rewrite.done");
        Ok(Rewritten { before, after: length(&place)? })
    }

    /// Copies every row into a new file, whole and on disk when it returns.
    fn copy(&self, to: &Path, seen: u64) -> Result<(), Fault> {
        let guard = self.shared.opened();
        let from = guard.as_ref().ok_or(Fault::Closed)?.begin_read()?;
        let new = making::fresh(to)?;
        self.fill(&from, &new, seen)?;
        reached("rewrite.copied");
        let finish = || {
            drop(new); // marks it as closed
            File::open(to).and_then(|file| file.sync_all())
        };
        self.shared.signs.waiting(finish).map_err(redb::StorageError::Io)?;
        reached("rewrite.synced");
        Ok(())
    }

    fn fill(&self, from: &ReadTransaction, new: &Database, seen: u64) -> Result<(), Fault> {
        let txn = making::begin(new)?;
        for name in table_names() {
            copy_table(from, &txn, name, &self.shared.signs)?;
        }
        let (tables, now) = (Tables::of(&txn), self.shared.clock.lived());
        let mut attempt = Attempt::for_good(&tables);
        rewrite::done(&mut Draft::on(&mut attempt, self.counters), seen, now)?;
        drop(attempt);
        drop(tables);
        Ok(self.shared.signs.waiting(|| txn.commit())?)
    }

    /// Puts the copy in the file's place, and readers and the writer on it.
    fn exchange(&mut self, place: &Path) -> Result<(), StoreError> {
        let copy = beside(place);
        if let Err(error) = fs::rename(&copy, place) {
            if !copy.exists() {
                return Err(self.lost(&error)); // it was moved, and that was not told
            }
            clear(place);
            return Err(Fault::from(redb::StorageError::Io(error)).at(OP));
        }
        self.place.iter().for_each(|place| place.forget());
        reached("rewrite.renamed");
        let folder = place.parent().unwrap_or(Path::new("."));
        if let Err(error) = File::open(folder).and_then(|folder| folder.sync_all()) {
            return Err(self.lost(&error));
        }
        reached("rewrite.placed");
        self.renew().map_err(|why| why.refusal())
    }

    fn lost(&mut self, error: &io::Error) -> StoreError {
        let why = format!("nobody knows which file state.redb names on disk ({error})");
        self.end(&why).refusal()
    }
}

fn length(place: &Path) -> Result<u64, StoreError> {
    let found = fs::metadata(place).map_err(redb::StorageError::Io);
    found.map(|found| found.len()).map_err(|error| Fault::from(error).at(OP))
}

/// Refuses where the copy could fill the disk. It is smaller than the file as a rule, and may be
/// larger: rows that come in their order leave pages half full.
fn check_room(room: &Room, bytes: u64) -> Result<(), StoreError> {
    let (needed, free) = (2 * bytes + RESERVE_BYTES + MORE_BYTES, room.free());
    if free >= needed {
        return Ok(());
    }
    let why = format!(
        "the records' file is not made anew yet: that takes {} MB, and {} MB are free; what was \
         purged may stay in free pages until there is room",
        needed.div_ceil(1_000_000),
        free / 1_000_000
    );
    Err(StoreError::new(ErrorKind::Full, OP, why))
}
