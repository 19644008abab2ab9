//! Exit codes and the error that carries one, so that `main` can return instead of exiting.
//!
//! Source: sysexits.h for 69 to 78; 3 is "works, with something missing".

use std::{fmt, process::ExitCode};

/// Works, but something is missing or degraded.
pub const DEGRADED: u8 = 3;
/// No server answers.
pub const UNAVAILABLE: u8 = 69;
/// Somebody else has it just now: the port, the data directory.
pub const TEMPORARY: u8 = 75;
/// Not permitted.
pub const NO_PERMISSION: u8 = 77;
/// The configuration is wrong.
pub const CONFIG: u8 = 78;

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

/// Prints `error` the way every command does and returns its exit code.
pub fn report(error: &anyhow::Error) -> ExitCode {
    let failure = error.downcast_ref::<Failure>();
    eprintln!("error: {error:#}");
    if let Some(failure) = failure.filter(|failure| !failure.hint.is_empty()) {
        eprintln!("  hint: {}", failure.hint);
    }
    ExitCode::from(failure.map_or(1, |failure| failure.code))
}
