//! kill -9 while memories are remembered, repeated, corrected, forgotten and brought back: of each
//! writer's steps all that were acknowledged are there, at most one more, and none by halves.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "the child is this test binary, told by a variable")]

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
    sync::Arc,
};

use appliance_core::{
    ActionId, Batch, BatchKey, Deed, IdMint, Memory, MemoryAction, MemoryId, MemoryKind,
    PageRequest, Provenance, SearchFilter, Timestamp, UserId, Write,
    ports::{Changed, Memories, MemoryTiers as _, Records as _, Users as _},
    time::ManualClock,
};
use storage_contract::given;
use storage_embedded::{DataDir, Store};
use tempfile::TempDir;

const PLACE: &str = "CRASH_TEST_PLACE";
const ROUND: &str = "CRASH_TEST_ROUND";
const ROUNDS: u64 = 8;
const WRITERS: u64 = 4;
const MILLIS: u64 = 1_793_000_000_000;

/// Steps in the life of one text.
const STEPS: u64 = 8;

fn open(path: &str) -> (Store, IdMint) {
    let clock = Arc::new(ManualClock::at_millis(MILLIS));
    let store =
        Store::open(&DataDir::open(path).unwrap(), clock.clone(), appliance_tasks::Tasks::new())
            .unwrap();
    let mint = IdMint::new(clock, store.newest_millis());
    (store, mint)
}

fn now() -> Timestamp {
    Timestamp::from_unix_micros(i64::try_from(MILLIS * 1_000).unwrap())
}

/// The id number `part` of the text that `writer` is at after `step` steps.
fn id(writer: u64, step: u64, part: u8) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..7].copy_from_slice(&writer.to_be_bytes()[1..]);
    bytes[7..15].copy_from_slice(&(step / STEPS).to_be_bytes());
    bytes[15] = part;
    bytes
}

fn memory(owner: UserId, writer: u64, step: u64, part: u8, text: &str) -> Memory {
    let id = MemoryId::from_bytes(id(writer, step, part));
    let text = format!("{text} {writer} {}", step / STEPS);
    Memory::new(id, owner, MemoryKind::Said, text, Provenance::default(), now())
}

const FIRST: u8 = 0;
const SECOND: u8 = 1;
const THIRD: u8 = 2;
const NEVER: u8 = 3;

/// The batch of a writer's step: of eight, the life of one text.
fn step(owner: UserId, writer: u64, step: u64) -> Batch {
    let ids = |part| MemoryId::from_bytes(id(writer, step, part));
    let action = |part| ActionId::from_bytes(id(writer, step, part));
    let put = |part, text| Write::PutMemory(memory(owner, writer, step, part, text));
    let act = |part, deed| {
        let id = action(part);
        Write::ActOnMemory(MemoryAction {
            id,
            owner,
            deed,
            at: now(),
            undone_at: None,
            task_id: None,
        })
    };
    let undo = |part| Write::UndoMemoryAction { id: action(part), owner, at: now() };
    let write = match step % STEPS {
        0 => put(FIRST, "it was"),
        1 => put(NEVER, "It was"),
        2 => {
            let new = Box::new(memory(owner, writer, step, SECOND, "it is"));
            act(0, Deed::Correct { old: ids(FIRST), new })
        }
        3 => act(1, Deed::Forget { ids: vec![ids(SECOND)] }),
        4 => undo(1),
        5 => undo(0),
        6 => put(THIRD, "it is"),
        _ => act(2, Deed::Forget { ids: vec![ids(FIRST), ids(THIRD)] }),
    };
    let key = BatchKey::of_a_day(format!("{writer} {step}"), [7; 32]);
    Batch::new().key(key).write(write)
}

/// How a memory is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Never,
    Holds,
    Ended,
    Gone,
}

/// How the three memories of a text are seen after `done` of its steps, and the first one's
/// repeats.
const fn expected(done: u64) -> ([Seen; 3], u32) {
    use Seen::{Ended, Gone, Holds, Never};
    match done {
        0 => ([Never, Never, Never], 0),
        1 => ([Holds, Never, Never], 0),
        2 => ([Holds, Never, Never], 1),
        3 | 5 => ([Ended, Holds, Never], 1),
        4 => ([Ended, Gone, Never], 1),
        6 => ([Holds, Gone, Never], 1),
        7 => ([Holds, Gone, Holds], 1),
        _ => ([Gone, Gone, Gone], 1),
    }
}

/// The child: writes until it is killed, telling each acknowledgement once it has it.
#[test]
#[ignore = "run by the test below, as its child"]
fn child() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let round: u64 = std::env::var(ROUND).unwrap().parse().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (store, _) = open(&place);
        let owner = store.first().await.unwrap().unwrap().id;
        let mut writers = Vec::new();
        for writer in round * WRITERS..(round + 1) * WRITERS {
            let store = store.clone();
            writers.push(tokio::spawn(async move {
                for number in 0.. {
                    store.apply(step(owner, writer, number)).await.unwrap();
                    tell(&format!("ack {writer} {number}"));
                }
            }));
        }
        for writer in writers {
            writer.await.unwrap();
        }
    });
}

/// One write call a line, so that a kill cannot tear it.
fn tell(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("@{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// Runs the child until it has told enough, kills it, and notes how far each writer came.
fn run_and_kill(place: &str, round: u64, acked: &mut BTreeMap<u64, u64>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "child", "--nocapture"])
        .env(PLACE, place)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let (mut line, mut heard, wanted) = (String::new(), 0, 40 + round * 53 % 170);
    while lines.read_line(&mut line).unwrap() > 0 {
        if let Some((_, what)) = line.trim_end().split_once("@ack ") {
            let (writer, number) = what.split_once(' ').unwrap();
            acked.insert(writer.parse().unwrap(), number.parse::<u64>().unwrap() + 1);
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

#[test]
fn memories_survive_kill_9_each_in_one_state() {
    let folder = TempDir::new().unwrap();
    let place = folder.path().to_str().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let owner = runtime.block_on(async {
        let (store, mint) = open(place);
        let user = given::user(&mint);
        let owner = user.id;
        store.apply(Batch::new().write(Write::PutUser(user))).await.unwrap();
        store.close();
        owner
    });
    let mut acked = BTreeMap::new();
    for round in 0..ROUNDS {
        run_and_kill(place, round, &mut acked);
        runtime.block_on(check(place, owner, &acked));
    }
    println!("{} acknowledged steps over {ROUNDS} kills", acked.values().sum::<u64>());
    assert!(acked.values().sum::<u64>() > 300);
}

async fn check(place: &str, owner: UserId, acked: &BTreeMap<u64, u64>) {
    let (store, _) = open(place);
    let mut seen = BTreeMap::new();
    for (&writer, &steps) in acked {
        for number in steps.saturating_sub(3)..steps {
            let again = store.apply(step(owner, writer, number)).await.unwrap();
            assert!(again.repeated, "step {number} of {writer} was acknowledged and is not known");
        }
        check_writer(&store, owner, writer, steps, &mut seen).await;
    }
    check_log(&store, owner, &seen).await;
    store.close();
}

/// The texts of a writer are where its acknowledged steps left them, or one step on.
async fn check_writer(
    store: &Store,
    owner: UserId,
    writer: u64,
    steps: u64,
    seen: &mut BTreeMap<MemoryId, Seen>,
) {
    let mut going_on = 0;
    for text in 0..=steps / STEPS {
        let first = text * STEPS;
        let done = steps.saturating_sub(first).min(STEPS);
        let found = look(store, owner, writer, first).await;
        let one_on = done < STEPS && found == expected(done + 1);
        assert!(found == expected(done) || one_on, "{writer}, {text} after {done}: {found:?}");
        going_on += u32::from(one_on && found != expected(done));
        for (part, seen_as) in (FIRST..).zip(found.0) {
            seen.insert(MemoryId::from_bytes(id(writer, first, part)), seen_as);
        }
        let never = MemoryId::from_bytes(id(writer, first, NEVER));
        assert_eq!(Memories::get(store, owner, never).await.unwrap(), None);
    }
    assert!(going_on <= 1, "a writer has one step under way");
}

async fn look(store: &Store, owner: UserId, writer: u64, step: u64) -> ([Seen; 3], u32) {
    let mut found = [Seen::Never; 3];
    let mut repeats = 0;
    for (part, seen) in (FIRST..).zip(&mut found) {
        let id = MemoryId::from_bytes(id(writer, step, part));
        *seen = match Memories::get(store, owner, id).await.unwrap() {
            Some(memory) if memory.standing.valid_until.is_some() => Seen::Ended,
            Some(_) => Seen::Holds,
            None if is_gone(store, id).await => Seen::Gone,
            None => Seen::Never,
        };
        if part == FIRST {
            repeats = match Memories::get(store, owner, id).await.unwrap() {
                Some(memory) => memory.standing.repeats,
                None => u32::from(*seen == Seen::Gone),
            };
        }
    }
    (found, repeats)
}

async fn is_gone(store: &Store, id: MemoryId) -> bool {
    let told = store.since(0, usize::MAX).await.unwrap();
    told.iter().any(|change| change.id == id && change.now == Changed::Gone)
}

/// The change log, the list and the counts tell the same story, each memory once.
async fn check_log(store: &Store, owner: UserId, seen: &BTreeMap<MemoryId, Seen>) {
    let told = store.since(0, usize::MAX).await.unwrap();
    assert!(told.windows(2).all(|pair| pair[0].position < pair[1].position));
    assert_eq!(told.last().map(|change| change.position), Some(store.latest()));
    let mut log = BTreeMap::new();
    for change in told {
        let gone = change.now == Changed::Gone;
        assert!(log.insert(change.id, gone).is_none(), "{} is told twice", change.id);
    }
    let there: BTreeMap<MemoryId, bool> = seen
        .iter()
        .filter(|(_, seen)| **seen != Seen::Never)
        .map(|(id, seen)| (*id, *seen == Seen::Gone))
        .collect();
    assert_eq!(log, there);
    let counts = store.counts(Some(owner)).await.unwrap();
    let gone = log.values().filter(|gone| **gone).count() as u64;
    assert_eq!(counts.hot.values().sum::<u64>(), log.len() as u64 - gone);
    assert_eq!((counts.warm, counts.cold, counts.forgotten), (0, 0, gone));
    assert_eq!(store.counts(None).await.unwrap(), counts);
    let holding = seen.values().filter(|seen| **seen == Seen::Holds).count();
    assert_eq!(listed(store, owner).await, holding);
}

async fn listed(store: &Store, owner: UserId) -> usize {
    let (mut count, mut after) = (0, None);
    loop {
        let page = PageRequest::new(100, after);
        let page = store.list(owner, &SearchFilter::default(), page).await.unwrap();
        count += page.items.len();
        let Some(next) = page.next else { return count };
        after = Some(next);
    }
}
