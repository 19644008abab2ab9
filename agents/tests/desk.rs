//! The desk over the real embedded store: the life of a task, and what happens when it is cut short.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that meets the unexpected fails"
)]

mod support;

use std::time::Duration;

use appliance_core::{
    AgentName, Citation, ConversationStatus, Envelope, EnvelopeKind, EventBody, MemoryId,
    MemoryKind, PageRequest, Payload, Phase, Priority, Role, StreamName, Task, TaskId, TaskOutcome,
    TaskStatus, Topic, Write,
    batch::Batch,
    bus::{AGENTS_GROUP, MAX_DELIVERIES},
    desk::{Care, CareCommand, CareDone, Chunk, Complete, Delegate, Lease, Progress, Recall},
    envelope::Sender,
    ports::{Conversations, Desk, DeskError, Live, Records, Streams},
};
use support::{
    House, next,
    said::{delegate, fail},
};

fn complete(lease: &Lease, text: &str) -> Complete {
    Complete {
        lease: lease.clone(),
        text: text.to_owned(),
        citations: Vec::new(),
        model: "demo".to_owned(),
        cut_off: None,
    }
}

fn chunk(lease: &Lease, offset: u64, text: &str) -> Progress {
    let chunk = Some(Chunk { offset, text: text.to_owned() });
    Progress { lease: lease.clone(), phase: None, chunk }
}

fn remember(lease: &Lease, text: &str) -> CareCommand {
    let care = Care::Remember { text: text.to_owned(), untrusted: None };
    CareCommand { lease: lease.clone(), number: 1, care }
}

fn is_lost<T: std::fmt::Debug>(result: &Result<T, DeskError>) -> bool {
    matches!(result, Err(DeskError::LeaseLost(_)))
}

#[tokio::test]
async fn a_message_goes_from_supervisor_to_worker_whose_answer_ends_it() {
    let house = House::build().await;
    let (boss, code) = (house.life(AgentName::Supervisor), house.life(AgentName::Code));
    let mut events = house.watch();
    let ids = house.say("why does `a && b` fail? <b>🪶</b>").await;

    let root = house.lease(boss).await;
    assert_eq!((root.task.id, root.task.status), (ids.task_id, TaskStatus::InProgress));
    assert_eq!((root.task.attempt, root.envelope.source), (1, Sender::Server));
    house.desk.delegate(boss, delegate(&root, AgentName::Code)).await.unwrap();
    assert_eq!(house.task(ids.task_id).await.status, TaskStatus::Waiting);

    let work = house.lease(code).await;
    assert_eq!(work.task.input, "why does `a && b` fail? <b>🪶</b>");
    assert_eq!(work.envelope.source, Sender::Agent(AgentName::Supervisor));
    assert_eq!(work.task.parent_task_id, Some(ids.task_id));
    house.desk.progress(code, chunk(&work.lease, 0, "Because ")).await.unwrap();
    house.desk.progress(code, chunk(&work.lease, 8, "so.")).await.unwrap();
    let memory_id = house.mint.next(MemoryId::from_uuid);
    let citations = vec![Citation { number: 1, memory_id, quote: "so".to_owned() }];
    let done = Complete { citations: citations.clone(), ..complete(&work.lease, "Because so.") };
    house.desk.complete(code, done).await.unwrap();

    assert!(house.has_none(boss).await, "nobody has to pass it on");
    let answer = house.answer(ids).await.unwrap();
    assert_eq!((answer.role, answer.agent), (Role::Assistant, Some(AgentName::Code)));
    assert_eq!((answer.content.as_str(), &answer.citations), ("Because so.", &citations));
    assert_eq!(answer.seq, 2);
    assert_eq!(house.task(ids.task_id).await.status, TaskStatus::Completed);
    assert_eq!(house.waiting_on_bus().await, 0);
    let kinds: Vec<_> = house.memories().await.into_iter().map(|m| m.kind).collect();
    assert_eq!(kinds, [MemoryKind::Answer, MemoryKind::Said]);

    for offset in [0, 8] {
        let EventBody::Chunk { message_id, offset: at, .. } = next(&mut events).await.body else {
            panic!("a chunk at {offset}")
        };
        assert_eq!((message_id, at), (ids.answer_id, offset));
    }
    assert_eq!(next(&mut events).await.body, EventBody::Complete(answer));
}

#[tokio::test]
async fn every_command_can_be_repeated_without_effect() {
    let house = House::build().await;
    let (boss, code) = (house.life(AgentName::Supervisor), house.life(AgentName::Code));
    let ids = house.say("what is the answer?").await;
    let root = house.lease(boss).await;
    let first = house.desk.delegate(boss, delegate(&root, AgentName::Code)).await.unwrap();
    let again = house.desk.delegate(boss, delegate(&root, AgentName::Code)).await.unwrap();
    assert_eq!(first.id, again.id, "one child, not two");

    let work = house.lease(code).await;
    let note = remember(&work.lease, "the answer is 42");
    let kept = house.desk.care(code, note.clone()).await.unwrap();
    assert!(matches!(kept, CareDone::Remembered(_)), "{kept:?}");
    assert_eq!(house.desk.care(code, note).await.unwrap(), kept, "one note, not two");
    let done = complete(&work.lease, "done");
    house.desk.complete(code, done.clone()).await.unwrap();
    house.desk.complete(code, done).await.unwrap();
    let other = complete(&work.lease, "something else");
    let refused = house.desk.complete(code, other).await;
    assert!(matches!(refused, Err(DeskError::Refused(_))), "{refused:?}");

    assert!(house.has_none(boss).await && house.has_none(code).await);
    assert_eq!(house.answer(ids).await.unwrap().content, "done");
    assert_eq!(house.memories().await.len(), 3, "said, noted, answered; each once");
}

#[tokio::test]
async fn a_task_whose_agent_died_is_delivered_again_and_the_dead_agents_words_are_refused() {
    let house = House::build().await;
    let (first, second) = (house.life(AgentName::Supervisor), house.life(AgentName::Supervisor));
    house.say("/help").await;
    let before = house.lease(first).await;
    house.store.release(first).await.unwrap();
    let after = house.lease(second).await;
    assert_eq!((after.task.attempt, after.lease.deliveries), (2, 2));

    let stale = complete(&before.lease, "too late");
    assert!(is_lost(&house.desk.complete(first, stale).await));
    assert!(is_lost(&house.desk.progress(first, chunk(&before.lease, 0, "late")).await));
    assert!(is_lost(&house.desk.renew(first, &before.lease).await));
    assert!(is_lost(&house.desk.fail(first, fail(&before.lease, true)).await));
    let late = Delegate { lease: before.lease.clone(), ..delegate(&before, AgentName::Qa) };
    assert!(is_lost(&house.desk.delegate(first, late).await));

    house.desk.renew(second, &after.lease).await.unwrap();
    let fine = complete(&after.lease, "in time");
    house.desk.complete(second, fine).await.unwrap();
}

#[tokio::test]
async fn work_that_kills_its_agent_five_times_is_given_up_with_a_sentence() {
    let house = House::build().await;
    let boss = house.life(AgentName::Supervisor);
    let ids = house.say("poison").await;
    let root = house.lease(boss).await;
    house.desk.delegate(boss, delegate(&root, AgentName::Qa)).await.unwrap();
    for _ in 0..MAX_DELIVERIES {
        let victim = house.life(AgentName::Qa);
        house.lease(victim).await;
        house.store.release(victim).await.unwrap();
    }
    assert!(house.has_none(house.life(AgentName::Qa)).await, "the sixth delivery reaches nobody");
    assert_eq!(house.task(ids.task_id).await.status, TaskStatus::Failed);
    let said = house.answer(ids).await.unwrap();
    assert!(said.content.contains("The qa agent stopped 5 times"), "{}", said.content);
    assert_eq!(house.waiting_on_bus().await, 0);
}

#[tokio::test]
async fn urgent_work_comes_first_and_other_work_does_not_starve() {
    let house = House::build().await;
    let boss = house.life(AgentName::Supervisor);
    let calm = house.say("calm").await;
    let urgent = Priority::new(9).unwrap();
    let mut last = None;
    for n in 0..12 {
        last = Some(house.say_with(&format!("urgent {n}"), urgent).await);
    }
    let mut order = Vec::new();
    for _ in 0..12 {
        let work = house.lease(boss).await;
        order.push(work.task.id);
        let done = complete(&work.lease, "ok");
        house.desk.complete(boss, done).await.unwrap();
    }
    let calm_at = order.iter().position(|id| *id == calm.task_id);
    assert_eq!(calm_at, Some(9), "the tenth read looks into the other stream first");
    assert!(!order.contains(&last.unwrap().task_id));
}

#[tokio::test]
async fn an_entry_whose_task_is_over_is_cleared_away() {
    let house = House::build().await;
    let boss = house.life(AgentName::Supervisor);
    let ids = house.say("never mind").await;
    let at = house.mint.clock().now();
    let cancel = Write::TransitionTask {
        id: ids.task_id,
        to: TaskStatus::Cancelled,
        attempt: None,
        phase: None,
        at,
    };
    house.store.apply(Batch::new().write(cancel)).await.unwrap();
    assert!(house.has_none(boss).await);
    assert_eq!(house.waiting_on_bus().await, 0);
}

#[tokio::test]
async fn a_task_cancelled_in_hand_takes_no_answer() {
    let house = House::build().await;
    let boss = house.life(AgentName::Supervisor);
    let ids = house.say("stop it").await;
    let work = house.lease(boss).await;
    let (id, at) = (ids.task_id, house.mint.clock().now());
    let to = TaskStatus::Cancelled;
    let cancel = Write::TransitionTask { id, to, attempt: None, phase: None, at };
    house.store.apply(Batch::new().write(cancel)).await.unwrap();
    let done = complete(&work.lease, "done");
    assert!(is_lost(&house.desk.complete(boss, done).await));
    assert_eq!(house.answer(ids).await, None);
}

#[tokio::test]
async fn a_part_of_a_message_called_off_ends_without_an_answer() {
    let house = House::build().await;
    let (boss, code) = (house.life(AgentName::Supervisor), house.life(AgentName::Code));
    let ids = house.say("stop it").await;
    let root = house.lease(boss).await;
    house.desk.delegate(boss, delegate(&root, AgentName::Code)).await.unwrap();
    let work = house.lease(code).await;
    let (id, at) = (ids.task_id, house.mint.clock().now());
    let to = TaskStatus::Cancelled;
    let cancel = Write::TransitionTask { id, to, attempt: None, phase: None, at };
    house.store.apply(Batch::new().write(cancel)).await.unwrap();
    house.desk.complete(code, complete(&work.lease, "late")).await.unwrap();
    assert_eq!(house.task(ids.task_id).await.status, TaskStatus::Cancelled);
    assert_eq!(house.answer(ids).await, None);
    assert!(house.memories().await.iter().all(|memory| memory.kind == MemoryKind::Said));
    assert_eq!(house.waiting_on_bus().await, 0);
}

#[tokio::test]
async fn a_result_that_an_earlier_version_left_on_the_bus_ends_its_message() {
    let house = House::build().await;
    let boss = house.life(AgentName::Supervisor);
    let ids = house.say("what is it called?").await;
    let root = house.lease(boss).await;
    let child = house.desk.delegate(boss, delegate(&root, AgentName::Code)).await.unwrap();
    let work = house.lease(house.life(AgentName::Code)).await;
    assert_eq!(work.task.id, child.id);
    let outcome = TaskOutcome::Completed {
        text: "heron".to_owned(),
        citations: Vec::new(),
        model: "demo".to_owned(),
        agent: AgentName::Code,
    };
    // As before: the child ends alone, and a result goes to the supervisor.
    let orphan = Task {
        id: house.mint.next(TaskId::from_uuid),
        status: TaskStatus::Completed,
        outcome: Some(outcome),
        ..child.clone()
    };
    let payload = Payload { task_id: ids.task_id, ..work.envelope.payload.clone() };
    let (kind, target) = (EnvelopeKind::Result, AgentName::Supervisor);
    let envelope = Envelope { payload, kind, target, ..work.envelope.clone() };
    let stream = StreamName::of_agent(target, Priority::NORMAL);
    let batch = Batch::new()
        .write(Write::PutTask(orphan))
        .write(Write::AppendBus { stream, envelope })
        .write(Write::AckBus {
            stream: work.lease.stream.clone(),
            group: AGENTS_GROUP.to_owned(),
            seq: work.lease.seq,
        });
    house.store.apply(batch).await.unwrap();
    assert!(house.has_none(boss).await, "no agent has anything to do");
    let answer = house.answer(ids).await.unwrap();
    assert_eq!((answer.content.as_str(), answer.agent), ("heron", Some(AgentName::Code)));
    assert_eq!(house.task(ids.task_id).await.status, TaskStatus::Completed);
    assert_eq!(house.waiting_on_bus().await, 0);
}

#[tokio::test]
async fn an_agent_holds_several_tasks_and_loses_them_singly() {
    let house = House::build().await;
    let boss = house.life(AgentName::Supervisor);
    let mut ids = Vec::new();
    for n in 0..4 {
        ids.push(house.say(&format!("/help {n}")).await);
    }
    let first = house.lease(boss).await;
    let mut held = vec![first.lease];
    for _ in 0..2 {
        held.push(house.lease_beside(boss, &held).await.lease);
    }
    assert!(held.iter().all(|lease| lease.deliveries == 1), "none was taken back: {held:?}");
    for lease in &held {
        house.desk.renew(boss, lease).await.unwrap();
    }
    let (id, at) = (ids[1].task_id, house.mint.clock().now());
    let to = TaskStatus::Cancelled;
    let cancel = Write::TransitionTask { id, to, attempt: None, phase: None, at };
    house.store.apply(Batch::new().write(cancel)).await.unwrap();
    assert!(is_lost(&house.desk.renew(boss, &held[1]).await));
    for lease in [&held[0], &held[2]] {
        house.desk.renew(boss, lease).await.unwrap();
        house.desk.complete(boss, complete(lease, "done")).await.unwrap();
    }
    let last = house.lease_beside(boss, &held).await;
    assert_eq!((last.task.id, last.task.attempt), (ids[3].task_id, 1));
}

/// Where an agent may be killed while a message is on its way.
const CUTS: usize = 6;

#[tokio::test]
async fn wherever_an_agent_dies_the_message_is_answered_once() {
    for cut in 0..CUTS {
        let house = House::build().await;
        let ids = house.say("hello").await;
        let mut step = 0;
        let mut dies = || {
            step += 1;
            step - 1 == cut
        };
        let boss = house.life(AgentName::Supervisor);
        let mut root = house.lease(boss).await;
        if dies() {
            house.store.release(boss).await.unwrap();
            root = house.lease(house.life(AgentName::Supervisor)).await;
        }
        let heir = house.life(AgentName::Supervisor);
        house.desk.delegate(boss, delegate(&root, AgentName::Code)).await.unwrap();
        if dies() {
            house.store.release(boss).await.unwrap();
            assert!(house.has_none(heir).await, "its part of it is done");
        }
        let mut code = house.life(AgentName::Code);
        let mut work = house.lease(code).await;
        if dies() {
            house.store.release(code).await.unwrap();
            code = house.life(AgentName::Code);
            work = house.lease(code).await;
        }
        house.desk.progress(code, chunk(&work.lease, 0, "half")).await.unwrap();
        if dies() {
            house.store.release(code).await.unwrap();
            code = house.life(AgentName::Code);
            work = house.lease(code).await;
        }
        house.desk.complete(code, complete(&work.lease, "whole")).await.unwrap();
        if dies() {
            house.store.release(code).await.unwrap();
            assert!(house.has_none(house.life(AgentName::Code)).await);
        }
        if dies() {
            house.desk.complete(code, complete(&work.lease, "whole")).await.unwrap();
        }
        assert_eq!(step, CUTS);
        let page = PageRequest::new(10, None);
        let thread = house.store.messages(house.owner, house.conversation, page).await.unwrap();
        let said: Vec<_> = thread.items.iter().rev().map(|it| it.content.as_str()).collect();
        assert_eq!(said, ["hello", "whole"], "killed at {cut}");
        assert_eq!(house.task(ids.task_id).await.status, TaskStatus::Completed);
        assert_eq!(house.waiting_on_bus().await, 0, "killed at {cut}");
    }
}

#[tokio::test]
async fn a_conversation_deleted_meanwhile_takes_no_answer_and_the_task_ends() {
    let house = House::build().await;
    let boss = house.life(AgentName::Supervisor);
    let ids = house.say("hello").await;
    let work = house.lease(boss).await;
    let (id, at) = (house.conversation, house.mint.clock().now());
    let status = Some(ConversationStatus::Deleted);
    let delete = Write::ChangeConversation { id, title: None, status, at };
    house.store.apply(Batch::new().write(delete)).await.unwrap();
    let done = complete(&work.lease, "done");
    house.desk.complete(boss, done).await.unwrap();
    assert_eq!(house.task(ids.task_id).await.status, TaskStatus::Completed);
    assert_eq!(house.waiting_on_bus().await, 0);
}

#[tokio::test]
async fn what_is_being_answered_while_something_is_purged_is_begun_anew() {
    let house = House::build().await;
    let (boss, code) = (house.life(AgentName::Supervisor), house.life(AgentName::Code));
    let secret = house.remember("the flight code is zqx").await;
    let asked = house.say("what is the flight code?").await;
    let root = house.lease(boss).await;
    house.desk.delegate(boss, delegate(&root, AgentName::Code)).await.unwrap();
    let work = house.lease(code).await;
    house.say("and the gate?").await;
    let choosing = house.lease(boss).await;
    let purge = Write::PurgeMemories { owner: house.owner, ids: vec![secret] };
    house.store.apply(Batch::new().write(purge)).await.unwrap();

    let late = house.desk.complete(code, complete(&work.lease, "it is zqx")).await;
    assert!(is_lost(&late), "{late:?}");
    let late = house.desk.delegate(boss, delegate(&choosing, AgentName::Qa)).await;
    assert!(late.is_err_and(|error| matches!(error, DeskError::LeaseLost(_))));
    let again = house.lease(code).await;
    assert_eq!((again.task.id, again.lease.deliveries), (work.task.id, 2));
    house.desk.complete(code, complete(&again.lease, "I do not know")).await.unwrap();
    assert_eq!(house.answer(asked).await.unwrap().content, "I do not know");
    let again = house.lease(boss).await;
    house.desk.delegate(boss, delegate(&again, AgentName::Qa)).await.unwrap();
}

#[tokio::test]
async fn the_lease_of_a_task_is_held_by_one_life_until_it_ends() {
    let house = House::build().await;
    house.say("one").await;
    let (one, other) = (house.life(AgentName::Supervisor), house.life(AgentName::Supervisor));
    let work = house.lease(one).await;
    let held = |who| house.desk.holds(who, work.task.id);
    assert!(held(one) && !held(other), "another life of the same agent holds nothing");
    house.store.release(one).await.unwrap();
    assert!(!held(one), "a lease that fell is not held");
    let again = house.lease(other).await;
    assert!(again.task.id == work.task.id && held(other) && !held(one));
    house.desk.fail(other, fail(&again.lease, false)).await.unwrap();
    assert!(!held(other), "nor one whose work is done");
}

#[tokio::test]
async fn no_agent_can_speak_for_another_ones_work() {
    let house = House::build().await;
    let (boss, code, qa) =
        (house.life(AgentName::Supervisor), house.life(AgentName::Code), house.life(AgentName::Qa));
    house.say("one").await;
    let root = house.lease(boss).await;
    house.desk.delegate(boss, delegate(&root, AgentName::Code)).await.unwrap();
    let work = house.lease(code).await;

    let done = complete(&work.lease, "forged");
    let refused = house.desk.complete(qa, done).await;
    assert!(matches!(refused, Err(DeskError::Refused(_))), "{refused:?}");
    let ask = Recall { lease: work.lease.clone(), query: "one".to_owned(), limit: 5 };
    assert!(is_lost(&house.desk.recall(qa, ask).await));
    let refused = house.desk.delegate(code, delegate(&work, AgentName::Qa)).await;
    assert!(matches!(refused, Err(DeskError::Refused(_))), "{refused:?}");
}

#[tokio::test]
async fn work_carries_the_conversation_before_it_and_recall_leaves_the_message_itself_out() {
    let house = House::build().await;
    let boss = house.life(AgentName::Supervisor);
    for n in 0..23 {
        house.say(&format!("heron {n}")).await;
        let work = house.lease(boss).await;
        house.desk.complete(boss, complete(&work.lease, "ok")).await.unwrap();
    }
    let ids = house.say("heron last").await;
    house.say("heron after").await;
    let work = house.lease(boss).await;
    assert_eq!(work.task.id, ids.task_id);
    assert_eq!(work.history.len(), 20);
    assert!(work.history.is_sorted_by_key(|message| message.seq));
    assert_eq!(work.history[18].content, "heron 22");
    assert_eq!(work.history[19].content, "ok");

    let ask = Recall { lease: work.lease.clone(), query: "heron".to_owned(), limit: 500 };
    let hits = house.desk.recall(boss, ask).await.unwrap();
    assert!(hits.iter().all(|hit| hit.memory.provenance.message_id != Some(ids.message_id)));
    assert_eq!(hits.len(), 24);
}

#[tokio::test]
async fn an_agent_that_asks_again_gets_the_work_whose_reply_it_never_saw() {
    let house = House::build().await;
    let boss = house.life(AgentName::Supervisor);
    let ids = house.say("lost reply").await;
    house.lease(boss).await;
    let again = house.lease(boss).await;
    assert_eq!((again.task.id, again.task.attempt), (ids.task_id, 2));
}

#[tokio::test]
async fn a_phase_is_shown_to_the_owner_and_a_stale_chunk_to_nobody() {
    let house = House::build().await;
    let boss = house.life(AgentName::Supervisor);
    house.say("one").await;
    let work = house.lease(boss).await;
    let mut tasks = house.live.subscribe(Topic::Tasks(house.owner));
    let lease = work.lease.clone();
    let phase = Some(Phase::Verify);
    house.desk.progress(boss, Progress { lease, phase, chunk: None }).await.unwrap();
    let EventBody::Task(task) = next(&mut tasks).await.body else { panic!("a task") };
    assert_eq!(task.pai_phase, Some(Phase::Verify));

    let mut events = house.watch();
    house.desk.progress(boss, chunk(&work.lease, 5, "a gap")).await.unwrap();
    let silent = tokio::time::timeout(Duration::from_millis(100), events.next()).await;
    assert!(silent.is_err(), "the feed drops what does not fit");
}

#[tokio::test]
async fn a_note_has_a_limit_that_is_named() {
    let house = House::build().await;
    let boss = house.life(AgentName::Supervisor);
    house.say("keep it").await;
    let work = house.lease(boss).await;
    let note = |text: &str| remember(&work.lease, text);
    let long = "x".repeat(65_537);
    let Err(DeskError::Refused(why)) = house.desk.care(boss, note(&long)).await else {
        panic!("one byte too many")
    };
    assert!(why.contains("65537") && why.contains("65536"), "{why}");
    assert!(house.desk.care(boss, note(" \n")).await.is_err());
    assert!(house.desk.care(boss, note(&long[1..])).await.is_ok());
}
