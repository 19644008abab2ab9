//! `chat`: says something, follows the answer while it is written, prints it once.
//!
//! [`turn`] is one message and its answer; [`answer`] puts the pieces together; [`follow`] keeps the
//! live feed going through gaps and restarts; [`show`] prints; [`waits`] says what is waited for. Stores
//! nothing: the server does.

mod answer;
mod follow;
mod show;
mod talk;
mod turn;
mod waits;

use std::{
    io::{IsTerminal as _, Read as _},
    process::ExitCode,
};

use anyhow::Context as _;

use super::{Context, arguments::Chat, incoming};
use crate::exit::Failure;

/// Says `text`, or what standard input holds, or talks on a terminal.
///
/// # Errors
/// When no server runs, it refuses, or the answer is lost.
pub fn run(context: &Context, options: &Chat) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    if let Some(text) = text(options)? {
        return context.block_on(turn::one_shot(context, &client, options, &text));
    }
    context.block_on(talk::run(context, &client, options))
}

/// Returns what to say; `None` for a talk.
fn text(options: &Chat) -> anyhow::Result<Option<String>> {
    let hint = "`ai-infra chat \"text\"`, or run it on a terminal to talk";
    if let Some(text) = &options.text {
        if text.trim().is_empty() {
            return Err(Failure::new(2, "nothing to say: the text is empty", hint).into());
        }
        return Ok(Some(text.clone()));
    }
    let mut stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    stdin.read_to_end(&mut bytes).context("while reading the message from standard input")?;
    let text = incoming::text(bytes, "ai-infra chat")?;
    if text.trim().is_empty() {
        return Err(Failure::new(2, "nothing to say: standard input is empty", hint).into());
    }
    Ok(Some(text))
}
