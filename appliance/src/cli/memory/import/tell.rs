//! What is said of an import: what was kept, what was not, and the way on. Keeps nothing itself.

use std::{collections::HashSet, fmt, fmt::Write as _, path::Path, process::ExitCode};

use serde::Serialize;
use web_dto::Remembered;

use super::{Bad, Context};
use crate::{
    cli::{print, visible},
    exit::{self, Failure},
    typed::quoted,
};

/// Most lines that a refusal names; the count says how many there are.
const NAMED: usize = 20;

/// Where the lines come from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source<'a> {
    /// A file.
    File(&'a Path),
    /// Standard input.
    Input,
}

impl<'a> Source<'a> {
    /// Understands what was typed.
    pub(super) fn of(file: Option<&'a Path>) -> Self {
        file.filter(|file| *file != Path::new("-")).map_or(Self::Input, Self::File)
    }

    /// Returns how it is typed.
    fn typed(self) -> String {
        match self {
            Self::File(file) => quoted(&file.to_string_lossy()),
            Self::Input => "-".to_owned(),
        }
    }
}

impl fmt::Display for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(f, "{}", file.display()),
            Self::Input => f.write_str("standard input"),
        }
    }
}

/// What became of the lines.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    #[serde(flatten)]
    kept: Remembered,
    left_out: Vec<Bad>,
}

impl Outcome {
    /// Takes what was kept and what was left out.
    pub(super) const fn new(kept: Remembered, left_out: Vec<Bad>) -> Self {
        Self { kept, left_out }
    }

    /// Counts memories that are new, those that were there before, and lines that say again what another
    /// line says.
    fn counts(&self) -> (usize, usize, usize) {
        let lines = || self.kept.ids.iter().zip(&self.kept.known);
        let new: HashSet<&String> = lines().filter(|(_, known)| !**known).map(|it| it.0).collect();
        let all: HashSet<&String> = self.kept.ids.iter().collect();
        (new.len(), all.len() - new.len(), self.kept.ids.len() - all.len())
    }
}

/// Says that nothing was kept, and because of which lines.
pub(super) fn refused(source: &Source<'_>, lines: u64, bad: &[Bad]) -> Failure {
    let mut what =
        format!("nothing of {source} was kept: {} of its {lines} lines cannot be", bad.len());
    what += &named(&bad[..bad.len().min(NAMED)]);
    if bad.len() > NAMED {
        // Writing to a string cannot fail.
        let _ = write!(what, "\n  and {} more", bad.len() - NAMED);
    }
    let typed = source.typed();
    let hint = format!("mend them, or leave them out: ai-infra memory import --skip-bad {typed}");
    Failure::new(1, what, hint)
}

/// Says that a text has two bytes a character.
pub(super) fn wide(source: &Source<'_>) -> Failure {
    let what = format!("{source} is UTF-16, an import is UTF-8; nothing of it was kept");
    let from = match source {
        Source::File(_) => format!("iconv -f UTF-16 -t UTF-8 {}", source.typed()),
        Source::Input => "iconv -f UTF-16 -t UTF-8".to_owned(),
    };
    Failure::new(1, what, format!("convert it: {from} | ai-infra memory import -"))
}

/// Says what was kept and what was left out.
pub(super) fn outcome(
    context: &Context,
    source: &Source<'_>,
    it: &Outcome,
) -> anyhow::Result<ExitCode> {
    if context.json() {
        print::json(it)?;
    } else {
        let (new, before, again) = it.counts();
        let mut said = format!("imported: {new} new, {before} remembered already");
        if again > 0 {
            let _ = write!(said, ", {again} said twice in it");
        }
        context.say(&said);
    }
    if it.left_out.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let count = it.left_out.len();
    context.warn(&format!("left out of {source}, lines: {count}{}", named(&it.left_out)), "");
    Ok(ExitCode::from(exit::DEGRADED))
}

fn named(bad: &[Bad]) -> String {
    bad.iter().map(|bad| format!("\n  line {}: {}", bad.line, visible(&bad.why))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_says_twice_is_counted_apart_from_what_was_known() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let ids = words(&["new", "old", "new", "old", "newer"]);
        let kept = Remembered { ids, known: vec![false, true, true, true, false] };
        assert_eq!(Outcome::new(kept, Vec::new()).counts(), (2, 1, 2));
    }

    #[test]
    fn a_refusal_names_the_lines_and_the_way_on() {
        let bad: Vec<Bad> = (1..=30).map(|line| Bad { line, why: "\u{1b}[2J".into() }).collect();
        let told = refused(&Source::of(Some(Path::new("my notes.jsonl"))), 5_000, &bad);
        assert!(told.what.contains("30 of its 5000 lines"), "{told:?}");
        assert!(told.what.contains("\n  line 20: \\u{1b}[2J\n  and 10 more"), "{told:?}");
        assert!(told.hint.ends_with("import --skip-bad 'my notes.jsonl'"), "{told:?}");
        assert!(refused(&Source::of(Some(Path::new("-"))), 1, &bad).hint.ends_with(" -"));
    }
}
