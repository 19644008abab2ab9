//! Tests that need something the machine may lack: they say so loudly, and in CI they fail.

use anyhow::bail;

/// Says that a test is left out and why.
///
/// # Errors
/// With `CI=true`: there a test that did not run is a test that failed.
pub fn loudly(what: &str, why: &str) -> anyhow::Result<()> {
    if variable("CI").is_some_and(|value| value == "true") {
        bail!("{what} cannot run: {why}; in CI a skipped test is a failed test");
    }
    eprintln!("SKIPPED {what}: {why}");
    Ok(())
}

/// Returns a variable of the environment the tests were started in.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own switches, not the product's settings"
)]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
