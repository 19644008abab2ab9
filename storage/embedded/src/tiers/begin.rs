//! The archive when the store opens: half-made files and orphans are swept, what is missing is said.
//!
//! Deletes only what cannot be missed: a file without its final name, and a whole segment of this
//! very store in which nothing lives by its manifest, while everything else it names is there. After a
//! restored backup or a new `state.redb` the files are left alone.

use std::collections::BTreeMap;

use appliance_core::{StoreError, ports::Damaged};

use storage_rules::tiers::manifest::{self, Identity, Segment};

use crate::{
    cold::{self, Archive, ColdFault},
    shared::Shared,
};

const OP: &str = "tiers.begin";

/// Brings the archive's folder in step with the manifest. Failures are logged and cost no start:
/// the archive is read as far as it can be.
pub(crate) fn begin(shared: &Shared, archive: &Archive) {
    if let Err(error) = sweep(shared, archive) {
        tracing::error!(%error, "the archive's folder could not be looked through");
    }
}

fn sweep(shared: &Shared, archive: &Archive) -> Result<(), StoreError> {
    let (last, named, identity) = shared.read(OP, |file| {
        let last = manifest::all(file)?.last_key_value().map_or(0, |(last, _)| *last);
        Ok((last, manifest::living(file)?, manifest::identity(file)?))
    })?;
    archive.skip(last);
    let found = archive.found().map_err(|fault| fault.at(OP))?;
    archive.clear(&found.half_made).map_err(|fault| fault.at(OP))?;
    let is_whole = check(archive, &named);
    let orphans: Vec<u64> =
        found.segments.into_keys().filter(|number| !named.contains_key(number)).collect();
    if orphans.is_empty() {
        return Ok(());
    }
    if !is_whole {
        tracing::warn!(
            count = orphans.len(),
            "segments that nothing names are kept: others are missing"
        );
        return Ok(());
    }
    delete_own(archive, &orphans, identity).map_err(|fault| fault.at(OP))
}

/// Looks at every segment that counts; tells whether all are there.
fn check(archive: &Archive, named: &BTreeMap<u64, Segment>) -> bool {
    let mut is_whole = true;
    for (number, segment) in named {
        if let Err(fault) = archive.look(*number, segment.bytes) {
            tracing::error!(error = %fault, records = segment.records, "memories in the archive cannot be read");
            let (place, what) = (cold::place(*number), fault.to_string());
            archive.damage().note(Damaged { place, what, memory: None });
            is_whole = false;
        }
    }
    is_whole
}

fn delete_own(
    archive: &Archive,
    orphans: &[u64],
    identity: Option<Identity>,
) -> Result<(), ColdFault> {
    let is_own = |number: &u64| {
        let written_by = archive.identity(*number).ok();
        written_by.is_some() && written_by == identity
    };
    let (own, foreign): (Vec<u64>, Vec<u64>) = orphans.iter().partition(|number| is_own(number));
    if !foreign.is_empty() {
        tracing::warn!(
            count = foreign.len(),
            "the archive's folder has segments of another store: they are kept and not read"
        );
    }
    if own.is_empty() {
        return Ok(());
    }
    tracing::info!(count = own.len(), "segments that nothing counts on are swept away");
    archive.delete(&own)
}
