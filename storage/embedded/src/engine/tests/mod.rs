//! The engine run inline over a disk in memory that fills up, breaks and loses power when told to.

mod damage;
mod disk;
mod faults;
mod full;
mod jobs;
mod model;
mod upgrade;

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use appliance_core::{
    Applied, Batch, BatchKey, Clock, ConversationId, ErrorKind, IdMint, Message, Role, StoreError,
    User, UserId, UserRole, Write, ids::MessageId, intake, time::ManualClock,
};

use storage_rules::{Span, batch_keys, messages};

use crate::{
    cold::Archive,
    database,
    engine::{
        Engine, Room,
        room::{MORE_BYTES, PLENTY_BYTES},
    },
    medium::Beside,
    reserve::Reserve,
    shared::{OpenFault, Shared},
    signs::Signs,
};
use disk::Disk;

/// An engine over a disk, with one user and one thread.
struct Bench {
    disk: Disk,
    free: Arc<AtomicU64>,
    clock: Arc<ManualClock>,
    mint: IdMint,
    shared: Arc<Shared>,
    engine: Engine,
    /// Why the store ended, each time it told.
    ends: Ends,
    owner: UserId,
    thread: ConversationId,
}

type Ends = Arc<Mutex<Vec<String>>>;

impl Bench {
    fn new() -> Self {
        let disk = Disk::default();
        let clock = Arc::new(ManualClock::at_millis(1_793_000_000_000));
        let mint = IdMint::new(clock.clone(), 0);
        let owner = mint.next(UserId::from_uuid);
        let thread = intake::conversation(&mint, owner, None);
        let free = Arc::new(AtomicU64::new(0));
        let ends = Ends::default();
        let (shared, engine) = start(&disk, clock.clone(), &free, &ends);
        let id = thread.id;
        let mut bench = Self { disk, free, clock, mint, shared, engine, ends, owner, thread: id };
        let batch =
            Batch::new().write(Write::PutUser(bench.user())).write(Write::PutConversation(thread));
        bench.one(batch).unwrap();
        bench
    }

    fn user(&self) -> User {
        let now = self.clock.now();
        User {
            id: self.owner,
            email: None,
            password_hash: None,
            display_name: "Ada".to_owned(),
            role: UserRole::Admin,
            is_active: true,
            created_at: now,
            updated_at: now,
            last_login_at: None,
        }
    }

    fn say(&self, content: &str) -> (MessageId, Batch) {
        let id = self.mint.next(MessageId::from_uuid);
        let said = Message {
            id,
            conversation_id: self.thread,
            seq: 0,
            role: Role::User,
            content: content.to_owned(),
            agent: None,
            parent_message_id: None,
            task_id: None,
            citations: Vec::new(),
            leans_on: Vec::new(),
            cut_off: None,
            model: None,
            created_at: self.clock.now(),
        };
        (id, Batch::new().write(Write::AppendMessage(said)))
    }

    fn one(&mut self, batch: Batch) -> Result<Applied, StoreError> {
        self.engine.step(&[batch]).remove(0)
    }

    fn found(&self, id: MessageId) -> Result<Option<Message>, StoreError> {
        self.shared.read("test", |file| messages::get(file, self.owner, id))
    }

    /// Starts again on what the disk holds after a power cut.
    fn restart(&mut self, seed: u64) {
        drop(self.shared.db.write().unwrap().take());
        self.disk.restart(seed);
        self.open_again();
    }

    /// Starts again on what the disk shows.
    fn open_again(&mut self) {
        drop(self.shared.db.write().unwrap().take());
        let (shared, engine) = start(&self.disk, self.clock.clone(), &self.free, &self.ends);
        (self.shared, self.engine) = (shared, engine);
    }

    /// Returns how the store says it is, as a code.
    fn health(&self) -> &'static str {
        self.shared.signs.read().state.code()
    }
}

fn start(
    disk: &Disk,
    clock: Arc<ManualClock>,
    free: &Arc<AtomicU64>,
    ends: &Ends,
) -> (Arc<Shared>, Engine) {
    try_start(disk, clock, free, ends).unwrap()
}

fn try_start(
    disk: &Disk,
    clock: Arc<ManualClock>,
    free: &Arc<AtomicU64>,
    ends: &Ends,
) -> Result<(Arc<Shared>, Engine), OpenFault> {
    let (below, free, ends) = (disk.clone(), Arc::clone(free), Arc::clone(ends));
    let reserve = Arc::new(Reserve::kept_in(Box::new(disk.clone())));
    let beside = Beside { signs: Arc::new(Signs::new(clock.clone())), reserve };
    let opener = database::opener_over(move || Box::new(below.clone()), &beside);
    let archive = Arc::new(Archive::open(Path::new("nowhere")).unwrap());
    let begun = Shared::open(&opener, clock, beside, archive)?;
    let shared = Arc::clone(&begun.shared);
    let room = Room::told_by(move || Ok(free.load(Ordering::SeqCst)));
    let on_end = Arc::new(move |why: &str| ends.lock().unwrap().push(why.to_owned()));
    Ok((shared, Engine::new(begun, opener, room, on_end)))
}

#[test]
fn one_step_answers_each_batch_for_itself() {
    let mut bench = Bench::new();
    let (one, first) = bench.say("one");
    let (two, second) = bench.say("two");
    let answers = bench.engine.step(&[first.clone(), first, second]);
    let kinds: Vec<_> =
        answers.iter().map(|answer| answer.as_ref().err().map(|e| e.kind)).collect();
    assert_eq!(kinds, [None, Some(ErrorKind::Conflict), None]);
    assert_eq!(bench.found(one).unwrap().unwrap().seq, 1);
    assert_eq!(bench.found(two).unwrap().unwrap().seq, 2);
}

#[test]
fn a_step_of_refused_batches_commits_nothing() {
    let mut bench = Bench::new();
    let (_, first) = bench.say("one");
    bench.one(first.clone()).unwrap();
    let syncs = bench.disk.syncs();
    assert_eq!(bench.one(first).unwrap_err().kind, ErrorKind::Conflict);
    assert_eq!(bench.disk.syncs(), syncs, "nothing was synced");
}

#[test]
fn a_power_cut_at_any_moment_loses_nothing_acknowledged() {
    let mut cuts = 0;
    for at in 0..140 {
        let mut bench = Bench::new();
        bench.disk.break_after(at);
        let mut asked = Vec::new();
        for number in 0..8 {
            let pairs: Vec<_> =
                (0..2).map(|_| bench.say(&number.to_string().repeat(900))).collect();
            let (ids, batches): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
            let answers = bench.engine.step(&batches);
            let acked = answers.iter().map(Result::is_ok);
            asked.extend(ids.into_iter().zip(acked).map(|(id, acked)| (id, number, acked)));
        }
        cuts += usize::from(asked.iter().any(|(.., acked)| !acked));
        bench.restart(at);
        let mut seqs = Vec::new();
        for (id, number, acked) in asked {
            let found = bench.found(id).unwrap();
            assert!(found.is_some() || !acked, "cut at {at}: an acknowledged batch is gone");
            if let Some(message) = found {
                assert_eq!(message.content, number.to_string().repeat(900));
                seqs.push(message.seq);
            }
        }
        assert!(seqs.iter().copied().eq(1..=seqs.len() as u64), "cut at {at}: {seqs:?}");
        let (_, batch) = bench.say("goes on");
        bench.one(batch).unwrap();
    }
    assert!(cuts > 100, "only {cuts} cuts fell into a commit");
}

#[test]
fn expired_keys_are_swept_by_later_steps() {
    let mut bench = Bench::new();
    for number in 0..100 {
        let key = BatchKey::of_a_day(format!("post-{number}"), [1; 32]);
        let (_, batch) = bench.say("hello");
        bench.one(batch.key(key)).unwrap();
    }
    bench.clock.advance(appliance_core::batch::KEY_LIFETIME * 2);
    for _ in 0..2 {
        let (_, batch) = bench.say("sweeps");
        bench.one(batch).unwrap();
    }
    let left = bench.shared.read("test", |file| {
        let rows = file.rows(&batch_keys::KEYS, &Span::all(), 100)?.len();
        let all = Span::all();
        Ok(rows + file.places(&batch_keys::KEYS, &batch_keys::BY_EXPIRY, &all, 100)?.len())
    });
    assert_eq!(left.unwrap(), 0);
}
