//! What the end of a task and a rating leave behind: signals, learnings, files, and what is worth
//! remembering of an answer. The real store and the real care.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that meets the unexpected fails"
)]

mod support;

use std::sync::Arc;

use appliance_core::{
    ActionId, Batch, Memory, MemoryAction, MemoryHit, MemoryId, MemoryKind, Outcome, PageRequest,
    Phase, Signal, SignalType, UserId, Write,
    desk::{Care, CareDone, Complete, Fail, Meant},
    ports::{
        AuditTrail as _, By, CareError, Conversations as _, Correction, Desk, DeskError, Job,
        MemoryCare, MemoryStats, Records as _, TaskFilter, Tasks, Told,
    },
};
use async_trait::async_trait;
use support::talk::Talk;

const HERON: &str = "remember that the staging database is called heron";
const QUESTION: &str = "what is the staging database called?";

#[tokio::test]
async fn a_rating_moves_what_the_answer_cited_and_a_poor_one_teaches() {
    let talk = Talk::start().await;
    talk.tell(HERON, "Noted.", &[]).await;
    let cited = talk.memory(HERON).await.id;
    let asked = talk.tell(QUESTION, "It is heron. [1]", &[cited]).await;
    let before = talk.memory(HERON).await.standing.utility;
    let learned = talk.house.learnings().await.len();

    let rate =
        |value, comment: Option<&str>| Care::Rate { value, comment: comment.map(Into::into) };
    assert_eq!(talk.care("9 - nice", rate(9, Some("nice"))).await, CareDone::Rated);
    let signal = talk.house.signals().await.into_iter().next().unwrap();
    assert_eq!((signal.kind, signal.strength), (SignalType::UserRating, 777));
    assert_eq!((signal.rating, signal.comment.as_deref()), (Some((9, 10)), Some("nice")));
    assert_eq!(signal.message_id, Some(asked.answer_id));
    assert!(talk.memory(HERON).await.standing.utility > before);
    assert_eq!(talk.house.learnings().await.len(), learned);
    let trail = talk.house.store.events(PageRequest::new(100, None)).await.unwrap().items;
    let told = trail.iter().filter(|line| line.action == "memory.signal").count();
    assert_eq!(told, 1, "the rating, and not what the two tasks told of their ends");

    assert_eq!(talk.care("3", rate(3, Some("too short"))).await, CareDone::Rated);
    let fresh = talk.house.learnings().await;
    let texts: Vec<_> = fresh.iter().map(|it| it.text.as_str()).collect();
    let end = "LEARN: asked 'what is the staging database called?' -> answered by supervisor from 1 \
               memory; rated 3 of 10 'too short'";
    assert!(texts.contains(&end), "{texts:?}");
    let verify = fresh.iter().find(|it| it.labels.phase == Some(Phase::Verify)).unwrap();
    assert_eq!(verify.labels.outcome, Some(Outcome::Failure));

    let (_, work) = talk.say("11").await;
    assert!(matches!(talk.ask(&work.lease, rate(11, None)).await, Err(DeskError::Refused(_))));
    assert_eq!(Talk::start().await.care("8", rate(8, None)).await, CareDone::NothingMeant);
}

#[tokio::test]
async fn a_rating_outlives_the_count_of_uses_that_is_written_after_it() {
    let mut utilities = Vec::new();
    for value in [1, 10] {
        let talk = Talk::start().await;
        talk.tell(HERON, "Noted, I think.", &[]).await;
        let (_, work) = talk.say(QUESTION).await;
        let cited = talk.recall(&work, "heron").await[0].memory.id;
        talk.answer(&work, "It is heron. [1]", &[cited]).await;
        talk.care("rated", Care::Rate { value, comment: None }).await;
        talk.house.care.write_uses().await.unwrap();
        let standing = talk.memory(HERON).await.standing;
        assert_eq!(standing.accesses, 1, "the use is counted");
        utilities.push((standing.utility, standing.feedback));
    }
    assert!(utilities[0].0 < utilities[1].0, "rated 1 and rated 10: {utilities:?}");
}

#[tokio::test]
async fn the_end_of_a_task_and_the_next_message_are_told() {
    use SignalType::{
        ContextSwitch, FollowUp, TaskFailure, TaskRetry, TaskSuccess, UserAcceptance,
    };
    let talk = Talk::start().await;
    let first = talk.tell(QUESTION, "heron", &[]).await;
    assert_eq!(talk.kinds().await, [TaskSuccess]);
    talk.tell("who owns the staging database?", "data", &[]).await;
    assert_eq!(talk.kinds().await[..2], [FollowUp, TaskSuccess]);
    talk.tell("when do the trains to Hamburg leave?", "at 9", &[]).await;
    assert_eq!(talk.kinds().await[..2], [ContextSwitch, TaskSuccess]);
    talk.tell("What is the staging  database called?", "heron", &[]).await;
    assert_eq!(talk.kinds().await[..2], [TaskRetry, TaskSuccess]);
    assert_eq!(talk.house.signals().await[0].message_id, Some(first.answer_id));
    talk.tell("thanks!", "You are welcome.", &[]).await;
    assert_eq!(talk.kinds().await[..2], [UserAcceptance, TaskSuccess]);
    let (_, work) = talk.say("fail, please").await;
    let fail =
        Fail { lease: work.lease, error: "No.".to_owned(), retry: false, hold: None, begun: None };
    talk.house.desk.fail(talk.boss, fail).await.unwrap();
    assert_eq!(talk.kinds().await[0], TaskFailure);
    let count = talk.kinds().await.len();
    talk.care("undo that", Care::Undo).await;
    assert_eq!(talk.kinds().await.len(), count, "a command tells nothing");
    let phases: Vec<_> =
        talk.house.learnings().await.into_iter().filter_map(|it| it.labels.phase).collect();
    assert!(phases.contains(&Phase::Verify) && phases.contains(&Phase::Learn), "{phases:?}");
}

#[tokio::test]
async fn what_was_recalled_is_not_remembered_as_something_new() {
    let talk = Talk::start().await;
    talk.tell(HERON, "Noted, I think.", &[]).await;
    let (_, work) = talk.say(QUESTION).await;
    let hits = talk.recall(&work, "heron").await;
    let known = hits[0].memory.id;
    let note = |text: &str, untrusted: Option<&str>| Care::Remember {
        text: text.to_owned(),
        untrusted: untrusted.map(str::to_owned),
    };
    let kept = talk.ask(&work.lease, note("The staging database is called heron.", None)).await;
    assert_eq!(kept.unwrap(), CareDone::Remembered(known));
    let said = "The staging database is called heron. [1] It moved on Monday.";
    talk.answer(&work, said, &[known]).await;
    let left = talk.house.texts().await;
    assert_eq!(left[0], "It moved on Monday.", "{left:?}");

    let (_, work) = talk.say("and again?").await;
    talk.recall(&work, "heron").await;
    let count = talk.house.memories().await.len();
    talk.answer(&work, "The staging database is called heron. [1]", &[known]).await;
    assert_eq!(talk.house.memories().await.len(), count, "nothing new was said");
    let used = talk.memory(HERON).await.standing.accesses;
    talk.house.care.write_uses().await.unwrap();
    assert!(talk.memory(HERON).await.standing.accesses > used, "the cited memory was used");
}

#[tokio::test]
async fn an_answer_that_says_what_was_recalled_without_citing_it_goes_with_it() {
    let talk = Talk::start().await;
    talk.tell(HERON, "Noted.", &[]).await;
    let mut answers = Vec::new();
    for answer in ["You named it heron, I think.", "I cannot say anything about that at all."] {
        let (ids, work) = talk.say(QUESTION).await;
        talk.recall(&work, "heron").await;
        talk.answer(&work, answer, &[]).await;
        answers.push(ids.answer_id);
    }
    let house = &talk.house;
    let (owner, heron) = (house.owner, talk.memory(HERON).await.id);
    let write = Write::PurgeMemories { owner, ids: vec![heron] };
    house.store.apply(Batch::new().write(write)).await.unwrap();
    let mut left = Vec::new();
    for id in answers {
        left.push(house.store.message(owner, id).await.unwrap().unwrap().content);
    }
    assert_eq!(left, ["", "I cannot say anything about that at all."]);
    let page = PageRequest::new(50, None);
    let tasks = Tasks::list(&house.store, owner, TaskFilter::default(), page).await.unwrap();
    let tasks = format!("{:?}", tasks.items);
    assert!(!tasks.contains("named it heron"), "{tasks}");
}

#[tokio::test]
async fn an_answer_leans_on_what_its_deed_was_done_to() {
    let talk = Talk::start().await;
    talk.tell(HERON, "Noted.", &[]).await;
    let heron = talk.memory(HERON).await.id;
    let that = || Meant::That;
    for care in [Care::Correct { what: that(), to: "osprey".to_owned() }, Care::Undo] {
        talk.tell(QUESTION, "It is heron. [1]", &[heron]).await;
        let (ids, work) = talk.say(&format!("please {care:?}")).await;
        talk.ask(&work.lease, care.clone()).await.unwrap();
        talk.end(&work, "done", Vec::new(), "none").await;
        let told = talk.house.answer(ids).await.unwrap().leans_on;
        assert!(told.contains(&heron), "{care:?}: {told:?}");
    }
    talk.tell(QUESTION, "It is heron. [1]", &[heron]).await;
    let (ids, work) = talk.say("forget that").await;
    talk.ask(&work.lease, Care::Forget { what: that() }).await.unwrap();
    talk.end(&work, "Forgotten: \"heron\".", Vec::new(), "none").await;
    let (owner, write) =
        (talk.house.owner, |owner| Write::PurgeMemories { owner, ids: vec![heron] });
    talk.house.store.apply(Batch::new().write(write(owner))).await.unwrap();
    assert_eq!(talk.house.answer(ids).await.unwrap().content, "");
    let asked = talk.house.store.message(owner, ids.message_id).await.unwrap().unwrap();
    assert_eq!(asked.content, "", "the command goes with its answer");
}

/// Whatever a model says to it, none of it is worth a memory or teaches anything.
#[tokio::test]
async fn what_is_said_about_nothing_leaves_no_memory_and_no_learning() {
    let talk = Talk::start().await;
    talk.tell(QUESTION, "It is heron.", &[]).await;
    let (memories, learned) =
        (talk.house.memories().await.len(), talk.house.learnings().await.len());
    for said in
        ["hello", "Good morning!", "thanks, that helps", "ok", "what can you do?", "8 - nice"]
    {
        talk.tell(said, "You are welcome, the staging database is well.", &[]).await;
    }
    for command in ["/help", "/recall heron", "undo that", "forget that", "/dance", "9/10"] {
        let (_, work) = talk.say(command).await;
        talk.end(&work, "The commands: all of them.", Vec::new(), "none").await;
    }
    assert_eq!(talk.house.memories().await.len(), memories, "{:?}", talk.house.texts().await);
    let asked = "where does the ferry to Oslo leave?";
    talk.tell(asked, "I do not know anything about that.", &[]).await;
    let texts = talk.house.texts().await;
    assert_eq!(texts.len(), memories + 1, "the question alone: {texts:?}");
    assert_eq!(talk.house.learnings().await.len(), learned);
}

#[tokio::test]
async fn learnings_stay_out_of_recall_unless_the_question_is_about_work() {
    let talk = Talk::start().await;
    talk.tell(QUESTION, "heron", &[]).await;
    let (_, work) = talk.say("and the staging database now?").await;
    let kinds =
        |hits: Vec<MemoryHit>| hits.into_iter().map(|hit| hit.memory.kind).collect::<Vec<_>>();
    let plain = kinds(talk.recall(&work, "staging database").await);
    assert!(!plain.is_empty() && !plain.contains(&MemoryKind::Learning), "{plain:?}");
    let about = kinds(talk.recall(&work, "what went wrong with the staging database?").await);
    assert!(about.contains(&MemoryKind::Learning), "{about:?}");
}

#[tokio::test]
async fn a_care_that_is_down_fails_no_task() {
    let talk = Talk::start().await;
    let broken = talk.house.desk_with(Arc::new(Broken));
    let (ids, work) = talk.say("hello there, agent").await;
    let done = Complete {
        lease: work.lease,
        text: "hello".to_owned(),
        citations: Vec::new(),
        model: "demo".to_owned(),
        cut_off: None,
    };
    broken.complete(talk.boss, done).await.unwrap();
    assert_eq!(talk.house.answer(ids).await.unwrap().content, "hello");
}

#[tokio::test]
async fn learnings_and_signals_are_kept_as_files_too() {
    let talk = Talk::start().await;
    talk.tell(QUESTION, "heron", &[]).await;
    talk.house.tree.note(&talk.house.store, talk.house.owner).await.unwrap();
    let learned = talk.house.learnings().await;
    let day = learned[0].created_at.to_string();
    let day = format!("Learning/LEARN/{}/{}", &day[..7], &day[8..10]);
    let path = talk.house.tree.root().join(day).join(format!("{}.json", learned[0].id));
    let file: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(file["context_summary"], learned[0].text.as_str());
    assert_eq!((&file["phase"], &file["outcome"]), (&"LEARN".into(), &"success".into()));
    assert_eq!(file["signals"][0]["kind"], "task_success");
}

/// A care whose store is away.
#[derive(Debug)]
struct Broken;

fn away<T>() -> Result<T, CareError> {
    Err(CareError::Invalid("away".to_owned()))
}

#[async_trait]
impl MemoryCare for Broken {
    async fn forget(&self, _: &By, _: Vec<MemoryId>) -> Result<MemoryAction, CareError> {
        away()
    }

    async fn correct(&self, _: &By, _: Correction) -> Result<(Memory, MemoryAction), CareError> {
        away()
    }

    async fn pin(&self, _: &By, _: MemoryId, _: bool) -> Result<MemoryAction, CareError> {
        away()
    }

    async fn undo(&self, _: &By, _: Option<ActionId>) -> Result<MemoryAction, CareError> {
        away()
    }

    async fn signal(&self, _: &By, _: Told) -> Result<Signal, CareError> {
        away()
    }

    async fn used(&self, _: UserId, _: &[MemoryHit]) {}

    async fn stats(&self, _: UserId) -> Result<MemoryStats, CareError> {
        away()
    }

    async fn reindex(&self, _: &By) -> Result<Job, CareError> {
        away()
    }

    async fn maintain(&self, _: &By) -> Result<Job, CareError> {
        away()
    }
}
