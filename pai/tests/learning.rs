//! The memory tree over the real store: files follow the records, whatever was lost or torn.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that meets the unexpected fails"
)]

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, sync::Arc};

use appliance_core::{
    Batch, Clock, ConversationId, Deed, IdMint, Labels, Memory, MemoryAction, MemoryId, MemoryKind,
    MessageId, Outcome, Phase, Provenance, Signal, SignalType, User, UserId, UserRole, Write,
    ids::{ActionId, SignalId},
    ports::Records,
    time::ManualClock,
};
use pai::learning::Tree;
use serde_json::Value;
use storage_embedded::{DataDir, Store};

/// 2026-11-22, in the middle of a month.
const NOVEMBER: u64 = 1_795_300_000_000;
const MONTH: &str = "2026-11";
const DAY: &str = "21";

struct House {
    store: Store,
    mint: IdMint,
    clock: Arc<ManualClock>,
    owner: UserId,
    dir: tempfile::TempDir,
}

impl House {
    async fn build() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at_millis(NOVEMBER));
        let store = Store::open(
            &DataDir::open(dir.path()).unwrap(),
            clock.clone(),
            appliance_tasks::Tasks::new(),
        )
        .unwrap();
        let mint = IdMint::new(clock.clone(), 0);
        let owner = mint.next(UserId::from_uuid);
        let house = Self { store, mint, clock, owner, dir };
        house.apply(Write::PutUser(house.person())).await;
        house
    }

    fn person(&self) -> User {
        User {
            id: self.owner,
            email: None,
            password_hash: None,
            display_name: "Test".to_owned(),
            role: UserRole::Admin,
            is_active: true,
            created_at: self.clock.now(),
            updated_at: self.clock.now(),
            last_login_at: None,
        }
    }

    async fn apply(&self, write: Write) {
        self.store.apply(Batch::new().write(write)).await.unwrap();
    }

    async fn learn(&self, phase: Phase, text: &str, about: Option<MessageId>) -> Memory {
        let provenance = Provenance {
            conversation_id: Some(self.mint.next(ConversationId::from_uuid)),
            message_id: about,
            ..Provenance::default()
        };
        let (id, at) = (self.mint.next(MemoryId::from_uuid), self.clock.now());
        let text = text.to_owned();
        let mut memory = Memory::new(id, self.owner, MemoryKind::Learning, text, provenance, at);
        let (phase, outcome) = (Some(phase), Some(Outcome::Success));
        memory.labels = Labels { phase, outcome, ..Labels::default() };
        self.apply(Write::PutMemory(memory.clone())).await;
        memory
    }

    async fn tell(&self, kind: SignalType, about: Option<MessageId>) -> SignalId {
        let id = self.mint.next(SignalId::from_uuid);
        let rating = (kind == SignalType::UserRating).then_some((8, 10));
        let signal = Signal {
            id,
            owner: self.owner,
            kind,
            strength: 555,
            rating,
            comment: rating.map(|_| "nice\n\"one\"".to_owned()),
            task_id: None,
            message_id: about,
            memories: Vec::new(),
            moved: 0,
            at: self.clock.now(),
        };
        self.apply(Write::PutSignal(signal)).await;
        id
    }

    fn root(&self) -> std::path::PathBuf {
        self.dir.path().join("pai/MEMORY")
    }

    /// A tree as after a start, brought up to the records.
    async fn tree(&self) -> Tree {
        let tree = Tree::new(self.dir.path(), appliance_tasks::Tasks::new());
        tree.catch_up(&self.store).await.unwrap();
        tree
    }

    fn file(&self, phase: &str, id: MemoryId) -> std::path::PathBuf {
        self.day(phase).join(format!("{id}.json"))
    }

    fn day(&self, phase: &str) -> std::path::PathBuf {
        self.root().join("Learning").join(phase).join(MONTH).join(DAY)
    }

    fn lines(&self, folder: &str) -> Vec<String> {
        let path = self.root().join("Signals").join(folder).join(format!("{MONTH}.jsonl"));
        let text = fs::read_to_string(path).unwrap_or_default();
        assert!(text.is_empty() || text.ends_with('\n'), "{text}");
        let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].clone();
        text.lines().map(|line| id(line).as_str().unwrap().to_owned()).collect()
    }
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[tokio::test]
async fn a_learning_has_a_file_under_its_own_id_and_phase() {
    let house = House::build().await;
    let answer = house.mint.next(MessageId::from_uuid);
    house.tell(SignalType::UserRating, Some(answer)).await;
    let learned = house.learn(Phase::Verify, "VERIFY: `a && b`", Some(answer)).await;
    house.tree().await;
    let file = json(&house.file("VERIFY", learned.id));
    assert_eq!(file["id"], learned.id.to_string());
    assert_eq!((&file["phase"], &file["outcome"]), (&"VERIFY".into(), &"success".into()));
    assert_eq!(file["context_summary"], "VERIFY: `a && b`");
    assert_eq!(file["signals"][0]["rating"], serde_json::json!({ "value": 8, "of": 10 }));
    assert!(file["extracted_at"].as_str().unwrap().starts_with(MONTH));
    let beside = fs::read_dir(house.day("VERIFY")).unwrap().count();
    assert_eq!(beside, 1, "nothing is left beside it");
}

#[tokio::test]
async fn a_file_that_is_lost_is_written_again_and_one_that_is_there_is_left_alone() {
    let house = House::build().await;
    let kept = house.learn(Phase::Learn, "LEARN: one", None).await;
    let lost = house.learn(Phase::Learn, "LEARN: two", None).await;
    house.tree().await;
    fs::write(house.file("LEARN", kept.id), "{\"mine\": true}").unwrap();
    fs::remove_file(house.file("LEARN", lost.id)).unwrap();
    let stray = house.day("LEARN").join("notes.txt");
    fs::write(&stray, "a person's own").unwrap();
    house.tree().await;
    assert_eq!(json(&house.file("LEARN", kept.id))["mine"], true);
    assert_eq!(json(&house.file("LEARN", lost.id))["context_summary"], "LEARN: two");
    assert_eq!(fs::read_to_string(stray).unwrap(), "a person's own");
}

#[tokio::test]
async fn what_is_forgotten_loses_its_file_and_gets_it_back_when_that_is_undone() {
    let house = House::build().await;
    let learned = house.learn(Phase::Learn, "LEARN: one", None).await;
    let tree = house.tree().await;
    let action = MemoryAction {
        id: house.mint.next(ActionId::from_uuid),
        owner: house.owner,
        deed: Deed::Forget { ids: vec![learned.id] },
        at: house.clock.now(),
        undone_at: None,
        task_id: None,
    };
    house.apply(Write::ActOnMemory(action.clone())).await;
    tree.note(&house.store, house.owner).await.unwrap();
    assert!(!house.file("LEARN", learned.id).exists());
    let (id, owner, at) = (action.id, house.owner, house.clock.now());
    house.apply(Write::UndoMemoryAction { id, owner, at }).await;
    tree.note(&house.store, house.owner).await.unwrap();
    assert!(house.file("LEARN", learned.id).exists());
}

#[tokio::test]
async fn a_folder_takes_so_many_files_and_the_next_ones_begin_another() {
    let house = House::build().await;
    for n in 0..505 {
        house.learn(Phase::Learn, &format!("LEARN: number {n}"), None).await;
    }
    house.tree().await;
    let count = |folder: String| fs::read_dir(folder).unwrap().count();
    let day = house.day("LEARN").display().to_string();
    assert_eq!((count(day.clone()), count(format!("{day}.2"))), (500, 5));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let pai = house.dir.path().join("pai");
    assert_eq!((mode(&pai), mode(Path::new(&day))), (0o700, 0o700));
}

#[tokio::test]
async fn files_of_an_older_version_are_moved_and_those_of_no_memory_are_swept() {
    let house = House::build().await;
    let learned = house.learn(Phase::Learn, "LEARN: one", None).await;
    let phase = house.root().join("Learning/LEARN");
    fs::create_dir_all(&phase).unwrap();
    fs::set_permissions(house.root(), fs::Permissions::from_mode(0o777)).unwrap();
    let older = phase.join(format!("{}.json", learned.id));
    fs::write(&older, "{\"mine\": true}").unwrap();
    let lost = [(); 2].map(|()| house.mint.next(MemoryId::from_uuid));
    let strays = [phase.join(format!("{}.json", lost[0])), house.file("LEARN", lost[1])];
    fs::create_dir_all(house.day("LEARN")).unwrap();
    for stray in &strays {
        fs::write(stray, "{}").unwrap();
    }
    house.tree().await;
    assert_eq!(json(&house.file("LEARN", learned.id))["mine"], true);
    assert!(!older.exists() && strays.iter().all(|stray| !stray.exists()));
    assert_eq!(fs::metadata(house.root()).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn signals_are_lines_in_the_order_given_each_once_whatever_was_torn() {
    let house = House::build().await;
    // An owner is known by a memory.
    house.learn(Phase::Learn, "LEARN: one", None).await;
    let mut told = Vec::new();
    for _ in 0..130 {
        told.push(house.tell(SignalType::UserRating, None).await.to_string());
    }
    let first = house.tree().await;
    assert_eq!(house.lines("ratings"), told, "more than a page");
    told.push(house.tell(SignalType::UserRating, None).await.to_string());
    house.tell(SignalType::TaskSuccess, None).await;
    house.tell(SignalType::FollowUp, None).await;
    house.tell(SignalType::UserAcceptance, None).await;
    first.note(&house.store, house.owner).await.unwrap();
    first.note(&house.store, house.owner).await.unwrap();
    assert_eq!(house.lines("ratings"), told);
    for folder in ["verification", "behavioral", "sentiment"] {
        assert_eq!(house.lines(folder).len(), 1, "{folder}");
    }

    let path = house.root().join("Signals/ratings").join(format!("{MONTH}.jsonl"));
    let text = fs::read(&path).unwrap();
    fs::write(&path, &text[..text.len() - 40]).unwrap();
    house.tree().await;
    assert_eq!(house.lines("ratings"), told, "the torn line is written again, whole");
    let row: Value = {
        let text = fs::read_to_string(&path).unwrap();
        serde_json::from_str(text.lines().last().unwrap()).unwrap()
    };
    assert_eq!((&row["rating"], &row["of"]), (&8.into(), &10.into()));
    assert_eq!((&row["source"], &row["comment"]), (&"explicit".into(), &"nice\n\"one\"".into()));

    fs::remove_dir_all(house.root()).unwrap();
    house.tree().await;
    assert_eq!(house.lines("ratings"), told, "all of it from the records");
}

#[tokio::test]
async fn a_month_has_its_own_file() {
    let house = House::build().await;
    house.learn(Phase::Learn, "LEARN: one", None).await;
    house.tell(SignalType::UserRating, None).await;
    house.clock.set_millis(NOVEMBER + 20 * 24 * 60 * 60 * 1_000);
    house.tell(SignalType::UserRating, None).await;
    house.tree().await;
    let mut files: Vec<_> = fs::read_dir(house.root().join("Signals/ratings"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(files, ["2026-11.jsonl", "2026-12.jsonl"]);
}

#[tokio::test]
async fn a_tree_that_runs_writes_when_it_is_nudged_and_stops_when_told() {
    let house = House::build().await;
    let tree = Arc::new(Tree::new(house.dir.path(), appliance_tasks::Tasks::new()));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (running, store) = (tree.clone(), house.store.clone());
    let run = tokio::spawn(async move {
        running.run(&store, async { drop(stopped.await) }).await;
    });
    let learned = house.learn(Phase::Learn, "LEARN: one", None).await;
    tree.nudge(house.owner);
    let path = house.file("LEARN", learned.id);
    for _ in 0..500 {
        if path.exists() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(path.exists());
    stop.send(()).unwrap();
    run.await.unwrap();
}
