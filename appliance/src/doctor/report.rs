//! The report: one line a check, its remedy under it, and the exit code of all of them.

use std::process::ExitCode;

use serde::Serialize;

use crate::{
    cli::{Context, print, visible},
    exit,
    typed::Typed,
};

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Works, with something missing.
    Warn,
    /// Does not work.
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How it went.
    pub level: Level,
    /// What was seen.
    pub said: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub remedy: String,
}

impl Check {
    /// All is well.
    pub fn ok(name: &'static str, said: impl Into<String>) -> Self {
        Self { name, level: Level::Ok, said: said.into(), remedy: String::new() }
    }

    /// Works, with something missing.
    pub fn warn(name: &'static str, said: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, level: Level::Warn, said: said.into(), remedy: remedy.into() }
    }

    /// Does not work.
    pub fn fail(name: &'static str, said: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, level: Level::Fail, said: said.into(), remedy: remedy.into() }
    }
}

/// Everything that was looked at.
#[derive(Debug, Default)]
pub struct Report {
    checks: Vec<Check>,
}

impl Report {
    /// Adds one check.
    pub fn add(&mut self, check: Check) {
        self.checks.push(check);
    }

    /// Adds several.
    pub fn extend(&mut self, checks: Vec<Check>) {
        self.checks.extend(checks);
    }

    /// Returns the worst of all.
    pub fn level(&self) -> Level {
        self.checks.iter().map(|check| check.level).max().unwrap_or(Level::Ok)
    }

    /// Returns 0, 3 or 1.
    pub fn exit_code(&self) -> ExitCode {
        match self.level() {
            Level::Ok => ExitCode::SUCCESS,
            Level::Warn => ExitCode::from(exit::DEGRADED),
            Level::Fail => ExitCode::FAILURE,
        }
    }

    /// Prints the report, for people or programs.
    ///
    /// # Errors
    /// When nobody reads it.
    pub fn print(&self, context: &Context) -> anyhow::Result<()> {
        if context.json() {
            let level = self.level();
            return print::json(&serde_json::json!({"status": level, "checks": self.checks}));
        }
        print::out_trusted(&self.lines(context.colour(), context.typed()))?;
        Ok(())
    }

    fn lines(&self, colour: bool, typed: &Typed) -> String {
        let mut out = String::new();
        for check in &self.checks {
            let mark = mark(check.level, colour);
            out += &format!("{mark}  {:<10}  {}\n", check.name, visible(&check.said));
            if !check.remedy.is_empty() {
                out += &format!("      {:<10}  {}\n", "", visible(&typed.within(&check.remedy)));
            }
        }
        out
    }
}

fn mark(level: Level, colour: bool) -> String {
    let (word, number) = match level {
        Level::Ok => ("ok  ", 32),
        Level::Warn => ("warn", 33),
        Level::Fail => ("fail", 31),
    };
    if colour { format!("\x1b[{number}m{word}\x1b[0m") } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_check_decides_and_every_remedy_is_printed() {
        let mut report = Report::default();
        report.add(Check::ok("config", "fine"));
        assert_eq!(report.level(), Level::Ok);
        report.add(Check::warn("tmux", "not found", "install it"));
        assert_eq!(report.level(), Level::Warn);
        report.add(Check::fail("disk", "full\u{1b}[2J", "free space"));
        assert_eq!(report.level(), Level::Fail);
        let lines = report.lines(false, &Typed::new(None, Vec::new()));
        assert!(lines.contains("install it") && lines.contains("free space"));
        assert!(!lines.contains('\u{1b}'), "{lines}");
    }
}
