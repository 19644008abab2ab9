//! `memory search` and `memory why`: asks the server and prints the hits, best first.

use std::process::ExitCode;

use web_dto::{MemoryHitView, MemoryQuery, MemoryQueryFilters, MemoryResults};

use super::{Context, WIDTH, minute, print};

/// Prints the hits as a table.
///
/// # Errors
/// When no server runs, or it refuses; so for [`why`].
pub(super) fn search(context: &Context, text: &str, limit: u16) -> anyhow::Result<ExitCode> {
    let row = |hit: &MemoryHitView| {
        let text = print::line(&hit.text, WIDTH);
        vec![format!("{:.2}", hit.score), hit.kind.clone(), minute(&hit.created_at), text]
    };
    show(context, text, limit, |hits| {
        let rows = hits.iter().map(row).collect();
        print::table(&["SCORE", "KIND", "SAID", "TEXT"], rows) + "\n"
    })
}

/// Prints each hit with the line that explains it.
///
/// # Errors
/// As [`search`].
pub(super) fn why(context: &Context, text: &str, limit: u16) -> anyhow::Result<ExitCode> {
    let lines = |(n, hit): (usize, &MemoryHitView)| {
        let text = print::line(&hit.text, WIDTH);
        format!("{}. {text}\n   {:.2}: {} ({})\n", n + 1, hit.score, hit.why, hit.id)
    };
    show(context, text, limit, |hits| hits.iter().enumerate().map(lines).collect())
}

fn show(
    context: &Context,
    text: &str,
    limit: u16,
    printed: impl Fn(&[MemoryHitView]) -> String,
) -> anyhow::Result<ExitCode> {
    let query = MemoryQuery {
        query: text.to_owned(),
        limit: usize::from(limit),
        filters: MemoryQueryFilters::default(),
    };
    let client = context.client()?;
    let found: MemoryResults = context.block_on(client.post("/api/memory/search", &query))?;
    if context.json() {
        print::json(&found)?;
    } else if found.results.is_empty() {
        context.say("nothing found");
    } else {
        print::out(&printed(&found.results))?;
    }
    Ok(ExitCode::SUCCESS)
}
