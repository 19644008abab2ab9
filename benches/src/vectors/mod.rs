//! The vector index measured: how soon it answers at which recall, how much it holds.
//!
//! [`data`] makes vectors, labels and the true answers; [`contest`] measures one index on them;
//! [`growth`] does so at three sizes; [`pipe`] lets `benches/peers/vectors.py` drive the same
//! measurement beside other engines, in alternating rounds. One thread asks, one question at a time.

pub mod contest;
pub mod data;
pub mod growth;
pub mod pipe;
#[path = "../../../vector/tests/support/sentence.rs"]
pub(crate) mod sentence;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use appliance_core::ports::VectorIndex;
use vector::{ExactIndex, HnswRsIndex};

use self::{
    contest::{Contest, Sweep},
    data::{Data, FILTERS, Source},
};

/// How to call it.
pub const USAGE: &str = "\
cargo bench -p benches --bench vectors -- [options]

  --texts FILE     sentences to embed, one a line [default: generated ones]
  --minilm FILE    vectors of 384 numbers instead, as benches/peers/minilm.py makes them
  --count N        vectors to index [default: 50000]
  --dim N          256 (with --minilm: 384), or more for a lift of the same with noise
  --no-rival       leave hnsw_rs out, which takes minutes to build
  --growth         measure 10,000, 50,000 and 200,000 vectors of 256 dimensions
  --prepare DIR    only write vectors, labels and true answers there, for the peers
  --pipe DIR       answer the commands of benches/peers/vectors.py on that data";

/// Questions asked in a round.
const QUERIES: usize = 1_000;
/// Rounds; the median counts.
const ROUNDS: usize = 5;
/// Widths tried, narrow to wide.
const EFS: [usize; 10] = [10, 16, 24, 32, 48, 64, 96, 128, 192, 320];
/// Numbers in a vector of MiniLM.
const MINILM: usize = 384;

enum Task {
    Print { rival: bool },
    Growth,
    Prepare(PathBuf),
    Pipe(PathBuf),
}

/// Does what the arguments say.
///
/// # Errors
/// When an argument is wrong or a file cannot be read or written.
pub fn run(mut words: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let (mut texts, mut vectors, mut count, mut dim) = (None, None, 50_000, None);
    let mut task = Task::Print { rival: true };
    while let Some(word) = words.next() {
        let mut value = || words.next().with_context(|| format!("{word} needs a value\n{USAGE}"));
        match word.as_str() {
            "--texts" => texts = Some(value()?.into()),
            "--minilm" => vectors = Some((value()?.into(), MINILM)),
            "--count" => count = value()?.parse().context("--count needs a number")?,
            "--dim" => dim = Some(value()?.parse().context("--dim needs a number")?),
            "--no-rival" => task = Task::Print { rival: false },
            "--growth" => task = Task::Growth,
            "--prepare" => task = Task::Prepare(value()?.into()),
            "--pipe" => task = Task::Pipe(value()?.into()),
            "--bench" => {} // cargo adds it to every bench
            _ => bail!("{USAGE}"),
        }
    }
    let dim = dim.unwrap_or(if vectors.is_some() { MINILM } else { 256 });
    let source = Source { texts, vectors, count, queries: QUERIES, dim };
    match task {
        Task::Prepare(dir) => Data::make(&source)?.write(&dir),
        Task::Pipe(dir) => pipe::serve(&Data::read(&dir)?, &dir),
        Task::Growth => growth::print(&scratch(), count.max(200_000)),
        Task::Print { rival } => print(&Data::make(&source)?, rival),
    }
}

/// Where indexes are made: beside the build, which is on a disk.
fn scratch() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench-vectors")
}

/// Measures beside the exact index and `hnsw_rs`, and prints a table.
fn print(data: &Data, rival: bool) -> anyhow::Result<()> {
    println!("{} vectors of {} dimensions, one thread", data.count(), data.dim);
    let contest = Contest::build(data, &scratch())?;
    contest.costs().iter().for_each(|line| println!("{line}"));
    let exact = ExactIndex::new(data.dim);
    contest::fill(&exact, data)?;
    for (filter, (name, _)) in FILTERS.iter().enumerate() {
        for goal in [0.95, 0.99] {
            beside(&contest, data, (filter, name, goal), ("exact", &exact, QUERIES / 10));
        }
    }
    drop(exact);
    if rival {
        beside_hnsw_rs(&contest, data)?;
    }
    println!("\nsaved in {:.0} ms", contest.save_ms()?);
    let opened = (0..ROUNDS).map(|_| contest.open_ms()).collect::<Result<Vec<_>, _>>()?;
    println!("open and first search {:.1} ms", median(opened.into_iter()));
    let [each, fresh, thinned] = contest.aging()?;
    println!("delete {each:.2} us each");
    println!("recall at ef 128 {fresh:.4}, after a fifth was deleted {thinned:.4}");
    Ok(())
}

fn beside_hnsw_rs(contest: &Contest<'_>, data: &Data) -> anyhow::Result<()> {
    let rival = HnswRsIndex::new(data.dim, appliance_tasks::Tasks::new());
    println!("\nhnsw_rs built in {:.1} s", contest::fill(&rival, data)?);
    for goal in [0.95, 0.99] {
        let reaches = |ef: &usize| {
            rival.set_ef(*ef);
            contest::ask(&rival, data, 0, QUERIES).recall >= goal
        };
        let Some(ef) = EFS.into_iter().find(reaches) else {
            println!("hnsw_rs never reached {goal}");
            continue;
        };
        rival.set_ef(ef);
        beside(contest, data, (0, "none", goal), ("hnsw_rs", &rival, QUERIES));
    }
    Ok(())
}

/// Lets both answer in turn, and prints medians and the median ratio inside a round.
fn beside(
    contest: &Contest<'_>,
    data: &Data,
    (filter, name, goal): (usize, &str, f64),
    (other, rival, questions): (&str, &dyn VectorIndex, usize),
) {
    let Some(ef) = contest.width_for(filter, goal, &EFS) else {
        println!("{name:<12} never reached {goal}");
        return;
    };
    let round = |_| (contest.sweep(filter, ef), contest::ask(rival, data, filter, questions));
    let rounds: Vec<(Sweep, Sweep)> = (0..ROUNDS).map(round).collect();
    let median = |of: &dyn Fn(&(Sweep, Sweep)) -> f64| median(rounds.iter().map(of));
    println!(
        "{name:<12} @{goal} ef {ef:<4} recall {:.4}  qps {:>8.0}  p50 {:>8.1} us  {:>6.1}x {other}",
        median(&|r| r.0.recall),
        median(&|r| r.0.qps),
        median(&|r| r.0.p50_us),
        median(&|r| r.1.p50_us / r.0.p50_us),
    );
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
