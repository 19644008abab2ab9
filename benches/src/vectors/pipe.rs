//! The product as one of the contestants of `benches/peers/vectors.py`.
//!
//! One command a line on standard input, one line of numbers on standard output:
//! `build` -> seconds, MiB; `sweep FILTER EF` -> recall, qps, p50 us; `open` -> ms.

use std::io::{BufRead, Write, stdin, stdout};

use anyhow::{Context, bail};

use super::{contest::Contest, data::Data};

/// Answers commands until standard input ends.
///
/// # Errors
/// When a command is not known or fails.
pub fn serve(data: &Data) -> anyhow::Result<()> {
    let mut contest = None;
    let dir = tempfile::tempdir()?;
    for line in stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let answer = match (words.as_slice(), &contest) {
            (["build"], _) => {
                let built = contest.insert(Contest::build(data)?);
                built.save(dir.path())?;
                let (seconds, mib) = built.built();
                format!("{seconds} {mib}")
            }
            (["sweep", filter, ef], Some(contest)) => {
                let filter = filter.parse().context("a filter is a number")?;
                let sweep = contest.sweep(filter, ef.parse().context("ef is a number")?);
                format!("{} {} {}", sweep.recall, sweep.qps, sweep.p50_us)
            }
            (["open"], Some(contest)) => contest.open_ms(dir.path())?.to_string(),
            _ => bail!("unknown command `{line}`"),
        };
        println!("{answer}");
        stdout().flush()?;
    }
    Ok(())
}
