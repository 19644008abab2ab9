//! `memory forget`: shows memories to nobody any more. Many at once are shown and confirmed first.

use std::process::ExitCode;

use web_dto::{ActionView, ForgetMemories, MemoryView};

use super::{Context, WIDTH, deed, print, query::segment};
use crate::cli::{Client, confirm};

/// Memories shown before the question.
const SHOWN: usize = 10;

/// Forgets, after a question when there are many.
pub(super) fn run(context: &Context, ids: &[String], yes: bool) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    if ids.len() > 1 && !yes {
        let would = format!("{} memories would be forgotten", ids.len());
        confirm::somebody_is_there(&would)?;
        show(context, &client, ids)?;
        if !confirm::asked(&format!("{would}. Forget them?"))? {
            context.say("nothing was forgotten");
            return Ok(ExitCode::FAILURE);
        }
    }
    let body = ForgetMemories { ids: ids.to_vec() };
    let action: ActionView = context.block_on(client.post_deed("/api/memory/forget", &body))?;
    deed::told(context, &action)
}

/// Shows what a question is about.
pub(super) fn show(context: &Context, client: &Client, ids: &[String]) -> anyhow::Result<()> {
    for id in ids.iter().take(SHOWN) {
        let path = format!("/api/memory/{}", segment(id));
        let memory: anyhow::Result<MemoryView> = context.block_on(client.get(&path));
        let text = memory.map_or_else(|_| id.clone(), |memory| memory.text); // forgotten, perhaps
        eprintln!("  {}", print::line(&text, WIDTH));
    }
    if ids.len() > SHOWN {
        eprintln!("  and {} more", ids.len() - SHOWN);
    }
    Ok(())
}
