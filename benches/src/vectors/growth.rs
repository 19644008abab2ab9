//! How answers and inserts slow down as the index grows: 10,000, 50,000, 200,000 vectors.

use std::path::Path;

use super::{
    EFS, QUERIES, ROUNDS,
    contest::{Contest, Sweep},
    data::{Data, Source},
    median,
};

/// Sizes compared; the last step is the one that performance aims are set for.
const SIZES: [usize; 3] = [10_000, 50_000, 200_000];

/// What one size gave.
struct Step {
    count: usize,
    p50_us: f64,
    build_us: f64,
    recall: f64,
}

/// Builds each size from the built-in embedder's vectors, and prints what it costs.
///
/// # Errors
/// When an index cannot be built.
pub fn print(beside: &Path, up_to: usize) -> anyhow::Result<()> {
    println!(
        "{:>9} {:>7} {:>9} {:>12} {:>15}",
        "vectors", "recall", "p50 us", "over before", "build us each"
    );
    let mut before: Option<Step> = None;
    for count in SIZES.into_iter().filter(|count| *count <= up_to) {
        let source = Source { texts: None, vectors: None, count, queries: QUERIES, dim: 256 };
        let data = Data::make(&source)?;
        let step = measured(&data, beside)?;
        let ratio = before.as_ref().map_or(1.0, |before| step.p50_us / before.p50_us);
        let built = before.as_ref().map_or(1.0, |before| step.build_us / before.build_us);
        println!(
            "{:>9} {:>7.4} {:>9.1} {ratio:>11.2}x {:>7.1} ({built:.2}x)",
            step.count, step.recall, step.p50_us, step.build_us
        );
        before = Some(step);
    }
    Ok(())
}

fn measured(data: &Data, beside: &Path) -> anyhow::Result<Step> {
    let contest = Contest::build(data, beside)?;
    let ef = contest.width_for(0, 0.95, &EFS).unwrap_or(EFS[EFS.len() - 1]);
    let sweeps: Vec<Sweep> = (0..ROUNDS).map(|_| contest.sweep(0, ef)).collect();
    Ok(Step {
        count: data.count(),
        p50_us: median(sweeps.iter().map(|sweep| sweep.p50_us)),
        recall: median(sweeps.iter().map(|sweep| sweep.recall)),
        build_us: contest.built().0 * 1e6 / data.count() as f64,
    })
}
