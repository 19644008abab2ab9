//! The steps of the maintenance, in their order, and what a run of them did.

use std::time::Duration;

use appliance_core::ports::{Moved, Rewritten};

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// What was hot for too long becomes warm.
    AgedHot,
    /// What an agent has over its limit in the hot tier becomes warm, least recently used first.
    CrowdedHot,
    /// What was warm for too long goes to the archive.
    AgedWarm,
    /// What the warm tier has over its limit goes to the archive, least useful first.
    CrowdedWarm,
    /// Files of the archive that are half dead are written anew.
    Compact,
    /// What was archived for too long is purged, and the oldest while the archive is too big.
    Expire,
    /// What was forgotten long ago is purged.
    Purge,
    /// Vectors that nobody has asked for are dropped from the cache.
    Vectors,
    /// The indexes are saved.
    Save,
    /// What was purged leaves every file; a records' file that is half empty is made anew.
    Clean,
}

impl Step {
    /// All, in the order in which they are done.
    pub const ALL: [Self; 10] = [
        Self::AgedHot,
        Self::CrowdedHot,
        Self::AgedWarm,
        Self::CrowdedWarm,
        Self::Compact,
        Self::Expire,
        Self::Purge,
        Self::Vectors,
        Self::Save,
        Self::Clean,
    ];

    /// Returns the name in metrics and in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AgedHot => "aged_hot",
            Self::CrowdedHot => "crowded_hot",
            Self::AgedWarm => "aged_warm",
            Self::CrowdedWarm => "crowded_warm",
            Self::Compact => "compact",
            Self::Expire => "expire",
            Self::Purge => "purge",
            Self::Vectors => "vectors",
            Self::Save => "save",
            Self::Clean => "clean",
        }
    }

    /// Returns what it does, for a person.
    #[must_use]
    pub const fn doing(self) -> &'static str {
        match self {
            Self::AgedHot => "making warm what has been hot for long",
            Self::CrowdedHot => "making warm what the hot tier has too many of",
            Self::AgedWarm => "archiving what has been warm for long",
            Self::CrowdedWarm => "archiving what the warm tier has too many of",
            Self::Compact => "compacting the archive",
            Self::Expire => "deleting what has been archived for long",
            Self::Purge => "deleting what was forgotten long ago",
            Self::Vectors => "dropping vectors that nobody asks for",
            Self::Save => "saving the indexes",
            Self::Clean => "making files anew",
        }
    }
}

/// What one run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// What each step that succeeded moved, rewrote, purged or dropped.
    pub done: Vec<(Step, Moved)>,
    /// The steps that failed, and why.
    pub failed: Vec<(Step, String)>,
    /// The records' file, where it was made anew.
    pub rewritten: Option<Rewritten>,
    /// How long it took.
    pub took: Duration,
}

/// When files are made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clean {
    /// A day after the last time at the earliest.
    Daily,
    /// Now, because somebody asked for it.
    Now,
}

impl Report {
    /// Returns what a step moved; nothing for one that failed.
    #[must_use]
    pub fn moved(&self, step: Step) -> Moved {
        let found = self.done.iter().find(|(done, _)| *done == step);
        found.map(|(_, moved)| *moved).unwrap_or_default()
    }

    /// Says in a sentence what was done.
    pub(super) fn sentence(&self) -> String {
        let count =
            |steps: &[Step]| -> u64 { steps.iter().map(|step| self.moved(*step).memories).sum() };
        let warm = count(&[Step::AgedHot, Step::CrowdedHot]);
        let cold = count(&[Step::AgedWarm, Step::CrowdedWarm]);
        let purged = count(&[Step::Expire, Step::Purge]);
        let mut sentence = format!("{warm} made warm, {cold} archived, {purged} deleted");
        if let Some(Rewritten { before, after }) = self.rewritten {
            let kb = |bytes: u64| bytes.div_ceil(1_000);
            let (before, after) = (kb(before), kb(after));
            sentence =
                format!("{sentence}; the records' file was made anew: {before} -> {after} kB");
        }
        for (step, why) in &self.failed {
            sentence = format!("{sentence}; {} failed: {why}", step.as_str());
        }
        sentence
    }
}
