//! What every step of maintenance is done with: reading, committing, and tidying up after it.

use std::collections::{BTreeMap, BTreeSet};

use appliance_core::{ErrorKind, MemoryId, StoreError, Timestamp, ports::Moved};
use storage_rules::{
    Draft, Fault, Refusal, View,
    memories::{self, Body, Entry, Spot},
    tiers::manifest::{self, Identity, Segment},
};
use tokio::runtime::Handle;

use crate::{
    Store,
    cold::{self, Archive, ColdRecord, Written},
    steps::reached,
};

/// One step at work.
pub(super) struct Work {
    store: Store,
    runtime: Handle,
    op: &'static str,
}

impl Work {
    /// Begins the step that errors name `op`.
    pub const fn new(store: Store, runtime: Handle, op: &'static str) -> Self {
        Self { store, runtime, op }
    }

    /// Returns the archive.
    pub fn archive(&self) -> &Archive {
        self.store.archive()
    }

    /// Reads from one consistent view.
    pub fn read<T>(
        &self,
        ask: impl FnOnce(&dyn View) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.store.read(self.op, ask)
    }

    /// Commits one change; it is on disk when this returns.
    pub fn change<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Draft<'_>) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.runtime.block_on(self.store.change(self.op, job))
    }

    /// Reads the archived record of `id`.
    pub fn record(&self, id: MemoryId, spot: Spot) -> Result<ColdRecord, StoreError> {
        self.archive().record(id, spot).map_err(|fault| fault.at(self.op))
    }

    /// Reads the archived records of `kept`.
    pub fn records(&self, kept: &[(MemoryId, Spot)]) -> Result<Vec<ColdRecord>, StoreError> {
        kept.iter().map(|(id, spot)| self.record(*id, *spot)).collect()
    }

    /// Reads again what could not be read of the archive, each block once: what can be, or is gone,
    /// is named no longer.
    pub fn look_again(&self) -> Result<(), StoreError> {
        let damage = self.archive().damage();
        if damage.is_empty() {
            return Ok(());
        }
        for (number, segment) in self.read(manifest::living)? {
            if self.archive().look(number, segment.bytes).is_ok() {
                damage.reads_again(&cold::place(number), None);
            }
        }
        let mut unread = BTreeSet::new();
        for missed in damage.report().found {
            let of_archive = missed.place.starts_with(cold::FOLDER);
            let Some(id) = missed.memory.filter(|_| of_archive) else { continue };
            if unread.contains(&missed.place) {
                continue;
            }
            let spot = self.read(|file| Ok(memories::find(file, id)?.as_ref().and_then(spot_of)));
            match spot {
                Ok(Some(spot)) if self.record(id, spot).is_ok() => {}
                Ok(None) => damage.reads_again(&missed.place, missed.memory), // it is there no more
                _ => drop(unread.insert(missed.place)),
            }
        }
        Ok(())
    }

    /// Makes the error of this step.
    pub fn error(&self, kind: ErrorKind, why: String) -> StoreError {
        StoreError::new(kind, self.op, why)
    }

    /// Writes `records` into a segment, and then commits what `count_on` drafts about it: how many
    /// memories are in it now. A segment that nothing came to count on is deleted.
    pub fn lay_down(
        &self,
        records: &[ColdRecord],
        since: Timestamp,
        count_on: impl FnOnce(&mut Draft<'_>, &[Spot]) -> Result<u64, Refusal> + Send + 'static,
    ) -> Result<(u64, Written), StoreError> {
        let identity = self.identity()?;
        let written = self.archive().write(identity, records).map_err(|fault| fault.at(self.op))?;
        let (segment, spots) = (row_of(&written, since), written.spots.clone());
        let number = written.segment;
        let counted = self.change(move |draft| {
            let moved = count_on(draft, &spots)?;
            if moved > 0 {
                manifest::put(draft, &segment)?;
            }
            reached("segment.drafted");
            Ok(moved)
        });
        reached("segment.committed");
        match counted {
            Ok(moved) if moved > 0 => Ok((moved, written)),
            otherwise => {
                self.take_back(number);
                otherwise.map(|moved| (moved, written))
            }
        }
    }

    /// Deletes a segment unless the manifest names it. After a commit of unknown outcome the
    /// manifest cannot be read, and the file stays until the store opens again.
    fn take_back(&self, number: u64) {
        let unnamed = self.read(|file| Ok(!manifest::all(file)?.contains_key(&number)));
        if unnamed.unwrap_or(false) {
            self.delete(&[number]);
        }
    }

    /// Drops the segments in which nothing lives; returns the bytes that gave.
    pub fn tidy(&self) -> Result<i64, StoreError> {
        let (segments, live) =
            self.read(|file| Ok((manifest::all(file)?, memories::live_by_segment(file)?)))?;
        let dead: BTreeMap<u64, Segment> =
            segments.into_iter().filter(|(number, _)| !live.contains_key(number)).collect();
        if dead.is_empty() {
            return Ok(0);
        }
        let numbers: Vec<u64> = dead.keys().copied().collect();
        let dropped = numbers.clone();
        self.change(move |draft| {
            for number in dropped {
                manifest::delete(draft, number)?;
            }
            Ok(())
        })?;
        reached("tidy.committed");
        self.delete(&numbers);
        Ok(dead.values().map(|segment| length(segment.bytes)).sum())
    }

    /// Writes a segment anew without what is dead in it, and drops the old one.
    pub fn rewrite(&self, number: u64, old: &Segment) -> Result<Moved, StoreError> {
        let kept = self.living(number)?;
        let records = self.records(&kept)?;
        if records.is_empty() {
            return Ok(Moved { memories: 0, bytes: self.tidy()? });
        }
        let relocate = move |draft: &mut Draft<'_>, spots: &[Spot]| {
            let mut moved = 0;
            for ((id, from), to) in kept.into_iter().zip(spots) {
                match memories::look(draft, id)? {
                    Some(entry) if entry.row.body == Body::Archived(from) => {
                        memories::relocate(draft, &entry, *to)?;
                        moved += 1;
                    }
                    _ => manifest::stray(draft, to.segment, id)?,
                }
            }
            manifest::delete(draft, number)?;
            Ok(moved)
        };
        let (memories, written) = self.lay_down(&records, old.since, relocate)?;
        self.delete(&[number]);
        let new = if memories == 0 { 0 } else { written.bytes };
        Ok(Moved { memories, bytes: length(old.bytes) - length(new) })
    }

    /// Returns the memories whose text is in a segment, in the order of their places.
    pub fn living(&self, number: u64) -> Result<Vec<(MemoryId, Spot)>, StoreError> {
        let mut living = self.read(|file| {
            let mut living = Vec::new();
            for (_, id) in memories::in_segment(file, number, usize::MAX, 0)? {
                let entry = memories::find(file, id)?;
                living.extend(entry.and_then(|entry| Some((id, spot_of(&entry)?))));
            }
            Ok(living)
        })?;
        living.sort_unstable_by_key(|(_, spot)| *spot);
        Ok(living)
    }

    /// Deletes files that nothing counts on; one that cannot be deleted is swept at the next start.
    fn delete(&self, numbers: &[u64]) {
        if let Err(fault) = self.archive().delete(numbers) {
            tracing::warn!(error = %fault, "a dropped segment of the archive could not be deleted");
        }
    }

    /// Returns what tells this store's segments from another's; made with the first one.
    fn identity(&self) -> Result<Identity, StoreError> {
        if let Some(identity) = self.read(manifest::identity)? {
            return Ok(identity);
        }
        self.change(|draft| Ok(manifest::make_identity(draft)?))
    }
}

/// Makes the manifest's row of a segment whose memories were archived at `since`.
const fn row_of(written: &Written, since: Timestamp) -> Segment {
    let Written { segment: number, records, bytes, sha256, .. } = *written;
    Segment { number, since, records, bytes, sha256, due: false }
}

/// Returns where the text of an archived memory is.
pub(super) const fn spot_of(entry: &Entry) -> Option<Spot> {
    match entry.row.body {
        Body::Archived(spot) => Some(spot),
        Body::Here(_) | Body::Said(_) => None,
    }
}

/// Returns a file's length as the difference it makes.
pub(super) fn length(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
