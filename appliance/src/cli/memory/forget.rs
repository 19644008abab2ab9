//! `memory forget`: shows memories to nobody any more. Many at once are shown and confirmed first.

use std::{
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    process::ExitCode,
};

use web_dto::{ActionView, ForgetMemories, MemoryView};

use super::{Context, WIDTH, deed, print, query::segment};
use crate::{cli::Client, exit::Failure};

/// Memories shown before the question.
const SHOWN: usize = 10;

/// Forgets, after a question when there are many.
pub(super) fn run(context: &Context, ids: &[String], yes: bool) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    if ids.len() > 1 && !yes && !confirmed(context, &client, ids)? {
        context.say("nothing was forgotten");
        return Ok(ExitCode::FAILURE);
    }
    let body = ForgetMemories { ids: ids.to_vec() };
    let action: ActionView = context.block_on(client.post_deed("/api/memory/forget", &body))?;
    deed::told(context, &action)
}

fn confirmed(context: &Context, client: &Client, ids: &[String]) -> anyhow::Result<bool> {
    let many = format!("{} memories would be forgotten", ids.len());
    if !io::stdin().is_terminal() {
        let hint = "add --yes when they should be";
        return Err(Failure::new(2, format!("{many}, and nobody can be asked"), hint).into());
    }
    for id in ids.iter().take(SHOWN) {
        let path = format!("/api/memory/{}", segment(id));
        let memory: MemoryView = context.block_on(client.get(&path))?;
        eprintln!("  {}", print::line(&memory.text, WIDTH));
    }
    if ids.len() > SHOWN {
        eprintln!("  and {} more", ids.len() - SHOWN);
    }
    eprint!("{many}. Forget them? [y/N] ");
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
