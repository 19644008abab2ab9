//! `memory list` and `memory learnings`: prints what was kept last.

use std::process::ExitCode;

use web_dto::{MemoryList, MemoryListQuery, MemoryView};

use super::{Context, WIDTH, minute, print, query};
use crate::cli::arguments::Filters;

/// Prints the newest memories that pass as a table.
pub(super) fn list(
    context: &Context,
    limit: u16,
    cursor: Option<&str>,
    filters: &Filters,
) -> anyhow::Result<ExitCode> {
    let asked = MemoryListQuery {
        filters: query::filters(filters),
        limit: Some(usize::from(limit)),
        cursor: cursor.map(str::to_owned),
    };
    show(context, &query::url("/api/memory", &asked.pairs()), "nothing is remembered there")
}

/// Prints the newest learnings as a table.
pub(super) fn learnings(
    context: &Context,
    phase: Option<&str>,
    outcome: Option<&str>,
    limit: u16,
) -> anyhow::Result<ExitCode> {
    let mut pairs = vec![("limit", limit.to_string())];
    pairs.extend(phase.map(|phase| ("phase", phase.to_owned())));
    pairs.extend(outcome.map(|outcome| ("outcome", outcome.to_owned())));
    show(context, &query::url("/api/memory/learnings", &pairs), "nothing was learned there yet")
}

fn show(context: &Context, path: &str, nothing: &str) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    let found: MemoryList = context.block_on(client.get(path))?;
    if context.json() {
        print::json(&found)?;
        return Ok(ExitCode::SUCCESS);
    }
    if found.items.is_empty() {
        context.say(nothing);
    } else {
        let rows = found.items.iter().map(row).collect();
        print::out(&(print::table(&["ID", "SAID", "KIND", "BY", "TEXT"], rows) + "\n"))?;
    }
    if let Some(cursor) = found.next_cursor {
        context.say(&format!("there is more: --cursor {cursor}"));
    }
    Ok(ExitCode::SUCCESS)
}

fn row(memory: &MemoryView) -> Vec<String> {
    let by = memory.author.as_ref().or(memory.agent.as_ref());
    let by = print::line(by.map_or("you", String::as_str), 20);
    let text = print::line(&memory.text, WIDTH);
    vec![memory.id.clone(), minute(&memory.created_at), memory.kind.clone(), by, text]
}
