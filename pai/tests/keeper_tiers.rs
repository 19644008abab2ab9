//! The maintenance: what moves when, what stays, and what a cut costs.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod care_house;

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::atomic::Ordering,
    task::Poll,
    time::Duration,
};

use appliance_core::{
    AgentName, Memory, MemoryTier, Utility, Write,
    ports::{CareError, MemoryCare, MemoryTiers},
};
use care_house::House;
use pai::memory::{Limits, Step};
use tokio_util::sync::CancellationToken;

const ODD: &str = "  \u{feff}the h\u{e9}ron's\r\ncode is 4711\0 \n";

fn small() -> Limits {
    Limits { hot_per_agent: 10, warm_count: 20, ..Limits::default() }
}

#[tokio::test]
async fn a_memory_goes_through_all_tiers_and_comes_back_byte_for_byte() {
    let house = House::new().await;
    let id = house.remember(ODD).await;
    let is = async |tier| {
        let memory = house.get(id).await.unwrap();
        assert_eq!((memory.tier, memory.text.as_str()), (tier, ODD));
    };
    house.keeper.run_once().await.unwrap();
    is(MemoryTier::Hot).await;
    house.pass_days(1);
    assert_eq!(house.keeper.run_once().await.unwrap().moved(Step::AgedHot).memories, 1);
    is(MemoryTier::Warm).await;
    house.pass_days(29);
    house.keeper.run_once().await.unwrap();
    is(MemoryTier::Warm).await;
    house.pass_days(1);
    assert_eq!(house.keeper.run_once().await.unwrap().moved(Step::AgedWarm).memories, 1);
    is(MemoryTier::Cold).await;
    assert_eq!(house.counts().await.cold, 1);

    let hit = house.hit(id).await;
    house.care.used(house.owner, &[hit]).await;
    house.care.write_uses().await.unwrap();
    is(MemoryTier::Warm).await;
    house.care.forget(&house.by(), vec![id]).await.unwrap();
    assert_eq!(house.get(id).await, None);
    house.pass_days(29);
    assert_eq!(house.keeper.run_once().await.unwrap().moved(Step::Purge).memories, 0);
    house.care.undo(&house.by(), None).await.unwrap();
    is(MemoryTier::Warm).await;

    house.care.forget(&house.by(), vec![id]).await.unwrap();
    house.pass_days(30);
    house.clock.advance(Duration::from_secs(1));
    assert_eq!(house.keeper.run_once().await.unwrap().moved(Step::Purge).memories, 1);
    let gone = house.care.undo(&house.by(), None).await;
    assert!(matches!(gone, Err(CareError::NothingToUndo)), "{gone:?}");
    let counts = house.counts().await;
    assert_eq!((counts.warm, counts.cold, counts.forgotten), (0, 0, 0));
}

#[tokio::test]
async fn what_is_forgotten_in_the_archive_is_purged_there() {
    let house = House::new().await;
    let ids = house.remember_many(3).await;
    house.store.warm(&ids, house.now()).await.unwrap();
    house.store.archive(&ids, house.now()).await.unwrap();
    house.care.forget(&house.by(), ids[..2].to_vec()).await.unwrap();
    house.pass_days(31);
    let report = house.keeper.run_once().await.unwrap();
    assert_eq!(report.moved(Step::Purge).memories, 2);
    let report = house.keeper.run_once().await.unwrap();
    assert!(report.failed.is_empty(), "{report:?}");
    assert_eq!(house.tier(ids[2]).await, Some(MemoryTier::Cold));
    assert_eq!(house.counts().await.cold, 1);
}

#[tokio::test]
async fn an_archived_memory_is_deleted_after_a_year_and_a_pinned_one_is_not() {
    let house = House::new().await;
    let (old, kept) = (house.remember("wren").await, house.remember("heron").await);
    house.care.pin(&house.by(), kept, true).await.unwrap();
    for days in [2, 31, 366] {
        house.pass_days(days);
        let report = house.keeper.run_once().await.unwrap();
        assert!(report.failed.is_empty(), "{report:?}");
    }
    assert_eq!(house.get(old).await, None);
    assert_eq!(house.tier(kept).await, Some(MemoryTier::Warm));
}

#[tokio::test]
async fn each_agent_keeps_its_most_recently_used_and_the_limit_holds_exactly() {
    let house = House::with(small()).await;
    let mine = house.remember_many(25).await;
    let of_agent = |n: usize| {
        let mut memory: Memory = house.memory(&format!("finding {n}"));
        memory.provenance.agent = Some(AgentName::Research);
        memory
    };
    let theirs: Vec<_> = (0..12).map(of_agent).collect();
    house.write(theirs.iter().cloned().map(Write::PutMemory).collect()).await;

    // The two oldest are used now, so they are the last to go.
    house.clock.advance(Duration::from_secs(60));
    let used = [house.hit(mine[0]).await, house.hit(mine[1]).await];
    house.care.used(house.owner, &used).await;
    house.care.write_uses().await.unwrap();
    house.keeper.run_once().await.unwrap();

    let counts = house.counts().await;
    assert_eq!(counts.hot[&None], 10);
    assert_eq!(counts.hot[&Some(AgentName::Research)], 10);
    assert_eq!(counts.warm, 17);
    assert_eq!(house.tier(mine[0]).await, Some(MemoryTier::Hot));
    assert_eq!(house.tier(mine[1]).await, Some(MemoryTier::Hot));
    assert_eq!(house.tier(mine[2]).await, Some(MemoryTier::Warm));
    assert_eq!(house.tier(mine[24]).await, Some(MemoryTier::Hot));
    let hot = house.counts().await.hot.values().sum::<u64>();
    assert_eq!(appliance_core::ports::HotTier::count(&*house.hot).await.unwrap() as u64, hot);
}

#[tokio::test]
async fn a_limit_that_was_lowered_sends_the_least_recently_used_away() {
    let house = House::with(small()).await;
    let ids = house.remember_many(10).await;
    house.clock.advance(Duration::from_secs(60));
    let used = [house.hit(ids[0]).await, house.hit(ids[1]).await];
    house.care.used(house.owner, &used).await;
    house.care.write_uses().await.unwrap();
    let keeper = house.keeper_with(Limits { hot_per_agent: 4, ..small() });
    assert_eq!(keeper.run_once().await.unwrap().moved(Step::CrowdedHot).memories, 6);
    for (place, id) in ids.iter().enumerate() {
        let stays = [0, 1, 8, 9].contains(&place);
        let wanted = if stays { MemoryTier::Hot } else { MemoryTier::Warm };
        assert_eq!(house.tier(*id).await, Some(wanted), "place {place}");
    }
}

#[tokio::test]
async fn what_the_hot_tier_has_no_room_for_becomes_warm_between_two_runs() {
    let house = House::with(small()).await;
    house.remember_many(25).await;
    house.keeper.tend_once().await.unwrap();
    let counts = house.counts().await;
    assert_eq!((counts.hot[&None], counts.warm), (10, 15));
    assert_eq!(house.keeper.metrics().await.evicted, 15);
}

#[tokio::test]
async fn the_least_useful_leave_a_full_warm_tier_and_pinned_ones_stay() {
    let house = House::with(small()).await;
    let ids = house.remember_many(40).await;
    house.store.warm(&ids, house.now()).await.unwrap();
    // The later, the less useful.
    let touched = ids
        .iter()
        .zip((0_u16..).step_by(100))
        .map(|(id, less)| (*id, 1, Utility::from_ten_thousandths(8_000 - less)));
    let touched = touched.collect();
    house.write(vec![Write::TouchMemories { owner: house.owner, touched, at: house.now() }]).await;
    house.care.pin(&house.by(), ids[39], true).await.unwrap();
    let report = house.keeper.run_once().await.unwrap();
    assert_eq!(report.moved(Step::CrowdedWarm).memories, 20);
    assert_eq!(house.counts().await.warm, 20);
    assert_eq!(house.tier(ids[39]).await, Some(MemoryTier::Warm), "pinned, though least useful");
    for (place, id) in ids.iter().enumerate().take(39) {
        let wanted = if place < 19 { MemoryTier::Warm } else { MemoryTier::Cold };
        assert_eq!(house.tier(*id).await, Some(wanted), "place {place}");
    }
}

#[tokio::test]
async fn a_warm_tier_full_of_pinned_memories_is_left_as_it_is() {
    let house = House::with(Limits { warm_count: 2, ..small() }).await;
    let ids = house.remember_many(4).await;
    house.store.warm(&ids, house.now()).await.unwrap();
    for id in &ids {
        house.care.pin(&house.by(), *id, true).await.unwrap();
    }
    house.pass_days(100);
    let report = house.keeper.run_once().await.unwrap();
    assert!(report.failed.is_empty(), "{report:?}");
    assert_eq!(house.counts().await.warm, 4);
}

#[tokio::test]
async fn of_two_runs_at_once_one_says_busy() {
    let house = House::new().await;
    house.remember_many(50).await;
    let (first, second) = tokio::join!(house.keeper.run_once(), house.keeper.run_once());
    assert!(first.is_ok(), "{first:?}");
    assert!(matches!(second, Err(CareError::Busy("maintenance"))), "{second:?}");
    assert!(house.keeper.run_once().await.is_ok(), "and the next one runs");
}

#[tokio::test]
async fn a_step_that_fails_is_told_and_the_next_ones_are_taken() {
    let house = House::new().await;
    let ids = house.remember_many(3).await;
    house.pass_days(2);
    house.tiers.warm_failures_left.store(1, Ordering::SeqCst);
    let report = house.keeper.run_once().await.unwrap();
    let [(Step::AgedHot, why)] = report.failed.as_slice() else { panic!("{report:?}") };
    assert_eq!(why, "tiers.warm: the disk is away");
    assert_eq!(report.done.len(), Step::ALL.len() - 1);
    assert_eq!(house.indexes.saves.load(Ordering::SeqCst), 1);
    let job = house.care.stats(house.owner).await.unwrap().job.unwrap();
    assert!(job.ended && job.doing.contains("aged_hot failed"), "{job:?}");
    house.keeper.run_once().await.unwrap();
    assert_eq!(house.tier(ids[0]).await, Some(MemoryTier::Warm), "the next run does it");

    house.indexes.failures_left.store(1, Ordering::SeqCst);
    house.keeper.run_once().await.unwrap();
    let metrics = house.keeper.metrics().await;
    let of = |counted: &[(Step, u64)], wanted| {
        counted.iter().find(|(step, _)| *step == wanted).unwrap().1
    };
    assert_eq!(of(&metrics.failures, Step::AgedHot), 1);
    assert_eq!(of(&metrics.failures, Step::Save), 1);
    assert_eq!(of(&metrics.moved, Step::AgedHot), 3);
    assert_eq!((metrics.runs, metrics.tiers.warm), (3, 3));
}

#[tokio::test]
async fn the_progress_of_a_run_grows_to_its_end() {
    let house = House::new().await;
    house.remember_many(2_500).await;
    house.pass_days(2);
    *house.tiers.watcher.lock().unwrap() = Some(house.care.clone());
    house.keeper.run_once().await.unwrap();
    house.tiers.watcher.lock().unwrap().take();
    let seen = house.tiers.seen.lock().unwrap().clone();
    assert!(seen.len() >= 3, "{seen:?}");
    assert!(seen.is_sorted_by_key(|job| job.done), "{seen:?}");
    assert!(
        seen.iter().all(|job| !job.ended && job.done <= job.total && job.name == "maintenance")
    );
    assert!(seen.first().unwrap().done < seen.last().unwrap().done);
    let job = house.care.stats(house.owner).await.unwrap().job.unwrap();
    assert!(job.ended && job.done == job.total, "{job:?}");
    assert!(job.doing.starts_with("2500 made warm"), "{job:?}");
}

/// Polls `work` until it has waited `polls` times, then drops it.
async fn cut_off<T>(work: impl Future<Output = T>, polls: usize) -> Option<T> {
    let mut work = pin!(work);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        work.as_mut().poll(context).map(Some)
    })
    .await
}

#[tokio::test]
async fn a_run_may_be_cut_off_at_every_await() {
    for polls in 1..60 {
        let house = House::with(small()).await;
        let ids = house.remember_many(45).await;
        house.store.warm(&ids[..35], house.now()).await.unwrap();
        let done = cut_off(house.keeper.run_once(), polls).await.is_some();
        let job = house.care.stats(house.owner).await.unwrap().job;
        assert!(job.is_none_or(|job| job.ended), "a run that was dropped is over");
        for id in &ids {
            assert!(house.get(*id).await.is_some(), "lost after {polls} polls");
        }
        let report = house.keeper.run_once().await.unwrap();
        assert!(report.failed.is_empty(), "{report:?}");
        let counts = house.counts().await;
        let all = counts.hot.values().sum::<u64>() + counts.warm + counts.cold;
        assert_eq!((all, counts.warm), (45, 20), "after {polls} polls");
        if done {
            return;
        }
    }
    panic!("a run that waits more than sixty times was never seen to its end");
}

#[tokio::test]
async fn it_runs_soon_after_the_start_and_ends_when_told_to() {
    let soon = Duration::from_millis(20);
    let house = House::with(Limits { maintenance_after: soon, ..Limits::default() }).await;
    let id = house.remember("wren").await;
    house.pass_days(1);
    let end = CancellationToken::new();
    let running = tokio::spawn({
        let (keeper, end) = (house.keeper.clone(), end.clone());
        async move { keeper.run(end).await }
    });
    while house.keeper.metrics().await.runs == 0 {
        tokio::time::sleep(soon).await;
    }
    assert_eq!(house.tier(id).await, Some(MemoryTier::Warm));
    let hit = house.hit(id).await;
    house.care.used(house.owner, std::slice::from_ref(&hit)).await;
    end.cancel();
    running.await.unwrap();
    assert_eq!(house.get(id).await.unwrap().standing.accesses, 1, "the last finds are written");
}

#[tokio::test]
async fn a_hundred_finds_are_written_without_waiting_for_the_next_look() {
    let house = House::new().await;
    let id = house.remember("wren").await;
    let hit = house.hit(id).await;
    let end = CancellationToken::new();
    let running = tokio::spawn({
        let (keeper, end) = (house.keeper.clone(), end.clone());
        async move { keeper.run(end).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    for _ in 0..100 {
        house.care.used(house.owner, std::slice::from_ref(&hit)).await;
    }
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if house.keeper.metrics().await.uses == 100 {
            break;
        }
    }
    assert_eq!(house.get(id).await.unwrap().standing.accesses, 100);
    end.cancel();
    running.await.unwrap();
}
