//! Exit codes and the error that carries one, so that `main` can return instead of exiting.
//!
//! Source: sysexits.h for 69 to 78; 128 and a signal's number for an end that a second signal forced; 3 is "works, with something missing".

use std::{fmt, process::ExitCode};

use appliance_core::{ErrorKind, StoreError};

use crate::typed::Typed;

/// Works, but something is missing or degraded.
pub const DEGRADED: u8 = 3;
/// No server answers.
pub const UNAVAILABLE: u8 = 69;
/// A part of the server that it cannot be without has failed.
pub const SOFTWARE: u8 = 70;
/// The disk failed in a way that leaves unknown what is on it.
pub const IO_ERROR: u8 = 74;
/// Somebody else has it just now: the port, the data directory.
pub const TEMPORARY: u8 = 75;
/// Not permitted.
pub const NO_PERMISSION: u8 = 77;
/// The configuration is wrong.
pub const CONFIG: u8 = 78;

/// The way out of a damaged store.
pub const DAMAGED: &str = "state.redb in the data directory is damaged and was left as it is: restore \
    a backup of the directory, or move everything out of it to start empty; `ai-infra doctor` says more";

/// An error that knows its exit code and its way out.
#[derive(Debug)]
pub struct Failure {
    /// The process's exit code.
    pub code: u8,
    /// What was being done, on what, and which limit was met.
    pub what: String,
    /// What to do next.
    pub hint: String,
}

impl Failure {
    /// Builds a failure from its code, what happened and what to do about it.
    pub fn new(code: u8, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, what: what.into(), hint: hint.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Failure {}

/// Tells whether an error says that no server answers.
pub fn is_absent(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Failure>().is_some_and(|failure| failure.code == UNAVAILABLE)
}

/// Ends the process at once, from whatever thread: nothing more is answered and nothing is drained.
#[expect(clippy::disallowed_methods, reason = "what was written is unknown: nothing may go on")]
pub fn at_once(code: u8) -> ! {
    std::process::exit(i32::from(code))
}

/// Prints `error` the way every command does, commands in it as they have to be typed, and returns its exit code.
pub fn report(error: &anyhow::Error, typed: &Typed) -> ExitCode {
    eprintln!("error: {}", typed.within(&format!("{error:#}")));
    let (code, hint) = match error.downcast_ref::<Failure>() {
        Some(failure) => (failure.code, failure.hint.as_str()),
        None => by_cause(error),
    };
    if !hint.is_empty() {
        eprintln!("  hint: {}", typed.within(hint));
    }
    ExitCode::from(code)
}

/// Returns code and way out of an error that has none of its own, by what the store said below it.
fn by_cause(error: &anyhow::Error) -> (u8, &'static str) {
    let store = error.chain().find_map(|cause| cause.downcast_ref::<StoreError>());
    match store.map(|error| error.kind) {
        Some(ErrorKind::Corrupt) => (CONFIG, DAMAGED),
        Some(ErrorKind::Full) => (UNAVAILABLE, "free some space on the disk of the data directory"),
        Some(ErrorKind::Unavailable) => (UNAVAILABLE, "`ai-infra doctor` says more"),
        _ => (1, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_store_said_decides_the_code_of_an_error_without_one() {
        let under = |kind| {
            let error = anyhow::Error::new(StoreError::new(kind, "users.first", "page 7"));
            by_cause(&error.context("while looking for the first user")).0
        };
        assert_eq!(under(ErrorKind::Corrupt), CONFIG);
        assert_eq!(under(ErrorKind::Full), UNAVAILABLE);
        assert_eq!(under(ErrorKind::Invalid), 1);
        assert_eq!(by_cause(&anyhow::anyhow!("anything else")), (1, ""));
    }
}
