//! A wall clock that jumps, far ahead and far back: nothing moves, is deleted or becomes final by
//! it, until that time has been lived through or a person says that it has passed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod care_house;

use std::time::Duration;

use appliance_core::{
    Clock as _, MemoryId,
    ports::{MemoryCare, MemoryTiers},
};
use care_house::{House, MORNING_MILLIS};
use pai::memory::{Report, Step};

const DAY_MILLIS: u64 = 24 * 60 * 60 * 1_000;

/// A month, a year and ten years, in days.
const JUMPS: [u64; 3] = [31, 366, 3_660];

/// Two memories in the archive, two warm, two hot and two that were forgotten.
async fn furnished() -> (House, Vec<MemoryId>) {
    let house = House::new().await;
    let ids = house.remember_many(8).await;
    house.store.warm(&ids[..4], house.now()).await.unwrap();
    house.store.archive(&ids[..2], house.now()).await.unwrap();
    house.care.forget(&house.by(), ids[6..].to_vec()).await.unwrap();
    (house, ids)
}

async fn kept(house: &House) -> (u64, u64, u64, u64) {
    let counts = house.counts().await;
    (counts.hot.values().sum(), counts.warm, counts.cold, counts.forgotten)
}

/// Takes all steps and checks that none has found anything to do.
async fn nothing_is_due(house: &House, when: &str) {
    let report = house.keeper.run_once().await.unwrap();
    assert!(report.failed.is_empty(), "{report:?}");
    for step in Step::ALL {
        assert_eq!(report.moved(step).memories, 0, "{when}: {}", step.as_str());
    }
    assert_eq!(kept(house).await, (2, 2, 2, 2), "{when}");
}

async fn due(house: &House) -> Report {
    house.keeper.run_once().await.unwrap()
}

#[tokio::test]
async fn a_jump_ahead_and_back_moves_and_deletes_nothing() {
    let (house, ids) = furnished().await;
    for days in JUMPS {
        house.clock.set_millis(MORNING_MILLIS + days * DAY_MILLIS);
        nothing_is_due(&house, &format!("{days} days ahead")).await;
        house.clock.set_millis(MORNING_MILLIS);
        nothing_is_due(&house, &format!("back from {days} days ahead")).await;
    }
    house.care.undo(&house.by(), None).await.unwrap();
    for id in ids {
        assert!(house.get(id).await.is_some());
    }
}

#[tokio::test]
async fn what_was_forgotten_can_be_brought_back_while_the_clock_is_ahead() {
    let (house, ids) = furnished().await;
    house.clock.set_millis(MORNING_MILLIS + 31 * DAY_MILLIS);
    due(&house).await;
    house.care.undo(&house.by(), None).await.unwrap();
    assert!(house.get(ids[7]).await.is_some());
}

#[tokio::test]
async fn what_is_forgotten_while_the_clock_is_behind_is_kept_as_long_as_any_other() {
    for days in JUMPS {
        let (house, ids) = furnished().await;
        house.clock.set_millis(MORNING_MILLIS - days * DAY_MILLIS);
        nothing_is_due(&house, &format!("{days} days behind")).await;
        house.care.forget(&house.by(), vec![ids[5]]).await.unwrap();
        house.clock.set_millis(MORNING_MILLIS);
        let report = due(&house).await;
        assert_eq!(report.moved(Step::Purge).memories, 0, "{days} days behind");
        house.care.undo(&house.by(), None).await.unwrap();
        assert!(house.get(ids[5]).await.is_some());
    }
}

#[tokio::test]
async fn a_persons_word_lets_what_is_due_go() {
    let (house, _) = furnished().await;
    house.clock.set_millis(MORNING_MILLIS + 31 * DAY_MILLIS);
    nothing_is_due(&house, "before the word").await;
    house.clock.confirm();
    assert_eq!(due(&house).await.moved(Step::Purge).memories, 2);
}

#[tokio::test]
async fn time_that_is_lived_through_lets_what_is_due_go() {
    let (house, _) = furnished().await;
    house.clock.set_millis(MORNING_MILLIS + 31 * DAY_MILLIS);
    nothing_is_due(&house, "before that time has passed").await;
    for _ in 0..31 {
        house.clock.advance(Duration::from_secs(24 * 60 * 60));
        house.clock.lived();
    }
    assert_eq!(due(&house).await.moved(Step::Purge).memories, 2);
}
