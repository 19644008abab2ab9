//! Two stores under one random life: the one in RAM and the one on disk give the same answers, refuse
//! for the same reasons and show the same lists.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use appliance_core::{
    ActionId, Applied, Batch, BatchKey, Conversation, ConversationId, ConversationStatus, Deed,
    IdMint, Memory, MemoryAction, MemoryId, MemoryKind, PageRequest, Provenance, SearchFilter,
    Signal, SignalId, SignalType, StoreError, Task, TaskId, TaskStatus, UserId, Utility, Write,
    ports::{Conversations, Deeds as _, Memories, Records, TaskFilter, Tasks},
    time::ManualClock,
};
use appliance_tasks::Tasks as Home;
use proptest::prelude::*;
use storage_contract::given;
use storage_embedded::{DataDir, Store};
use storage_memory::MemoryStore;
use tempfile::TempDir;

const TEXTS: [&str; 4] = ["the port is 1", "The port is 1!", "the port is 2", "the port is 3"];

/// What may happen; numbers pick among what there has been so far.
#[derive(Debug, Clone)]
enum Step {
    Say(usize, usize),
    Rename(usize, bool),
    Ask(usize),
    Move(usize, usize),
    Put(usize, usize),
    PutAgain(usize, usize),
    Forget(usize, usize),
    Correct(usize, usize),
    Pin(usize, bool),
    Undo(usize),
    Touch(usize),
    Rate(usize, i32),
    Keyed(usize, u8),
}

fn a_step() -> impl Strategy<Value = Step> {
    let (one, text) = (0..40_usize, 0..TEXTS.len());
    prop_oneof![
        2 => (one.clone(), text.clone()).prop_map(|(n, text)| Step::Say(n, text)),
        1 => (one.clone(), any::<bool>()).prop_map(|(n, away)| Step::Rename(n, away)),
        2 => one.clone().prop_map(Step::Ask),
        2 => (one.clone(), 0..TaskStatus::ALL.len()).prop_map(|(n, to)| Step::Move(n, to)),
        4 => (one.clone(), text.clone()).prop_map(|(n, text)| Step::Put(n, text)),
        1 => (one.clone(), text.clone()).prop_map(|(n, text)| Step::PutAgain(n, text)),
        2 => (one.clone(), one.clone()).prop_map(|(n, m)| Step::Forget(n, m)),
        2 => (one.clone(), text).prop_map(|(n, text)| Step::Correct(n, text)),
        1 => (one.clone(), any::<bool>()).prop_map(|(n, pinned)| Step::Pin(n, pinned)),
        2 => one.clone().prop_map(Step::Undo),
        1 => one.clone().prop_map(Step::Touch),
        1 => (one.clone(), -10_000..=10_000).prop_map(|(n, moved)| Step::Rate(n, moved)),
        1 => (one, 0..2_u8).prop_map(|(n, digest)| Step::Keyed(n, digest)),
    ]
}

/// Both stores, and what there has been in them.
struct World {
    _folder: TempDir,
    disk: Store,
    ram: MemoryStore,
    mint: IdMint,
    owners: [UserId; 2],
    threads: Vec<ConversationId>,
    memories: Vec<MemoryId>,
    deeds: Vec<ActionId>,
    tasks: Vec<TaskId>,
}

impl World {
    async fn new() -> Self {
        let clock = Arc::new(ManualClock::at_millis(1_793_000_000_000));
        let folder = TempDir::new().unwrap();
        let dir = DataDir::open(folder.path()).unwrap();
        let disk = Store::open(&dir, clock.clone(), Home::new()).unwrap();
        let (ram, mint) = (MemoryStore::new(clock.clone()), IdMint::new(clock, 0));
        let users = [given::user(&mint), given::user(&mint)];
        let owners = [users[0].id, users[1].id];
        let threads = owners.map(|owner| given::thread(&mint, owner));
        let mut batch = Batch::new();
        batch.writes.extend(users.map(Write::PutUser));
        batch.writes.extend(threads.clone().map(Write::PutConversation));
        let (memories, deeds, tasks) = (Vec::new(), Vec::new(), Vec::new());
        let threads = threads.iter().map(|thread: &Conversation| thread.id).collect();
        let world =
            Self { _folder: folder, disk, ram, mint, owners, threads, memories, deeds, tasks };
        world.apply(batch).await;
        world
    }

    async fn apply(&self, batch: Batch) {
        let (disk, ram) = (self.disk.apply(batch.clone()).await, self.ram.apply(batch).await);
        assert_eq!(answer(disk), answer(ram));
    }

    fn owner(&self, n: usize) -> UserId {
        self.owners[n % 2]
    }

    fn memory(&self, n: usize, id: MemoryId, text: usize) -> Memory {
        let (now, text) = (self.mint.clock().now(), TEXTS[text].to_owned());
        Memory::new(id, self.owner(n), MemoryKind::Said, text, Provenance::default(), now)
    }

    fn new_memory(&mut self, n: usize, text: usize) -> Memory {
        let id = self.mint.next(MemoryId::from_uuid);
        self.memories.push(id);
        self.memory(n, id, text)
    }

    fn some_memory(&mut self, n: usize) -> MemoryId {
        if self.memories.is_empty() {
            self.memories.push(self.mint.next(MemoryId::from_uuid));
        }
        self.memories[n % self.memories.len()]
    }

    fn act(&mut self, n: usize, deed: Deed) -> Write {
        let id = self.mint.next(ActionId::from_uuid);
        self.deeds.push(id);
        let at = self.mint.clock().now();
        Write::ActOnMemory(MemoryAction {
            id,
            owner: self.owner(n),
            deed,
            at,
            undone_at: None,
            task_id: None,
        })
    }

    /// Says what one step writes.
    fn write(&mut self, step: &Step) -> Option<Write> {
        let at = self.mint.clock().now();
        Some(match *step {
            Step::Say(n, text) => {
                let thread = self.threads[n % 2];
                Write::AppendMessage(given::message(&self.mint, thread, TEXTS[text]))
            }
            Step::Rename(n, away) => Write::ChangeConversation {
                id: self.threads[n % 2],
                title: Some(format!("thread {n}")),
                status: Some(if away {
                    ConversationStatus::Archived
                } else {
                    ConversationStatus::Active
                }),
                at,
            },
            Step::Ask(n) => {
                let thread = self.threads[n % 2];
                let parent = n.checked_sub(20).and_then(|n| self.tasks.get(n).copied());
                let task = given::task(&self.mint, self.owner(n), thread);
                self.tasks.push(task.id);
                Write::PutTask(Task { parent_task_id: parent, ..task })
            }
            Step::Move(n, to) => {
                let id = *self.tasks.get(n % self.tasks.len().max(1))?;
                let (to, attempt) = (TaskStatus::ALL[to], u32::try_from(n).ok());
                Write::TransitionTask { id, to, attempt, phase: None, at }
            }
            Step::Put(n, text) => Write::PutMemory(self.new_memory(n, text)),
            Step::PutAgain(n, text) => {
                let id = self.some_memory(n);
                Write::PutMemory(self.memory(n, id, text))
            }
            Step::Forget(n, m) => {
                let ids = vec![self.some_memory(n), self.some_memory(m)];
                self.act(n, Deed::Forget { ids })
            }
            Step::Correct(n, text) => {
                let old = self.some_memory(n);
                let new = Box::new(self.new_memory(n, text));
                self.act(n, Deed::Correct { old, new })
            }
            Step::Pin(n, pinned) => {
                let id = self.some_memory(n);
                self.act(n, Deed::Pin { id, pinned })
            }
            Step::Undo(n) => {
                let id = *self.deeds.get(n % self.deeds.len().max(1))?;
                Write::UndoMemoryAction { id, owner: self.owner(n), at }
            }
            Step::Touch(n) => {
                let touched = vec![(self.some_memory(n), 1, Utility::MOST)];
                Write::TouchMemories { owner: self.owner(n), touched, at }
            }
            Step::Rate(n, moved) => Write::PutSignal(self.signal(n, moved)),
            Step::Keyed(..) => return None,
        })
    }

    fn signal(&mut self, n: usize, moved: i32) -> Signal {
        Signal {
            id: self.mint.next(SignalId::from_uuid),
            owner: self.owner(n),
            kind: SignalType::UserRating,
            strength: 0,
            rating: None,
            comment: None,
            task_id: None,
            message_id: None,
            memories: vec![self.some_memory(n)],
            moved,
            at: self.mint.clock().now(),
        }
    }

    async fn go(&mut self, step: Step) {
        let batch = match self.write(&step) {
            Some(write) => Batch::new().write(write),
            None => {
                let Step::Keyed(n, digest) = step else { return };
                let memory = self.new_memory(n, n % TEXTS.len());
                let key = BatchKey::of_a_day(format!("key {}", n % 5), [digest; 32]);
                Batch::new().key(key).write(Write::PutMemory(memory))
            }
        };
        self.apply(batch).await;
    }

    async fn compare(&self) {
        let (disk, ram) = (&self.disk, &self.ram);
        for owner in self.owners {
            let (page, all) = (PageRequest::new(7, None), SearchFilter::default());
            let one = Memories::list(disk, owner, &all, page).await.unwrap();
            assert_eq!(one, Memories::list(ram, owner, &all, page).await.unwrap());
            let (one, two) = (disk.actions(owner, page), ram.actions(owner, page));
            assert_eq!(one.await.unwrap(), two.await.unwrap());
            let (one, two) = (disk.signals(owner, page), ram.signals(owner, page));
            assert_eq!(one.await.unwrap(), two.await.unwrap());
            let none = TaskFilter::default();
            let one = Tasks::list(disk, owner, none, page).await.unwrap();
            assert_eq!(one, Tasks::list(ram, owner, none, page).await.unwrap());
            for status in [ConversationStatus::Active, ConversationStatus::Archived] {
                let one = Conversations::list(disk, owner, status, page).await.unwrap();
                let two = Conversations::list(ram, owner, status, page).await.unwrap();
                assert_eq!(one, two);
            }
            for thread in &self.threads {
                let one = disk.messages(owner, *thread, page).await.unwrap();
                assert_eq!(one, ram.messages(owner, *thread, page).await.unwrap());
            }
        }
        let (one, two) = (disk.since(0, 100).await.unwrap(), ram.since(0, 100).await.unwrap());
        assert_eq!(one, two);
        assert_eq!(disk.latest(), ram.latest());
    }
}

/// Returns an answer in a form that can be compared.
fn answer(applied: Result<Applied, StoreError>) -> Result<Applied, String> {
    applied.map_err(|error| format!("{:?} {:?} {error}", error.kind, error.as_conflict()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn both_stores_answer_alike_whatever_is_done(
        steps in prop::collection::vec(a_step(), 1..50),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            for step in steps {
                world.go(step).await;
            }
            world.compare().await;
            world.disk.compare().await.unwrap();
            let damage = appliance_core::ports::StoreDamage::damage(&world.disk);
            let nothing = appliance_core::ports::Compared::Done { mended: 0 };
            assert_eq!((damage.compared, damage.found.len()), (nothing, 0));
        });
    }
}
