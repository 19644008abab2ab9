//! The vector index measured: how soon it answers at which recall, how much it holds.
//!
//! [`data`] makes vectors, labels and the true answers; [`contest`] measures one index on them;
//! [`pipe`] lets `benches/peers/vectors.py` drive the same measurement beside other engines, in
//! alternating rounds. One thread asks, one question at a time.

pub mod contest;
pub mod data;
pub mod pipe;
#[path = "../../../vector/tests/support/sentence.rs"]
mod sentence;

use std::path::PathBuf;

use anyhow::{Context, bail};
use vector::ExactIndex;

use self::{
    contest::{Contest, Sweep},
    data::{Data, FILTERS, Source},
};

/// How to call it.
pub const USAGE: &str = "\
cargo bench -p benches --bench vectors -- [options]

  --texts FILE     sentences to embed, one a line [default: generated ones]
  --count N        vectors to index [default: 50000]
  --dim N          256, or more for a lift of the same with noise [default: 256]
  --prepare DIR    only write vectors, labels and true answers there, for the peers
  --pipe DIR       answer the commands of benches/peers/vectors.py on that data";

/// Questions asked in a round.
const QUERIES: usize = 1_000;
/// Rounds; the median counts.
const ROUNDS: usize = 5;
/// Widths tried, narrow to wide.
const EFS: [usize; 10] = [10, 16, 24, 32, 48, 64, 96, 128, 192, 320];

enum Task {
    Print,
    Prepare(PathBuf),
    Pipe(PathBuf),
}

/// Does what the arguments say.
///
/// # Errors
/// When an argument is wrong or a file cannot be read or written.
pub fn run(mut words: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let mut source = Source { texts: None, count: 50_000, queries: QUERIES, dim: 256 };
    let mut task = Task::Print;
    while let Some(word) = words.next() {
        let mut value = || words.next().with_context(|| format!("{word} needs a value\n{USAGE}"));
        match word.as_str() {
            "--texts" => source.texts = Some(value()?.into()),
            "--count" => source.count = value()?.parse().context("--count needs a number")?,
            "--dim" => source.dim = value()?.parse().context("--dim needs a number")?,
            "--prepare" => task = Task::Prepare(value()?.into()),
            "--pipe" => task = Task::Pipe(value()?.into()),
            "--bench" => {} // cargo adds it to every bench
            _ => bail!("{USAGE}"),
        }
    }
    match task {
        Task::Prepare(dir) => Data::make(&source)?.write(&dir),
        Task::Pipe(dir) => pipe::serve(&Data::read(&dir)?),
        Task::Print => print(&Data::make(&source)?),
    }
}

/// Measures beside the exact index and prints a table.
fn print(data: &Data) -> anyhow::Result<()> {
    let contest = Contest::build(data)?;
    println!("{} vectors of {} dimensions, one thread", data.count(), data.dim);
    for line in contest.costs() {
        println!("{line}");
    }
    let exact = ExactIndex::new(data.dim);
    contest::fill(&exact, data)?;
    println!(
        "\n{:<12} {:>5} {:>7} {:>9} {:>9} {:>12}",
        "filter", "ef", "recall", "qps", "p50 us", "over exact"
    );
    for (filter, (name, _)) in FILTERS.iter().enumerate() {
        for goal in [0.95, 0.99] {
            let Some(ef) = contest.width_for(filter, goal, &EFS) else {
                println!("{name:<12} never reached {goal}");
                continue;
            };
            let rounds: Vec<(Sweep, Sweep)> = (0..ROUNDS)
                .map(|_| {
                    (contest.sweep(filter, ef), contest::ask(&exact, data, filter, QUERIES / 10))
                })
                .collect();
            let median = |of: &dyn Fn(&(Sweep, Sweep)) -> f64| median(rounds.iter().map(of));
            println!(
                "{name:<12} {ef:>5} {:>7.4} {:>9.0} {:>9.1} {:>11.1}x",
                median(&|r| r.0.recall),
                median(&|r| r.0.qps),
                median(&|r| r.0.p50_us),
                median(&|r| r.0.qps / r.1.qps),
            );
        }
    }
    for line in contest.aging()? {
        println!("{line}");
    }
    Ok(())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
