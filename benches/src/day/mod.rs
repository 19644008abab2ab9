//! A day's load in twenty minutes: what the server and its agents hold meanwhile, and what grows.
//!
//! The real binary with its six agents and the demo model, used as a busy person uses it in a day
//! ([`load`]), evenly spread; `--minutes` does less of the day at the same rate. Looked at forty times
//! ([`sample`]). The first half is for caches to fill; flat is what the last quarter holds no more of
//! than the quarter before. What is kept grows by what was said: its bytes are told for each chat.

pub mod load;
pub mod sample;

use anyhow::Context as _;
use appliance_tests::Plan;
use tokio::time::{Duration, Instant};

use self::{load::Load, sample::Sample};
use crate::{arguments::Arguments, report::Report};

const MIB: f64 = 1_048_576.0;

/// Part of what is held that may come and go.
const BREATH: f64 = 0.05;

/// Lives through the day and pushes what it saw.
///
/// # Errors
/// When the binary does not start, or refuses anything.
pub async fn measure(arguments: &Arguments, report: &mut Report) -> anyhow::Result<()> {
    let server = Plan::new(&arguments.binary).with_agents().start().await?;
    server.agents_idle().await?;
    let load = Load::begin(&server).await?;
    let span = Duration::from_secs(60 * arguments.minutes);
    let end = Instant::now() + span;
    let (samples, ()) = tokio::try_join!(sample::take(&server, span, end), load.run(end))
        .with_context(|| server.log_tail())?;
    println!("{}", sample::table(&samples));
    for (what, times) in load.done() {
        report.push(&what, times as f64, "times");
    }
    push(report, &samples);
    let chats = load.chats().max(1) as f64;
    let grown = total(&samples[samples.len() - 1]) - total(&samples[0]);
    report.push("the data directory grew, for each chat", grown / chats / 1_024.0, "KiB");
    Ok(())
}

fn push(report: &mut Report, samples: &[Sample]) {
    for (what, of) in [
        ("memory of the server", (|it| it.server_bytes as f64 / MIB) as fn(&Sample) -> f64),
        ("memory of the agents", |it| it.agents_bytes as f64 / MIB),
    ] {
        let (before, last) = last_quarters(samples, of);
        report.push(&format!("{what}, last quarter"), last, "MiB");
        report.push_with_aim(&format!("{what}, grown by"), last - before, "MiB", before * BREATH);
    }
    for (what, of, aim) in [
        ("descriptors of the server", (|it| it.descriptors as f64) as fn(&Sample) -> f64, 4.0),
        ("files but learnings", |it| it.files as f64, 12.0),
    ] {
        let (before, last) = last_quarters(samples, of);
        report.push(&format!("{what}, last quarter"), last, "");
        report.push_with_aim(&format!("{what}, grown by"), last - before, "", aim);
    }
}

/// Returns the means of the third and of the last quarter.
fn last_quarters(samples: &[Sample], of: fn(&Sample) -> f64) -> (f64, f64) {
    let (half, quarter) = (samples.len() / 2, samples.len() * 3 / 4);
    let mean = |some: &[Sample]| some.iter().map(of).sum::<f64>() / some.len().max(1) as f64;
    (mean(&samples[half..quarter]), mean(&samples[quarter..]))
}

fn total(sample: &Sample) -> f64 {
    sample.data.values().sum::<u64>() as f64
}
