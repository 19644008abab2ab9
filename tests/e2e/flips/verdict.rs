//! Right or wrong: whether list, search, export and counts agree after a flip, or it is said where not.

use std::{collections::BTreeSet, fmt};

use crate::{bits::Flip, look::Looked};

/// What came of a flip.
pub(crate) enum Outcome {
    /// All is there and nothing was said.
    Unharmed,
    /// All is there, and what was wrong is named.
    Told,
    /// What is left out is named.
    LeftOut(usize),
    /// The start is refused, in words.
    Refused,
    /// It fools its owner.
    Wrong(String),
}

impl Outcome {
    /// Tells what was logged, where it fools its owner.
    pub(crate) fn with(self, log: &str) -> Self {
        match self {
            Self::Wrong(why) => Self::Wrong(format!("{why}\n{log}")),
            right => right,
        }
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Unharmed => "unharmed or mended",
            Self::Told => "all there and named",
            Self::LeftOut(_) => "left out and named",
            Self::Refused => "start refused",
            Self::Wrong(_) => "wrong",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeftOut(many) => write!(f, "{many} {}", self.name()),
            Self::Wrong(why) => write!(f, "WRONG: {}", why.lines().next().unwrap_or_default()),
            _ => f.write_str(self.name()),
        }
    }
}

/// Judges a start that did not come about.
pub(crate) fn refused(flip: &Flip, said: &str) -> Outcome {
    let is_said = said.contains("exit status: 78")
        && said.contains("damaged")
        && said.contains("restore a backup");
    if flip.place.ends_with("state.redb") && is_said && !said.contains("panicked") {
        return Outcome::Refused;
    }
    Outcome::Wrong(format!("the start: {said}"))
}

/// Judges what is told against what was told of the whole directory.
pub(crate) fn judge(whole: &Looked, now: &Looked) -> Outcome {
    if let Some(why) = wrong(whole, now) {
        return Outcome::Wrong(format!("{why}; named: {:?}, {:?}", now.damaged, now.checks));
    }
    let left_out = whole.listed.len() - now.listed.len();
    match (left_out, now.damaged.is_empty()) {
        (0, true) => Outcome::Unharmed,
        (0, false) => Outcome::Told,
        (many, _) => Outcome::LeftOut(many),
    }
}

fn wrong(whole: &Looked, now: &Looked) -> Option<String> {
    for (id, text) in &now.listed {
        if whole.listed.get(id) != Some(text) {
            return Some(format!("{id} was not there, or otherwise: {text}"));
        }
    }
    let gone: BTreeSet<&String> =
        whole.listed.keys().filter(|id| !now.listed.contains_key(*id)).collect();
    let named: BTreeSet<&String> = now.damaged.iter().filter_map(|it| it.memory.as_ref()).collect();
    // A row whose key is wrong cannot say whose it was.
    let unnamed = now.damaged.iter().filter(|it| it.memory.is_none()).count();
    let silent = gone.difference(&named).count();
    if silent > unnamed {
        return Some(format!("{silent} memories are gone, and not named: {gone:?}"));
    }
    search(whole, now).or_else(|| export(now, gone.len())).or_else(|| said(whole, now, gone.len()))
}

/// What is listed is found, and the other way round.
fn search(whole: &Looked, now: &Looked) -> Option<String> {
    let expected: BTreeSet<&String> =
        whole.found.iter().filter(|id| now.listed.contains_key(*id)).collect();
    let found: BTreeSet<&String> = now.found.iter().collect();
    let (less, more) = (expected.difference(&found), found.difference(&expected));
    let (less, more): (Vec<_>, Vec<_>) = (less.collect(), more.collect());
    if !more.is_empty() || !less.is_empty() && now.missing.is_empty() {
        return Some(format!("listed and not found: {less:?}; found and not listed: {more:?}"));
    }
    None
}

/// What is listed is exported, and an export that lacks something says so.
fn export(now: &Looked, gone: usize) -> Option<String> {
    if gone > 0 && now.lacking == 0 {
        return Some(format!("{gone} memories are gone, and the export calls itself whole"));
    }
    let less: Vec<&String> =
        now.listed.values().filter(|text| !now.exported.contains_key(*text)).collect();
    (!less.is_empty()).then(|| format!("listed and not exported: {less:?}"))
}

/// The counts agree, and what is named is named by readiness and the doctor too.
fn said(whole: &Looked, now: &Looked, gone: usize) -> Option<String> {
    if whole.counted != now.counted + gone as u64 && now.damaged.is_empty() {
        return Some(format!("{} counted, {} before, {gone} gone", now.counted, whole.counted));
    }
    let first = now.damaged.first()?;
    if now.checks["rows"] == "ok" || !now.doctor.contains(&first.place) {
        return Some(format!("readiness or the doctor do not tell: {}", now.doctor));
    }
    None
}
