//! `memory search`: asks the server and prints the hits, best first.

use std::process::ExitCode;

use web_dto::{MemoryHitView, MemoryQuery, MemoryResults};

use super::{Context, WIDTH, minute, print, query};
use crate::cli::arguments::Filters;

/// Prints the hits as a table.
pub(super) fn search(
    context: &Context,
    text: &str,
    limit: u16,
    filters: &Filters,
) -> anyhow::Result<ExitCode> {
    let row = |hit: &MemoryHitView| {
        let memory = &hit.memory;
        let text = print::line(&memory.text, WIDTH);
        vec![format!("{:.2}", hit.score), memory.kind.clone(), minute(&memory.created_at), text]
    };
    show(context, &asked(text, limit, filters), |hits| {
        let rows = hits.iter().map(row).collect();
        print::table(&["SCORE", "KIND", "SAID", "TEXT"], rows) + "\n"
    })
}

/// Returns the question as the API takes it.
pub(super) fn asked(text: &str, limit: u16, filters: &Filters) -> MemoryQuery {
    MemoryQuery {
        query: text.to_owned(),
        limit: usize::from(limit),
        filters: query::filters(filters),
        peek: false,
    }
}

/// Asks, and prints the hits.
pub(super) fn show(
    context: &Context,
    query: &MemoryQuery,
    printed: impl Fn(&[MemoryHitView]) -> String,
) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    let found: MemoryResults = context.block_on(client.post("/api/memory/search", query))?;
    if !context.json() && !found.missing.is_empty() {
        let missing = found.missing.join(" and ");
        context.say(&format!("without {missing} just now; the same search may find more later"));
    }
    if context.json() {
        print::json(&found)?;
    } else if found.results.is_empty() {
        context.say("nothing close to that is remembered");
    } else {
        print::out(&printed(&found.results))?;
    }
    Ok(ExitCode::SUCCESS)
}
