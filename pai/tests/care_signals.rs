//! Signals and uses: what moves a memory's utility, by how much at most.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod care_house;

use std::time::Duration;

use appliance_core::{
    ConversationId, MemoryId, MemoryTier, MessageId, PageRequest, Signal, SignalType,
    ports::{CareError, Deeds, MemoryCare, MemoryTiers, Told},
};
use care_house::House;
use futures_util::future::join_all;

fn told(kind: SignalType, strength: i32, about: MessageId) -> Told {
    Told {
        kind,
        strength,
        rating: None,
        comment: None,
        conversation_id: None,
        message_id: Some(about),
        task_id: None,
        learned: Vec::new(),
    }
}

async fn tell(house: &House, told: Told) -> Result<Signal, CareError> {
    house.care.signal(&house.by(), told).await
}

async fn utility(house: &House, id: MemoryId) -> u16 {
    house.get(id).await.unwrap().standing.utility.ten_thousandths()
}

async fn cited(house: &House) -> (MemoryId, ConversationId, MessageId) {
    let (id, thread) = (house.remember("the database is heron").await, house.thread().await);
    let answer = house.answer(thread, &[id, id]).await;
    (id, thread, answer)
}

#[tokio::test]
async fn a_signal_moves_what_the_answer_cited_by_a_tenth_of_its_weight() {
    let house = House::new().await;
    let other = house.remember("the cache is wren").await;
    let (id, _, answer) = cited(&house).await;
    let signal = tell(&house, told(SignalType::UserAcceptance, 500, answer)).await.unwrap();
    assert_eq!((signal.moved, signal.memories.as_slice()), (400, &[id][..]));
    assert_eq!((utility(&house, id).await, utility(&house, other).await), (5_400, 5_000));
    let signal = tell(&house, told(SignalType::UserRating, -1_000, answer)).await.unwrap();
    assert_eq!((signal.moved, utility(&house, id).await), (-1_000, 4_400));
    assert_eq!(house.get(id).await.unwrap().standing.feedback, -600);
}

#[tokio::test]
async fn without_an_answer_the_last_one_of_the_conversation_is_meant() {
    let house = House::new().await;
    let (id, thread, answer) = cited(&house).await;
    let later = house.remember("the cache is wren").await;
    let last = house.answer(thread, &[later]).await;
    let last_one = Told {
        message_id: None,
        conversation_id: Some(thread),
        ..told(SignalType::UserRating, 1_000, answer)
    };
    let signal = tell(&house, last_one).await.unwrap();
    assert_eq!((signal.message_id, signal.moved), (Some(last), 1_000));
    assert_eq!((utility(&house, id).await, utility(&house, later).await), (5_000, 6_000));

    let about_nothing = Told { message_id: None, ..told(SignalType::TaskSuccess, 1_000, answer) };
    let signal = tell(&house, about_nothing).await.unwrap();
    assert_eq!((signal.moved, signal.memories.len()), (0, 0), "kept, and moves nothing");
}

#[tokio::test]
async fn one_answer_moves_a_memory_by_the_same_kind_once() {
    let house = House::new().await;
    let (id, thread, answer) = cited(&house).await;
    let moved = |signal: Signal| signal.moved;
    let rate = || told(SignalType::UserRating, 500, answer);
    assert_eq!(tell(&house, rate()).await.map(moved).unwrap(), 500);
    assert_eq!(tell(&house, rate()).await.map(moved).unwrap(), 0);
    house.clock.advance(Duration::from_secs(3_700));
    assert_eq!(tell(&house, rate()).await.map(moved).unwrap(), 0, "in another hour neither");
    let accept = told(SignalType::UserAcceptance, 500, answer);
    assert_eq!(tell(&house, accept).await.map(moved).unwrap(), 400, "another kind does");
    let other = house.answer(thread, &[id]).await;
    let other = told(SignalType::UserRating, 500, other);
    assert_eq!(tell(&house, other).await.map(moved).unwrap(), 500, "another answer does");
    let kept = house.reader.signals(house.owner, PageRequest::new(100, None)).await.unwrap();
    assert_eq!(kept.items.len(), 5, "all are kept");
}

#[tokio::test]
async fn a_person_moves_no_more_than_their_share_in_an_hour_even_all_at_once() {
    let house = House::new().await;
    let (id, thread, _) = cited(&house).await;
    let mut answers = Vec::new();
    for _ in 0..20 {
        answers.push(house.answer(thread, &[id]).await);
    }
    let rate = |answer: &MessageId| tell(&house, told(SignalType::UserRating, 900, *answer));
    let moved: Vec<i32> =
        join_all(answers.iter().map(rate)).await.into_iter().map(|it| it.unwrap().moved).collect();
    assert_eq!(moved.iter().sum::<i32>(), 3_000, "{moved:?}");
    assert_eq!(moved.iter().filter(|moved| **moved != 0).count(), 4, "{moved:?}");
    assert_eq!(utility(&house, id).await, 8_000);

    house.clock.advance(Duration::from_secs(3_601));
    let answer = house.answer(thread, &[id]).await;
    let signal = tell(&house, told(SignalType::UserRating, -1_000, answer)).await.unwrap();
    assert_eq!((signal.moved, utility(&house, id).await), (-1_000, 7_000));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_says_why() {
    let house = House::new().await;
    let (id, thread, answer) = cited(&house).await;
    let good = || told(SignalType::UserRating, 500, answer);
    let nobodys = house.mint.next(MessageId::from_uuid);
    let refused = [
        (told(SignalType::TaskSuccess, -1, answer), "within 0..=1000"),
        (told(SignalType::UserRating, 1_001, answer), "within -1000..=1000"),
        (told(SignalType::UserRating, i32::MIN, answer), "within -1000..=1000"),
        (Told { rating: Some((9, 5)), ..good() }, "scale"),
        (Told { rating: Some((0, 0)), ..good() }, "scale"),
        (Told { rating: Some((3, 5)), kind: SignalType::FollowUp, ..good() }, "user_rating"),
        (Told { comment: Some("x".repeat(501)), ..good() }, "501 bytes"),
        (Told { message_id: Some(nobodys), ..good() }, "no answer"),
        (Told { conversation_id: Some(house.thread().await), ..good() }, "no answer"),
    ];
    for (told, says) in refused {
        let outcome = tell(&house, told).await;
        let Err(CareError::Invalid(why)) = outcome else { panic!("{outcome:?}") };
        assert!(why.contains(says), "{why}");
    }
    let stranger = care_house::by(house.somebody().await);
    let outcome = house.care.signal(&stranger, good()).await;
    assert!(matches!(outcome, Err(CareError::Invalid(_))), "{outcome:?}");
    let theirs = Told { message_id: None, conversation_id: Some(thread), ..good() };
    let outcome = house.care.signal(&stranger, theirs).await;
    assert!(matches!(outcome, Err(CareError::Invalid(_))), "{outcome:?}");
    assert_eq!(utility(&house, id).await, 5_000);
}

#[tokio::test]
async fn finds_are_counted_by_one_commit_and_the_best_come_back_from_the_archive() {
    let house = House::new().await;
    let ids = house.remember_many(5).await;
    house.store.warm(&ids, house.now()).await.unwrap();
    house.store.archive(&ids, house.now()).await.unwrap();
    let mut hits = Vec::new();
    for id in &ids {
        hits.push(house.hit(*id).await);
    }
    house.care.used(house.owner, &hits).await;
    house.care.used(house.owner, &hits[..1]).await;
    assert_eq!(house.get(ids[0]).await.unwrap().standing.accesses, 0, "nobody waits for a commit");
    assert_eq!(house.care.write_uses().await.unwrap(), 6);
    assert_eq!(house.care.write_uses().await.unwrap(), 0);

    let first = house.get(ids[0]).await.unwrap().standing;
    let last = house.get(ids[4]).await.unwrap().standing;
    assert_eq!((first.accesses, first.last_rank, last.last_rank), (2, 1, 5));
    assert!(first.utility > last.utility, "a better place is worth more");
    let mut tiers = Vec::new();
    for id in ids {
        tiers.push(house.tier(id).await.unwrap());
    }
    use MemoryTier::{Cold, Warm};
    assert_eq!(tiers, [Warm, Warm, Warm, Cold, Cold]);
}

#[tokio::test]
async fn finds_that_cannot_be_written_are_dropped_and_nothing_else_is_lost() {
    let house = House::new().await;
    let id = house.remember("wren").await;
    let hit = house.hit(id).await;
    let stranger = house.somebody().await;
    house.care.used(stranger, std::slice::from_ref(&hit)).await;
    assert_eq!(house.care.write_uses().await.unwrap(), 0, "another's are not counted");
    for _ in 0..30_000 {
        house.care.used(house.owner, std::slice::from_ref(&hit)).await;
    }
    assert_eq!(house.care.write_uses().await.unwrap(), 10_000, "what waits is bounded");
    assert_eq!(house.get(id).await.unwrap().standing.accesses, 10_000);
}
