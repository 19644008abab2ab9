//! What ails the server, as one sentence each, read from its readiness. Asks nothing.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Something that the person in front of the page has to know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ailing {
    /// There is no room on the disk.
    Full,
    /// Saving takes long.
    Slow,
    /// Saving fails.
    Failing,
    /// Rows or files cannot be read.
    Damaged,
    /// The wall clock is far ahead of the time that was seen to pass.
    ClockAhead,
    /// The wall clock is far behind it.
    ClockBehind,
}

impl Ailing {
    /// Says what it is and what it means.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Full => {
                "The disk is full: nothing new can be kept until there is room. What is kept can be read."
            }
            Self::Slow => "The disk is slow just now: sending and saving take longer.",
            Self::Failing => {
                "Saving fails just now. What was confirmed is safe; the server's log says why."
            }
            Self::Damaged => "Some of what is kept cannot be read, and is left out everywhere.",
            Self::ClockAhead => {
                "The server's clock is far ahead of the time it has seen pass. Nothing is deleted by age and no login ends until that time is lived through, or the clock is confirmed."
            }
            Self::ClockBehind => {
                "The server's clock was set back. What is new is dated before what is there, until it is set right."
            }
        }
    }
}

/// The part of [`Ready`](web_dto::Ready) that is shown.
#[derive(Debug, Default, Deserialize)]
pub struct Checks {
    checks: BTreeMap<String, String>,
}

impl Checks {
    /// Returns what ails it, the worst first.
    #[must_use]
    pub fn ailing(&self) -> Vec<Ailing> {
        let code = |part: &str| self.checks.get(part).map_or("ok", String::as_str);
        let records = match code("records") {
            "ok" => None,
            "full" => Some(Ailing::Full),
            "slow" => Some(Ailing::Slow),
            _ => Some(Ailing::Failing),
        };
        let rows = (code("rows") == "damaged").then_some(Ailing::Damaged);
        let clock = match code("clock") {
            "ahead" => Some(Ailing::ClockAhead),
            "behind" => Some(Ailing::ClockBehind),
            _ => None,
        };
        [records, rows, clock].into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use web_dto::Ready;

    use super::*;

    fn ailing(checks: &[(&str, &str)]) -> Vec<Ailing> {
        let checks = checks.iter().map(|(part, code)| ((*part).into(), (*code).into())).collect();
        let ready = Ready { status: "degraded".into(), checks, last_commit_age_ms: Some(7) };
        let read: Checks = serde_json::from_str(&serde_json::to_string(&ready).unwrap()).unwrap();
        read.ailing()
    }

    #[test]
    fn each_code_that_a_person_can_act_on_has_its_sentence() {
        assert_eq!(ailing(&[("records", "ok"), ("rows", "checking"), ("agents", "stale")]), []);
        assert_eq!(ailing(&[("records", "full")]), [Ailing::Full]);
        assert_eq!(ailing(&[("records", "slow")]), [Ailing::Slow]);
        for code in ["failing", "damaged", "ended", "hung", "timeout", "unavailable"] {
            assert_eq!(ailing(&[("records", code)]), [Ailing::Failing]);
        }
        assert_eq!(ailing(&[("clock", "behind")]), [Ailing::ClockBehind]);
        let both = ailing(&[("clock", "ahead"), ("rows", "damaged")]);
        assert_eq!(both, [Ailing::Damaged, Ailing::ClockAhead]);
    }
}
