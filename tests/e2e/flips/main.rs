//! Wrong bits: any bit of any file of the data directory turned over while no server runs, and then
//! everything asked. Nothing is stopped by it, and list, search, export and counts agree or it is said
//! what is left out.
//!
//! A start may be refused for `state.redb` alone, with 78 and in words. The long run is
//! `flips_of_three_seeds`, 120 each through every kind of file, run by name; `FLIP=seed` has it go
//! through one seed, `FLIP=seed:number` through one flip again, as it was printed, and
//! `FLIP_IN=state.redb` through files of that kind alone.

mod bits;
mod golden;
mod look;
mod verdict;

use std::collections::BTreeMap;

use anyhow::ensure;
use appliance_tests::skip;

use self::{
    bits::{Flip, Random},
    golden::Golden,
    look::Looked,
    verdict::{Outcome, judge},
};

/// Flips of one seed in the long run.
const FLIPS: usize = 120;

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_bit_stops_nothing_and_is_mended_or_named() -> anyhow::Result<()> {
    flip(&mut Golden::make(18).await?, 7, 0..6).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes half an hour; run it with --run-ignored all"]
async fn flips_of_three_seeds() -> anyhow::Result<()> {
    let mut golden = Golden::make(36).await?;
    if let Some(kind) = skip::variable("FLIP_IN") {
        golden.kinds.retain(|known, _| known.contains(&kind));
    }
    let wanted = skip::variable("FLIP").unwrap_or_default();
    let (seed, number) = wanted.split_once(':').unwrap_or((&wanted, ""));
    let numbers = match number.parse::<usize>() {
        Ok(number) => number..number + 1,
        Err(_) => 0..FLIPS,
    };
    for seed in seed.parse().map_or_else(|_| vec![1, 2, 3], |seed: u64| vec![seed]) {
        flip(&mut golden, seed, numbers.clone()).await?;
    }
    Ok(())
}

/// Goes through some flips of a seed, prints what came of each, and fails when one was wrong.
async fn flip(
    golden: &mut Golden,
    seed: u64,
    numbers: std::ops::Range<usize>,
) -> anyhow::Result<()> {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    let (mut wrong, all) = (Vec::new(), numbers.len());
    for number in numbers {
        let flip = Flip::choose(&golden.kinds, &mut Random::of(seed, number), number)?;
        let outcome = golden.under(&flip).await?;
        println!("seed {seed} flip {number}: {flip}: {outcome}");
        *counts.entry(outcome.name()).or_default() += 1;
        if let Outcome::Wrong(why) = outcome {
            wrong.push(format!("seed {seed} flip {number}: {flip}: {why}"));
        }
    }
    println!("seed {seed}: {all} flips: {counts:?}");
    ensure!(wrong.is_empty(), "{} of {all} were wrong:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}

impl Golden {
    /// Turns one bit over, starts the server and asks everything.
    async fn under(&mut self, flip: &Flip) -> anyhow::Result<Outcome> {
        self.put_back()?;
        flip.apply(&self.data())?;
        if let Err(error) = self.server.start().await {
            return Ok(verdict::refused(flip, &format!("{error:#}")));
        }
        let looked = Looked::at(&self.server, &self.whole).await;
        let outcome = match looked {
            Ok(looked) => judge(&self.whole, &looked),
            Err(error) => Outcome::Wrong(format!("{error:#}")),
        };
        let outcome = outcome.with(&self.server.log_tail());
        Ok(match self.server.stop().await {
            Ok(()) => outcome,
            Err(error) => Outcome::Wrong(format!("its end: {error:#}")),
        })
    }
}
