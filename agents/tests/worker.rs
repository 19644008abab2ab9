//! Agent processes' whole body against the real desk over real sockets, with a scripted model.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that meets the unexpected fails"
)]

mod support;

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use agents::worker::{LinkError, Options, Patience, run};
use appliance_core::{
    AgentName, CutOff, EventBody, MemoryKind, Message, Phase, Role, Topic,
    desk::Complete,
    intake::Accepted,
    ports::{Desk, Live, Streams, Subscription},
};
use appliance_tasks::Tasks;
use support::{
    House, RealClock, next,
    rig::soon,
    server::{Script, Server},
};
use tokio::{task::JoinHandle, time::Instant};

const NONE: Duration = Duration::ZERO;

type Agent = JoinHandle<Result<(), LinkError>>;

struct Rig {
    server: Arc<Server>,
    agents: Vec<Agent>,
    patience: Patience,
}

impl Rig {
    /// A supervisor and a research worker at work.
    async fn start(script: Vec<Script>) -> Self {
        Self::with_patience(script, Patience::default()).await
    }

    async fn with_patience(script: Vec<Script>, patience: Patience) -> Self {
        let server = Server::over(House::build().await);
        *server.scripts.lock().unwrap() = script;
        let mut rig = Self { server, agents: Vec::new(), patience };
        rig.begin(AgentName::Supervisor);
        rig.begin(AgentName::Research);
        rig
    }

    fn begin(&mut self, agent: AgentName) {
        let socket = self.server.listen(agent);
        let (clock, patience) = (RealClock::start(), self.patience);
        let options = Options { agent, socket, clock, patience, tasks: Tasks::new() };
        self.agents.push(tokio::spawn(run(options)));
    }

    async fn ask(&self, text: &str) -> (Message, Vec<EventBody>) {
        let mut events = self.server.house.watch();
        let ids = self.server.house.say(text).await;
        self.until_answered(&mut events, ids).await
    }

    async fn until_answered(
        &self,
        events: &mut Box<dyn Subscription>,
        ids: Accepted,
    ) -> (Message, Vec<EventBody>) {
        let mut chunks = Vec::new();
        loop {
            match next(events).await.body {
                EventBody::Complete(answer) if answer.id == ids.answer_id => {
                    return (answer, chunks);
                }
                body => chunks.push(body),
            }
        }
    }
}

/// Puts the pieces of the last attempt together.
fn joined(chunks: &[EventBody]) -> (u32, String) {
    let (mut last, mut whole) = (0, String::new());
    for body in chunks {
        let EventBody::Chunk { attempt, offset, text, .. } = body else { continue };
        if *attempt > last {
            (last, whole) = (*attempt, String::new());
        }
        assert_eq!(*offset, whole.len() as u64);
        whole.push_str(text);
    }
    (last, whole)
}

#[tokio::test]
async fn a_message_is_routed_answered_streamed_and_cited() {
    let say =
        Script::Say(vec!["The staging ", "database is ", "`heron` 🪶"], Duration::from_millis(20));
    let rig = Rig::start(vec![say]).await;
    rig.ask("/remember the staging database is called heron").await;
    let mut tasks = rig.server.house.live.subscribe(Topic::Tasks(rig.server.house.owner));
    let (answer, chunks) = rig.ask("what is the staging database called?").await;

    assert_eq!(answer.content, "The staging database is `heron` 🪶 [1]");
    assert_eq!((answer.role, answer.agent), (Role::Assistant, Some(AgentName::Research)));
    assert_eq!(answer.model.as_deref(), Some("scripted"));
    assert_eq!((answer.citations.len(), answer.citations[0].quote.as_str()), (1, "heron"));
    assert!(chunks.len() >= 3, "it came in pieces: {chunks:?}");
    assert_eq!(joined(&chunks), (1, answer.content.clone()));

    let mut phases = Vec::new();
    while !phases.contains(&Some(Phase::Learn)) {
        if let EventBody::Task(task) = next(&mut tasks).await.body {
            phases.push(task.pai_phase);
        }
    }
    assert!(phases.contains(&Some(Phase::Execute)), "{phases:?}");

    let requests = rig.server.requests.lock().unwrap();
    let asked = requests.last().unwrap();
    assert_eq!(asked["system"], "You are research.");
    let content = asked["messages"].as_array().unwrap().last().unwrap()["content"].clone();
    let words = content.as_array().unwrap().last().unwrap()["text"].clone();
    assert_eq!(words, "what is the staging database called?");
}

#[tokio::test]
async fn commands_work_without_a_model() {
    let rig = Rig::start(vec![Script::Refuse(500)]).await;
    let (kept, _) = rig.ask("/remember the cat is called Minka").await;
    assert_eq!(kept.content, "Kept: the cat is called Minka [1]");
    assert_eq!(kept.agent, Some(AgentName::Supervisor));
    let (found, _) = rig.ask("/recall Minka").await;
    assert!(found.content.contains("1. ") && found.content.contains("Minka"), "{}", found.content);
    assert!(!found.citations.is_empty());
    let (help, _) = rig.ask("/help").await;
    assert!(help.content.contains("/ask AGENT"));
    let (wrong, _) = rig.ask("/dance").await;
    assert!(wrong.content.starts_with("There is no command `/dance`"));
    assert!(rig.server.requests.lock().unwrap().is_empty(), "no model was asked");
    let kinds: Vec<_> = rig.server.house.memories().await.into_iter().map(|m| m.kind).collect();
    let notes = kinds.iter().filter(|kind| **kind == MemoryKind::Note).count();
    assert_eq!((kinds.len(), notes), (1, 1), "the note, and no command");
}

#[tokio::test]
async fn a_recall_that_finds_nothing_says_what_it_looked_for() {
    let rig = Rig::start(Vec::new()).await;
    let (empty, _) = rig.ask("/recall pager").await;
    assert_eq!(empty.content, "Nothing about pager is remembered.");
    rig.ask("/remember the cat is called Minka").await;
    let (other, _) = rig.ask("/recall pager").await;
    assert_eq!(other.content, "Nothing about pager is remembered.", "something else is");
    assert!(other.citations.is_empty());
}

#[tokio::test]
async fn a_correction_ends_every_copy_of_what_it_corrects() {
    let say = || Script::Say(vec!["Well."], NONE);
    let rig = Rig::start(vec![say(), say(), say()]).await;
    rig.ask("remember that the mailer is postmark").await;
    rig.ask("/remember the mailer is postmark").await;
    let (fixed, _) = rig.ask("that is wrong, it is osprey").await;
    assert!(fixed.content.starts_with("Corrected: "), "{}", fixed.content);
    rig.ask("what is the mailer?").await;
    let asked = rig.server.requests.lock().unwrap().last().unwrap()["messages"].clone();
    let last = asked.as_array().unwrap().last().unwrap().to_string();
    assert!(last.contains("osprey") && !last.contains("postmark"), "{last}");
}

#[tokio::test]
async fn forgetting_after_commands_and_a_rating_means_the_fact_last_used() {
    let say = || Script::Say(vec!["The staging database is called heron."], NONE);
    let rig = Rig::start(vec![say(), say(), say()]).await;
    rig.ask("/remember the staging database is called heron").await;
    rig.ask("what is the staging database called?").await;
    rig.ask("/help").await;
    rig.ask("8 - nice").await;
    let (gone, _) = rig.ask("/forget").await;
    assert!(gone.content.starts_with("Forgotten: \"the staging"), "{}", gone.content);
    let texts = rig.server.house.texts().await;
    assert!(!texts.iter().any(|text| text.contains("heron")), "{texts:?}");
    let said = ["/help", "/forget", "nice"];
    assert!(!texts.iter().any(|text| said.iter().any(|word| text.contains(word))), "{texts:?}");
}

#[tokio::test]
async fn plain_words_forget_correct_undo_and_rate_without_a_model() {
    let rig =
        Rig::start(vec![Script::Say(vec!["The staging database is called heron."], NONE)]).await;
    rig.ask("/remember the staging database is called heron").await;
    let (answer, _) = rig.ask("what is the staging database called?").await;
    assert_eq!(answer.content, "The staging database is called heron. [1]");
    let asked = rig.server.requests.lock().unwrap().len();

    let (thanks, _) = rig.ask("8 - nice").await;
    assert_eq!(thanks.content, "Thanks, 8 of 10 noted.");
    let (wrong, _) = rig.ask("that is wrong").await;
    assert!(wrong.content.starts_with("What is right?"), "{}", wrong.content);
    let (fixed, _) = rig.ask("/correct the staging database -> osprey").await;
    let told = "Corrected: \"the staging database is called heron\" is now \"the staging database is \
                called osprey\" [1]. Say \"undo that\" to take it back.";
    assert_eq!(fixed.content, told);
    let (undone, _) = rig.ask("undo that").await;
    assert!(undone.content.starts_with("Undone: \"the staging"), "{}", undone.content);
    let (gone, _) = rig.ask("forget that").await;
    assert!(gone.content.starts_with("Forgotten: "), "{}", gone.content);
    assert!(gone.content.ends_with("Say \"undo that\" to bring it back."), "{}", gone.content);
    assert!(!rig.server.house.texts().await.iter().any(|text| text.contains("heron")));
    let (nothing, _) = rig.ask("/forget the moon").await;
    assert_eq!(nothing.content, "Nothing is remembered about \"the moon\".");
    assert_eq!(rig.server.requests.lock().unwrap().len(), asked, "no model was asked");

    let (talk, _) = rig.ask("no, it's blue").await;
    assert_eq!(talk.model.as_deref(), Some("scripted"), "there is nothing to correct: {talk:?}");
}

#[tokio::test]
async fn ask_goes_to_the_named_worker_without_asking_who_fits() {
    let mut rig = Rig::start(vec![Script::Say(vec!["by code"], NONE)]).await;
    rig.begin(AgentName::Code);
    let (answer, _) = rig.ask("/ask code why `a && b`?").await;
    assert_eq!((answer.content.as_str(), answer.agent), ("by code", Some(AgentName::Code)));
    let requests = rig.server.requests.lock().unwrap();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0]["messages"][0]["content"][0]["text"], "why `a && b`?");
}

#[tokio::test]
async fn a_reply_that_breaks_off_is_asked_for_again_and_resets_the_bubble() {
    let rig = Rig::start(vec![Script::BreakOff, Script::Say(vec!["whole"], NONE)]).await;
    let (answer, chunks) = rig.ask("hello").await;
    assert_eq!(answer.content, "whole");
    assert_eq!(joined(&chunks), (2, "whole".to_owned()));
}

#[tokio::test]
async fn a_refused_request_ends_with_a_sentence() {
    let rig = Rig::start(vec![Script::Refuse(401)]).await;
    let (said, _) = rig.ask("hello").await;
    assert_eq!(said.role, Role::System);
    let told = "The model could not be asked (HTTP 401): No. Check ANTHROPIC_API_KEY on the server; \
                `ai-infra doctor` says more.";
    assert_eq!(said.content, told);
}

/// So short that a test need not wait for it.
const IMPATIENT: Patience =
    Patience { choice: Duration::from_millis(400), silence: Duration::from_millis(400) };

#[tokio::test]
async fn a_model_that_stalls_holds_up_no_other_conversation() {
    let stalls = Script::Stall(vec!["I begin, and "]);
    let rig = Rig::start(vec![stalls, Script::Say(vec!["answered"], NONE)]).await;
    let house = &rig.server.house;
    let mut events = house.watch();
    let stalled = house.say("the first").await;
    let EventBody::Chunk { .. } = next(&mut events).await.body else { panic!("it began") };
    let mut others = Vec::new();
    for n in 0..20 {
        others.push(house.say_elsewhere(&format!("other {n}")).await);
    }
    for ids in others {
        let answered = soon("an answer", async || house.answer(ids).await).await;
        assert!(answered.content.starts_with("answered"), "{}", answered.content);
    }
    assert!(!house.task(stalled.task_id).await.status.is_final(), "it still waits for its model");
    let beats = rig.server.beats.lock().unwrap();
    assert!(beats.iter().any(|(_, beat)| beat.task_ids.len() > 1), "the beat names all in hand");
}

#[tokio::test]
async fn a_choice_that_stalls_holds_up_no_other_conversation() {
    let rig = Rig::start(vec![Script::Say(vec!["answered"], NONE)]).await;
    let house = &rig.server.house;
    rig.server.choice_stalls.store(true, Ordering::SeqCst);
    let stalled = house.say("the first").await;
    let is_asked = async || (!rig.server.choice_stalls.load(Ordering::SeqCst)).then_some(());
    soon("the choice that stalls", is_asked).await;
    for n in 0..20 {
        let ids = house.say_elsewhere(&format!("other {n}")).await;
        soon("an answer", async || house.answer(ids).await).await;
    }
    assert!(!house.task(stalled.task_id).await.status.is_final(), "it still waits for its choice");
}

#[tokio::test]
async fn a_choice_that_does_not_come_is_told_to_the_person() {
    let rig = Rig::with_patience(vec![Script::Say(vec!["x"], NONE)], IMPATIENT).await;
    rig.server.choice_stalls.store(true, Ordering::SeqCst);
    let (said, _) = rig.ask("hello").await;
    assert_eq!(said.role, Role::System);
    let told = "The model did not say within 0.4 seconds who should answer this, so it was given up. \
                Send the message again, or name an agent: `/ask research ...`.";
    assert_eq!(said.content, told);
}

#[tokio::test]
async fn a_model_that_says_nothing_is_told_to_the_person_once() {
    for script in [Script::Silent, Script::Stall(Vec::new())] {
        let rig = Rig::with_patience(vec![script], IMPATIENT).await;
        let (said, _) = rig.ask("hello").await;
        assert_eq!(said.role, Role::System);
        let told =
            "The model sent nothing for 0.4 seconds, so it was given up. Send the message again.";
        assert_eq!(said.content, told);
        let requests = rig.server.requests.lock().unwrap();
        assert_eq!(requests.len(), 2, "one choice and one request: nothing multiplies the wait");
    }
}

#[tokio::test]
async fn what_was_written_before_a_silence_is_kept() {
    let rig = Rig::with_patience(vec![Script::Stall(vec!["Half an ", "answer"])], IMPATIENT).await;
    let (said, chunks) = rig.ask("hello").await;
    assert_eq!(said.role, Role::Assistant);
    assert_eq!(said.content, "Half an answer", "nothing of ours is mixed in");
    assert_eq!(said.cut_off, Some(CutOff::FellSilent));
    assert_eq!(joined(&chunks), (1, said.content));
}

#[tokio::test]
async fn messages_of_one_conversation_are_answered_in_their_order() {
    let slow = Script::Say(vec!["slow "; 20], Duration::from_millis(20));
    let rig = Rig::start(vec![slow, Script::Say(vec!["quick"], NONE)]).await;
    let house = &rig.server.house;
    let (first, second) = (house.say("the first").await, house.say("the second").await);
    let second = soon("the second answer", async || house.answer(second).await).await;
    let first = house.answer(first).await.expect("the first was answered before");
    assert!(first.seq < second.seq && first.content.starts_with("slow"), "{first:?} {second:?}");
    // It was handed out while the first was at work, and is answered by what that has said.
    let requests = rig.server.requests.lock().unwrap();
    let before = &requests.last().unwrap()["messages"];
    assert!(before[1]["content"].as_str().is_some_and(|it| it.starts_with("slow ")), "{before}");
}

#[tokio::test]
async fn work_that_somebody_else_was_given_is_dropped_in_the_middle() {
    let slow = Script::Say(vec!["word "; 200], Duration::from_millis(20));
    let rig = Rig::start(vec![slow, Script::Say(vec!["next"], NONE)]).await;
    let house = &rig.server.house;
    let mut events = house.watch();
    let ids = house.say("hello").await;
    let EventBody::Chunk { attempt: 1, .. } = next(&mut events).await.body else {
        panic!("a first piece")
    };
    let holder = rig.server.lives.lock().unwrap()[&AgentName::Research];
    house.store.release(holder).await.unwrap();
    let heir = house.life(AgentName::Research);
    let work = house.lease(heir).await;
    assert_eq!(work.task.attempt, 2);
    let done = Complete {
        lease: work.lease,
        text: "by the heir".to_owned(),
        citations: Vec::new(),
        model: "scripted".to_owned(),
        cut_off: None,
    };
    house.desk.complete(heir, done).await.unwrap();
    let (answer, _) = rig.until_answered(&mut events, ids).await;
    assert_eq!(answer.content, "by the heir");
    let (answer, _) = rig.ask("and now?").await;
    assert_eq!(answer.content, "next", "it went on with other work");
}

#[tokio::test]
async fn an_agent_told_to_finish_does_so() {
    let rig = Rig::start(vec![Script::Say(vec!["x"], NONE)]).await;
    rig.ask("hello").await;
    rig.server.go_on.store(false, Ordering::SeqCst);
    rig.server.house.say("wakes the agent, so that it beats").await;
    for agent in rig.agents {
        let ended = tokio::time::timeout(Duration::from_secs(12), agent).await;
        assert!(ended.expect("it ends").expect("no panic").is_ok());
    }
}

#[tokio::test]
async fn a_forgotten_agent_says_hello_again() {
    let rig = Rig::start(vec![Script::Say(vec!["x"], NONE)]).await;
    rig.ask("hello").await;
    let before = rig.server.hellos.load(Ordering::SeqCst);
    rig.server.forget.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let (answer, _) = rig.ask("still there?").await;
    assert_eq!(answer.content, "x");
    assert_eq!(rig.server.hellos.load(Ordering::SeqCst), before + 1);
}

#[tokio::test]
async fn the_answer_is_never_slower_than_the_model() {
    const PIECES: usize = 300;
    let rig = Rig::start(vec![Script::Say(vec!["word "; PIECES], Duration::from_millis(1))]).await;
    rig.server.progress_takes.store(25, Ordering::SeqCst);
    let began = Instant::now();
    let (answer, chunks) = rig.ask("go").await;
    assert_eq!(answer.content.len(), PIECES * 5);
    assert!(chunks.len() < PIECES / 5, "{} sends for {PIECES} pieces", chunks.len());
    let one_by_one = Duration::from_millis(25 * PIECES as u64);
    assert!(began.elapsed() < one_by_one, "took {:?}", began.elapsed());
}
