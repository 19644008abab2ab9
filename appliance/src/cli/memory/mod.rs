//! `memory ...`: looks into the memory of the running server, puts things in and looks after them.
//! Prints; decides nothing.

mod actions;
mod bars;
mod carry;
mod deed;
mod find;
mod forget;
mod get;
mod import;
mod job;
mod keep;
mod lines;
mod list;
mod purge;
mod query;
mod stats;
mod why;

use std::process::ExitCode;

use super::{Context, arguments::Memory, print};

pub use purge::told as purged;
pub use query::{segment, url};

/// Characters of a memory that fit beside its score.
const WIDTH: usize = 100;

/// Runs one of the memory commands.
///
/// # Errors
/// When no server runs, or it refuses; so for all of them.
pub fn run(context: &Context, command: &Memory) -> anyhow::Result<ExitCode> {
    match command {
        Memory::Search { text, limit, filters } => find::search(context, text, *limit, filters),
        Memory::Why { words, limit, filters } => why::run(context, words, *limit, filters),
        Memory::Add { text, author } => keep::add(context, text, author.as_deref()),
        Memory::List { limit, cursor, filters } => {
            list::list(context, *limit, cursor.as_deref(), filters)
        }
        Memory::Get { id } => get::run(context, id),
        Memory::Forget { ids, yes } => forget::run(context, ids, *yes),
        Memory::Purge { ids, yes } => purge::run(context, ids, *yes),
        Memory::Undo { action } => deed::undo(context, action.as_deref()),
        Memory::Actions { limit } => actions::run(context, *limit),
        Memory::Pin { id, off } => deed::pin(context, id, !off),
        Memory::Correct { id, text } => deed::correct(context, id, text),
        Memory::Learnings { phase, outcome, limit } => {
            list::learnings(context, phase.as_deref(), outcome.as_deref(), *limit)
        }
        Memory::Stats => stats::run(context),
        Memory::Reindex { detach } => job::reindex(context, *detach),
        Memory::Maintain { detach } => job::maintain(context, *detach),
        Memory::Export { file } => carry::export(context, file.as_deref()),
        Memory::Import { file, skip_bad } => import::run(context, file.as_deref(), *skip_bad),
    }
}

/// Returns a time as it fits into a table.
fn minute(time: &str) -> String {
    time.get(..16).unwrap_or(time).replace('T', " ")
}
