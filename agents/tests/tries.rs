//! Another try: when a task is given back and for how long, and how it ends where there is none.
//! The desk over the real embedded store.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that meets the unexpected fails"
)]

mod support;

use std::time::Duration;

use appliance_core::{
    AgentName, Citation, CutOff, EventBody, LONGEST_WAIT, MemoryId, Role, TaskStatus, Topic,
    WaitReason,
    bus::MAX_DELIVERIES,
    desk::{Begun, Fail, Hold, Lease},
    ports::{Desk, Live, Streams},
};
use support::{
    House, next,
    said::{delegate, fail},
};

#[tokio::test]
async fn a_failed_try_is_repeated_later_and_the_fifth_ends_with_a_sentence() {
    let house = House::build().await;
    let boss = house.life(AgentName::Supervisor);
    let ids = house.say("what is the answer?").await;
    let work = house.lease(boss).await;
    house.desk.fail(boss, fail(&work.lease, true)).await.unwrap();
    assert_eq!(house.task(ids.task_id).await.status, TaskStatus::Pending);
    assert!(house.has_none(boss).await, "not at once");
    let again = house.lease(boss).await;
    assert_eq!(again.task.attempt, 2);

    let mut lease = again.lease;
    for deliveries in 3..=MAX_DELIVERIES {
        house.store.release(boss).await.unwrap();
        lease = house.lease(boss).await.lease;
        assert_eq!(lease.deliveries, deliveries);
    }
    house.desk.fail(boss, fail(&lease, true)).await.unwrap();
    assert_eq!(house.task(ids.task_id).await.status, TaskStatus::Failed);
    let said = house.answer(ids).await.unwrap();
    assert_eq!((said.role, said.content.as_str()), (Role::System, "The model is away. Try again."));
    assert_eq!(house.memories().await.len(), 1, "a failure is not remembered");
}

#[tokio::test]
async fn a_try_that_is_put_off_says_so_lets_others_pass_and_comes_when_it_is_due() {
    let house = House::build().await;
    let (boss, qa) = (house.life(AgentName::Supervisor), house.life(AgentName::Qa));
    let ids = house.say("what is the answer?").await;
    let root = house.lease(boss).await;
    house.desk.delegate(boss, delegate(&root, AgentName::Qa)).await.unwrap();
    let work = house.lease(qa).await;
    let mut tasks = house.live.subscribe(Topic::Tasks(house.owner));
    let hold = Hold { reason: WaitReason::RateLimited, after: Some(Duration::from_secs(2)) };
    let put_off = Fail { hold: Some(hold), ..fail(&work.lease, true) };
    house.desk.fail(qa, put_off.clone()).await.unwrap();
    house.desk.fail(qa, put_off).await.unwrap();

    let wait = house.task(work.task.id).await.wait.unwrap();
    assert_eq!((wait.reason, wait.tries), (WaitReason::RateLimited, 1));
    assert_eq!(house.task(ids.task_id).await.status, TaskStatus::Waiting);
    for id in [work.task.id, ids.task_id] {
        let EventBody::Task(shown) = next(&mut tasks).await.body else { panic!("a task is shown") };
        assert_eq!((shown.id, shown.wait), (id, Some(wait)), "the whole shows its part's wait");
    }
    house.say_elsewhere("another").await;
    let other = house.lease(boss).await;
    house.desk.delegate(boss, delegate(&other, AgentName::Qa)).await.unwrap();
    let other = house.lease(qa).await;
    assert_ne!(other.task.id, work.task.id, "another passes");
    let again = house.lease_beside(qa, &[other.lease]).await;
    assert_eq!((again.task.id, again.task.attempt, again.task.wait), (work.task.id, 2, None));
    assert!(house.mint.clock().now() >= wait.due);

    let hold = Hold { after: Some(LONGEST_WAIT), ..hold };
    let too_long = Fail { hold: Some(hold), ..fail(&again.lease, true) };
    house.desk.fail(qa, too_long).await.unwrap();
    let told = house.answer(ids).await.unwrap().content;
    assert!(told.contains("asked 2 times and given up"), "{told}");
}

#[tokio::test]
async fn what_was_written_is_the_answer_where_there_is_no_other_try() {
    let house = House::build().await;
    let (boss, qa) = (house.life(AgentName::Supervisor), house.life(AgentName::Qa));
    let ids = house.say("what is the answer?").await;
    let root = house.lease(boss).await;
    house.desk.delegate(boss, delegate(&root, AgentName::Qa)).await.unwrap();
    let work = house.lease(qa).await;
    let memory_id = house.mint.next(MemoryId::from_uuid);
    let begun = Begun {
        text: "The answer is 4".to_owned(),
        citations: vec![Citation { number: 1, memory_id, quote: "4".to_owned() }],
        model: "demo".to_owned(),
        cut_off: CutOff::BrokeOff,
    };
    let broke_off =
        |lease: &Lease| Fail { begun: Some(Box::new(begun.clone())), ..fail(lease, true) };
    house.desk.fail(qa, broke_off(&work.lease)).await.unwrap();
    assert_eq!(house.answer(ids).await, None, "it is begun again");

    let again = house.lease(qa).await;
    let after = Some(LONGEST_WAIT + Duration::from_secs(1));
    let hold = Hold { reason: WaitReason::RateLimited, after };
    let too_long = Fail { hold: Some(hold), ..broke_off(&again.lease) };
    house.desk.fail(qa, too_long.clone()).await.unwrap();
    house.desk.fail(qa, too_long).await.unwrap();
    let answer = house.answer(ids).await.unwrap();
    assert_eq!((answer.role, answer.agent), (Role::Assistant, Some(AgentName::Qa)));
    let (text, why) = (answer.content.as_str(), answer.cut_off);
    assert_eq!((text, why), ("The answer is 4", Some(CutOff::BrokeOff)));
    assert_eq!(answer.citations, begun.citations);
    assert_eq!(house.task(ids.task_id).await.status, TaskStatus::Completed);
    assert_eq!(house.waiting_on_bus().await, 0);
}

#[tokio::test]
async fn what_a_choice_took_counts_and_what_a_part_lay_untaken_does_not() {
    let house = House::build().await;
    let (boss, qa) = (house.life(AgentName::Supervisor), house.life(AgentName::Qa));
    let untaken = house.say("what is the answer?").await;
    let late = house.say_elsewhere("what is the question?").await;
    let root = house.lease(boss).await;
    house.desk.delegate(boss, delegate(&root, AgentName::Qa)).await.unwrap();
    let root = house.lease(boss).await;
    let pause = Duration::from_secs(2);
    tokio::time::sleep(pause + Duration::from_millis(100)).await;
    house.desk.delegate(boss, delegate(&root, AgentName::Qa)).await.unwrap();
    let hold = Hold { reason: WaitReason::RateLimited, after: Some(LONGEST_WAIT - pause) };
    for (ids, ends) in [(untaken, false), (late, true)] {
        let work = house.lease(qa).await;
        assert_eq!(work.task.parent_task_id, Some(ids.task_id));
        let put_off = Fail { hold: Some(hold), ..fail(&work.lease, true) };
        house.desk.fail(qa, put_off).await.unwrap();
        assert_eq!(house.answer(ids).await.is_some(), ends);
    }
}
