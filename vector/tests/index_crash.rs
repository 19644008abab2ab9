//! Killed while it saves, the index is there as it was saved before, or as it was being saved.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use appliance_core::{
    Facets, SearchFilter, Utility,
    ports::{IndexEntry, VectorIndex},
};
use support::{facets, id, owner, run, vector};
use vector::{OpenedVectors, Options, SegmentIndex};

const DIM: usize = 64;
/// Memories that a round puts in.
const EACH: u32 = 50;
const KILLS: u64 = 12;

fn open(dir: &Path) -> OpenedVectors {
    let options = Options { fresh_rows: 70, graph_from: 200, ..Options::default() };
    SegmentIndex::open(dir, DIM, options, appliance_tasks::Tasks::new()).unwrap()
}

fn tagged(round: u64) -> Facets {
    let utility = Utility::from_ten_thousandths(u16::try_from(round).unwrap());
    Facets { utility, ..facets(owner(1), None) }
}

/// Round `n` puts memories in, tags all there are with `n`, and saves position `n`.
fn round(index: &SegmentIndex, n: u64) {
    let (first, all) = ((n as u32 - 1) * EACH, n as u32 * EACH);
    let entry = |n| IndexEntry { id: id(n), facets: tagged(0), embedding: vector(n, DIM) };
    run(index.upsert((first..all).map(entry).collect())).unwrap();
    run(index.retag((0..all).map(|m| (id(m), tagged(n))).collect())).unwrap();
    run(index.save(n)).unwrap();
}

#[test]
#[ignore = "the process that the next test kills"]
fn a_process_that_saves_until_it_is_killed() {
    let mut dir = String::new();
    std::io::stdin().read_line(&mut dir).unwrap();
    let index = open(Path::new(dir.trim())).index;
    for n in index.position() + 1..1_000 {
        round(&index, n);
        // Past the test runner, which keeps what tests print.
        writeln!(std::io::stderr(), "saved {n}").unwrap();
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a process is started to be killed")]
fn an_index_killed_while_it_saves_is_the_old_one_or_the_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut position = 0;
    for kill in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "a_process_that_saves_until_it_is_killed",
                "--exact",
                "--ignored",
                "--nocapture",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(child.stdin.take().unwrap(), "{}", dir.path().display()).unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut saved = lines.filter_map(|line| line.strip_prefix("saved ")?.parse::<u64>().ok());
        saved.next().unwrap();
        // Somewhere between the lines of a save, another place each time.
        std::thread::sleep(Duration::from_micros(700 * kill));
        child.kill().unwrap();
        child.wait().unwrap();
        let last = saved.last().unwrap_or(position + 1);
        let OpenedVectors { index, rebuilt } = open(dir.path());
        assert_eq!(rebuilt, None, "kill {kill}");
        position = index.position();
        assert!(position == last || position == last + 1, "{last} was acknowledged: {position}");
        let all = EACH as usize * position as usize;
        assert_eq!(index.count(), all);
        let min_utility = Some(tagged(position).utility);
        let filter = SearchFilter { min_utility, ..SearchFilter::default() };
        let found = run(index.search(owner(1), &vector(7, DIM), &filter, usize::MAX)).unwrap();
        assert_eq!((found.len(), found[0].0), (all, id(7)), "whole, and as of that position");
    }
    println!("{KILLS} kills, {position} rounds");
}
