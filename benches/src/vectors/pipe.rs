//! The product as one of the contestants of `benches/peers/vectors.py`.
//!
//! One command a line on standard input, one line of numbers on standard output:
//! `build` -> seconds, MiB, us and us of an insert (p50, p99); `sweep FILTER EF` -> recall, qps,
//! p50 us; `save` -> ms; `open` -> ms; `aging` -> us a delete, recall before and after.

use std::{
    io::{BufRead, Write, stdin, stdout},
    path::Path,
};

use anyhow::{Context, bail};

use super::{contest::Contest, data::Data};

/// Answers commands until standard input ends; the index's files are made in `beside`.
///
/// # Errors
/// When a command is not known or fails.
pub fn serve(data: &Data, beside: &Path) -> anyhow::Result<()> {
    let mut contest = None;
    for line in stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let answer = match (words.as_slice(), &contest) {
            (["build"], _) => {
                let built = contest.insert(Contest::build(data, beside)?);
                let (seconds, mib) = built.built();
                format!("{seconds} {mib} {} {}", built.insert_us(0.5), built.insert_us(0.99))
            }
            (["sweep", filter, ef], Some(contest)) => {
                let filter = filter.parse().context("a filter is a number")?;
                let sweep = contest.sweep(filter, ef.parse().context("ef is a number")?);
                format!("{} {} {}", sweep.recall, sweep.qps, sweep.p50_us)
            }
            (["save"], Some(contest)) => contest.save_ms()?.to_string(),
            (["open"], Some(contest)) => contest.open_ms()?.to_string(),
            (["aging"], Some(contest)) => {
                let [each, before, after] = contest.aging()?;
                format!("{each} {before} {after}")
            }
            _ => bail!("unknown command `{line}`"),
        };
        println!("{answer}");
        stdout().flush()?;
    }
    Ok(())
}
