//! kill -9 under load: a child writes and tells what was acknowledged; nothing of that may be lost.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "the child is this test binary, told by a variable")]

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use appliance_core::{
    AgentName, Batch, BatchKey, Condition, IdMint, Incarnation, IncarnationId, Priority,
    StreamName, UserId, Write,
    bus::AGENTS_GROUP,
    ports::{Conversations as _, Records as _, Streams as _, Take, Users as _},
    time::ManualClock,
};
use storage_contract::given;
use storage_embedded::{DataDir, Store};
use tempfile::TempDir;

const PLACE: &str = "CRASH_TEST_PLACE";
const ROUND: &str = "CRASH_TEST_ROUND";
const ROUNDS: u64 = 8;
const WRITERS: u64 = 4;

fn open(path: &str) -> (Store, IdMint) {
    let clock = Arc::new(ManualClock::at_millis(1_793_000_000_000));
    let store =
        Store::open(&DataDir::open(path).unwrap(), clock.clone(), appliance_tasks::Tasks::new())
            .unwrap();
    let mint = IdMint::new(clock, store.newest_millis());
    (store, mint)
}

fn stream() -> StreamName {
    StreamName::of_agent(AgentName::Code, Priority::NORMAL)
}

/// A batch named `number` that says its name in the only thread and puts it on the bus.
async fn named(store: &Store, mint: &IdMint, number: u64) -> Batch {
    let owner = store.first().await.unwrap().unwrap().id;
    let page = appliance_core::PageRequest::new(1, None);
    let active = appliance_core::ConversationStatus::Active;
    let thread = appliance_core::ports::Conversations::list(store, owner, active, page);
    let thread = thread.await.unwrap().items.remove(0).id;
    let key = BatchKey::of_a_day(format!("n{number}"), [7; 32]);
    Batch::new()
        .key(key)
        .write(Write::AppendMessage(given::message(mint, thread, &number.to_string())))
        .write(given::append(mint, &stream(), &number.to_string()))
}

/// The child: writes and takes until it is killed, telling each acknowledgement once it has it.
#[test]
#[ignore = "run by the test below, as its child"]
fn child() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let round: u64 = std::env::var(ROUND).unwrap().parse().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (store, mint) = open(&place);
        for writer in 0..WRITERS {
            let (store, mint) = (store.clone(), mint.clone());
            tokio::spawn(async move {
                for number in 0.. {
                    let name = (round * WRITERS + writer) * 1_000_000 + number;
                    let batch = named(&store, &mint, name).await;
                    store.apply(batch).await.unwrap();
                    tell(&format!("ack {name}"));
                }
            });
        }
        let taker = Incarnation { agent: AgentName::Code, id: mint.next(IncarnationId::from_uuid) };
        loop {
            let group = AGENTS_GROUP.to_owned();
            let wait = Duration::from_secs(1);
            let take = Take { taker, streams: vec![stream()], group, wait };
            let Some(taken) = store.take(take, Box::new(|_| vec![])).await.unwrap() else {
                continue;
            };
            tell(&format!("took {} {}", taken.seq, taken.deliveries));
            if is_left_pending(taken.seq) {
                continue;
            }
            let (stream, group, seq) = (stream(), AGENTS_GROUP.to_owned(), taken.seq);
            store.apply(Batch::new().write(Write::AckBus { stream, group, seq })).await.unwrap();
            tell(&format!("done {seq}"));
        }
    });
}

const fn is_left_pending(seq: u64) -> bool {
    seq.is_multiple_of(3)
}

/// One write call a line, so that a kill cannot tear it.
fn tell(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("@{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

#[derive(Default)]
struct Told {
    acked: BTreeSet<u64>,
    took: BTreeMap<u64, u32>,
    done: BTreeSet<u64>,
}

/// Runs the child until it has told `lines` things, kills it, and notes everything it told.
fn run_and_kill(place: &str, round: u64, told: &mut Told) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "child", "--nocapture"])
        .env(PLACE, place)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let (mut line, mut heard, wanted) = (String::new(), 0, 20 + round * 37 % 90);
    while lines.read_line(&mut line).unwrap() > 0 {
        if let Some((_, what)) = line.trim_end().split_once('@') {
            told.hear(what);
            heard += 1;
        }
        if heard == wanted {
            child.kill().unwrap(); // SIGKILL; what was told before it is still in the pipe
        }
        line.clear();
    }
    child.wait().unwrap();
    assert!(heard >= wanted, "the child ended by itself after {heard} lines");
}

impl Told {
    fn hear(&mut self, what: &str) {
        let words: Vec<&str> = what.split(' ').collect();
        match words[..] {
            ["ack", name] => drop(self.acked.insert(name.parse().unwrap())),
            ["took", seq, count] => {
                self.took.insert(seq.parse().unwrap(), count.parse().unwrap());
            }
            ["done", seq] => drop(self.done.insert(seq.parse().unwrap())),
            _ => panic!("the child told `{what}`"),
        }
    }
}

#[test]
fn nothing_acknowledged_is_lost_to_kill_9() {
    let folder = TempDir::new().unwrap();
    let place = folder.path().to_str().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut told = Told::default();
    let owner = runtime.block_on(async {
        let (store, mint) = open(place);
        let user = given::user(&mint);
        let (owner, thread) = (user.id, given::thread(&mint, user.id));
        let batch = Batch::new().write(Write::PutUser(user)).write(Write::PutConversation(thread));
        store.apply(batch).await.unwrap();
        store.close();
        owner
    });
    for round in 0..ROUNDS {
        run_and_kill(place, round, &mut told);
        runtime.block_on(check(place, owner, &told));
    }
    println!("{} acknowledged batches over {ROUNDS} kills", told.acked.len());
    assert!(told.acked.len() > 50 && told.done.len() > 10);
}

async fn check(place: &str, owner: UserId, told: &Told) {
    let (store, mint) = open(place);
    for name in &told.acked {
        let again = store.apply(named(&store, &mint, *name).await).await.unwrap();
        assert!(again.repeated, "batch {name} was acknowledged and is not known any more");
    }
    check_messages(&store, owner, told).await;
    check_bus(&store, &mint, told).await;
    store.close();
}

async fn check_messages(store: &Store, owner: UserId, told: &Told) {
    let page = appliance_core::PageRequest::new(1, None);
    let active = appliance_core::ConversationStatus::Active;
    let list = appliance_core::ports::Conversations::list(store, owner, active, page).await;
    let thread = list.unwrap().items.remove(0).id;
    let said = given::all(100, |page| store.messages(owner, thread, page)).await.unwrap();
    let names: BTreeSet<u64> =
        said.iter().map(|message| message.content.parse().unwrap()).collect();
    assert_eq!(names.len(), said.len(), "a batch was applied twice");
    assert!(told.acked.is_subset(&names), "an acknowledged message is gone");
    assert!(said.iter().rev().map(|message| message.seq).eq(1..=said.len() as u64));
}

/// What was handed out and never acknowledged comes again, oldest first, with its count raised; what
/// was done does not. (Of an acknowledgement that was asked for and not answered, neither is known.)
async fn check_bus(store: &Store, mint: &IdMint, told: &Told) {
    let taker = Incarnation { agent: AgentName::Code, id: mint.next(IncarnationId::from_uuid) };
    let mut left = told.took.clone();
    left.retain(|seq, _| is_left_pending(*seq));
    let mut last = 0;
    while !left.is_empty() {
        let (streams, group) = (vec![stream()], AGENTS_GROUP.to_owned());
        let take = Take { taker, streams, group: group.clone(), wait: Duration::ZERO };
        let taken = store.take(take, Box::new(|_| vec![])).await.unwrap();
        let taken = taken.unwrap_or_else(|| panic!("{left:?} were handed out and are gone"));
        assert!(taken.seq > last, "oldest first");
        last = taken.seq;
        assert!(!told.done.contains(&taken.seq), "entry {last} was done and came again");
        left.remove(&taken.seq);
        if let Some(&count) = told.took.get(&taken.seq) {
            assert!(taken.deliveries > count, "entry {last}: {} after {count}", taken.deliveries);
        }
        let (stream, seq, deliveries) = (stream(), taken.seq, taken.deliveries);
        let leased = Condition::Leased { stream, group, seq, deliveries };
        store.apply(Batch::new().when(leased)).await.unwrap();
    }
}
