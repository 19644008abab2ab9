//! The benches: how fast the appliance starts, how much it holds, how soon it answers.
//!
//! [`appliance`] measures the real binary in a home of its own, [`store`] the records and the bus in
//! this process; [`edge`], [`flood`], [`recall`], [`bytes`], [`day`] and [`vectors`], benches of their
//! own, the edge beside FastAPI, honest requests in a flood, remembering and searching through the whole product, what a message weighs on
//! disk, a day's load, and the vector index. A report with aims, not a gate: a
//! shared machine moves absolute figures by two to five times, so a baseline names the machine it was
//! taken on ([`machine`]).
//!
//! To add a figure: measure it in a file of its own, push it into the [`report::Report`], and say
//! where its aim comes from.

pub mod appliance;
pub mod arguments;
pub mod bytes;
pub mod day;
pub mod edge;
pub mod flood;
pub mod machine;
pub mod recall;
pub mod report;
pub mod stall;
pub mod store;
mod times;
pub mod vectors;

use anyhow::Context;

use crate::{arguments::Arguments, report::Report};

/// Measures the appliance and the store, and prints the report; `--write-baseline` keeps it.
///
/// # Errors
/// When an argument is wrong, or the binary does not start or answer.
pub fn run(words: impl Iterator<Item = String>) -> anyhow::Result<()> {
    reported("appliance", words, async |arguments, report| {
        appliance::measure(arguments, report).await?;
        store::measure(arguments, report).await
    })
}

/// As [`run`], of remembering and searching.
///
/// # Errors
/// As [`run`].
pub fn run_recall(words: impl Iterator<Item = String>) -> anyhow::Result<()> {
    reported("recall", words, recall::measure)
}

/// As [`run`], of others' answers while one conversation's model stalls.
///
/// # Errors
/// As [`run`].
pub fn run_stall(words: impl Iterator<Item = String>) -> anyhow::Result<()> {
    reported("stall", words, stall::measure)
}

/// As [`run`], of what a message weighs on disk.
///
/// # Errors
/// As [`run`].
pub fn run_bytes(words: impl Iterator<Item = String>) -> anyhow::Result<()> {
    reported("bytes", words, bytes::measure)
}

/// As [`run`], of honest requests in a flood of silent connections.
///
/// # Errors
/// As [`run`].
pub fn run_flood(words: impl Iterator<Item = String>) -> anyhow::Result<()> {
    reported("flood", words, flood::measure)
}

/// As [`run`], of the edge beside FastAPI.
///
/// # Errors
/// As [`run`], and when FastAPI is not installed.
pub fn run_edge(words: impl Iterator<Item = String>) -> anyhow::Result<()> {
    reported("edge", words, edge::measure)
}

/// As [`run`], of a day's load and what grows by it.
///
/// # Errors
/// As [`run`].
pub fn run_day(words: impl Iterator<Item = String>) -> anyhow::Result<()> {
    reported("day", words, day::measure)
}

/// Has `measure` fill a report and prints it; a baseline is kept under `name`.
fn reported(
    name: &str,
    words: impl Iterator<Item = String>,
    measure: impl AsyncFnOnce(&Arguments, &mut Report) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let Some(arguments) = Arguments::parse(words)? else {
        println!("{}", arguments::USAGE);
        return Ok(());
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("while starting the event loop")?;
    let mut report = Report::default();
    runtime.block_on(measure(&arguments, &mut report))?;
    let machine = machine::this();
    print!("{}", report.table(&machine));
    if arguments.write_baseline {
        let path = report.write_baseline(name, &machine, &arguments.binary)?;
        println!("written to {}", path.display());
    }
    Ok(())
}
