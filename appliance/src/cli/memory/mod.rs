//! `memory ...`: looks into the memory of the running server and puts things in. Prints; decides
//! nothing.

mod find;
mod keep;
mod list;

use std::process::ExitCode;

use super::{Context, arguments::Memory, print};

/// Characters of a memory that fit beside its score.
const WIDTH: usize = 100;

/// Runs one of the memory commands.
///
/// # Errors
/// When no server runs, or it refuses.
pub fn run(context: &Context, command: &Memory) -> anyhow::Result<ExitCode> {
    match command {
        Memory::Search { text, limit } => find::search(context, text, *limit),
        Memory::Why { text, limit } => find::why(context, text, *limit),
        Memory::Add { text, author } => keep::add(context, text, author.as_deref()),
        Memory::Import { file } => keep::import(context, file.as_deref()),
        Memory::List { limit } => list::list(context, *limit),
    }
}

/// Returns a time as it fits into a table.
fn minute(time: &str) -> String {
    time.get(..16).unwrap_or(time).replace('T', " ")
}
