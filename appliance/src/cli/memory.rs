//! `memory search`: asks the server and prints the hits, best first.

use std::process::ExitCode;

use web_dto::{MemoryHitView, MemoryQuery, MemoryQueryFilters, MemoryResults};

use super::{Context, arguments::Memory, print};

/// Characters of a memory that fit beside its score.
const WIDTH: usize = 100;

/// Runs one of the memory commands.
///
/// # Errors
/// When no server runs, or it refuses.
pub fn run(context: &Context, command: &Memory) -> anyhow::Result<ExitCode> {
    let Memory::Search { text, limit } = command;
    let query = MemoryQuery {
        query: text.clone(),
        limit: usize::from(*limit),
        filters: MemoryQueryFilters::default(),
    };
    let client = context.client()?;
    let found: MemoryResults = context.block_on(client.post("/api/memory/search", &query))?;
    if context.json() {
        print::json(&found)?;
        return Ok(ExitCode::SUCCESS);
    }
    if found.results.is_empty() {
        context.say("nothing found");
        return Ok(ExitCode::SUCCESS);
    }
    let rows = found.results.iter().map(row).collect();
    print::out(&(print::table(&["SCORE", "KIND", "SAID", "TEXT"], rows) + "\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn row(hit: &MemoryHitView) -> Vec<String> {
    let said = hit.created_at.get(..16).unwrap_or(&hit.created_at).replace('T', " ");
    vec![format!("{:.2}", hit.score), hit.kind.clone(), said, print::line(&hit.text, WIDTH)]
}
