//! `memory actions`: what was done to memories, and what `undo` names.

use std::process::ExitCode;

use web_dto::{ActionList, ActionView};

use super::{Context, minute, print};

/// Prints the newest deeds as a table.
pub(super) fn run(context: &Context, limit: u16) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    let path = format!("/api/memory/actions?limit={limit}");
    let found: ActionList = context.block_on(client.get(&path))?;
    if context.json() {
        print::json(&found)?;
    } else if found.items.is_empty() {
        context.say("nothing was done to memories yet");
    } else {
        let rows = found.items.iter().map(row).collect();
        print::out(&(print::table(&["ID", "DONE", "DEED", "MEMORIES", "UNDONE"], rows) + "\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn row(action: &ActionView) -> Vec<String> {
    let memories = match action.memory_ids.as_slice() {
        [id] => id.clone(),
        ids => ids.len().to_string(),
    };
    let undone = action.undone_at.as_deref().map(minute).unwrap_or_default();
    vec![action.id.clone(), minute(&action.at), action.deed.clone(), memories, undone]
}
