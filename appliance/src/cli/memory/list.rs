//! `memory list`: prints what was kept last.

use std::process::ExitCode;

use web_dto::{MemoryList, MemoryView};

use super::{Context, WIDTH, minute, print};

/// Prints the newest memories as a table.
///
/// # Errors
/// When no server runs, or it refuses.
pub(super) fn list(context: &Context, limit: u16) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    let path = format!("/api/memory?limit={limit}");
    let found: MemoryList = context.block_on(client.get(&path))?;
    if context.json() {
        print::json(&found)?;
    } else if found.items.is_empty() {
        context.say("nothing is remembered yet");
    } else {
        let rows = found.items.iter().map(row).collect();
        print::out(&(print::table(&["SAID", "KIND", "BY", "TEXT"], rows) + "\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn row(memory: &MemoryView) -> Vec<String> {
    let by = memory.author.as_ref().or(memory.agent.as_ref());
    let by = print::line(by.map_or("you", String::as_str), 20);
    vec![minute(&memory.created_at), memory.kind.clone(), by, print::line(&memory.text, WIDTH)]
}
