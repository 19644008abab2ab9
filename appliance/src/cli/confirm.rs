//! The question before what cannot be undone easily. Does nothing itself.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use crate::exit::Failure;

/// Refuses where nobody can be asked; `would` says what would be done, such as "3 memories would be
/// forgotten".
///
/// # Errors
/// Usage (2), with the option that answers the question.
pub fn somebody_is_there(would: &str) -> anyhow::Result<()> {
    if io::stdin().is_terminal() {
        return Ok(());
    }
    let hint = "add --yes when they should be";
    Err(Failure::new(2, format!("{would}, and nobody can be asked"), hint).into())
}

/// Asks at the terminal; anything but yes is no.
///
/// # Errors
/// The terminal's own.
pub fn asked(question: &str) -> anyhow::Result<bool> {
    eprint!("{question} [y/N] ");
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
