//! What a killed reindex starts from, one life of a search over it, and what must be true afterwards.

use std::{fs, path::Path, sync::Arc, time::Duration};

use appliance_core::{
    Batch, IdMint, Memory, MemoryId, MemoryKind, Provenance, SearchFilter, UserId, Write,
    ports::{Embedder, MemorySearch as _, Records as _, Users, VectorHome as _, VectorIndex},
    time::ManualClock,
};
use pai::memory::{Indexes as _, Search, Space, SpaceMaker};
use storage_contract::given;
use storage_embedded::{DataDir, Store};
use tempfile::TempDir;
use vector::{Home, Options, SegmentIndex, StaticEmbedder};

use super::dying::{Dying, Steps};

/// So many that a build is saved once on its way.
pub const COUNT: usize = 3_500;

const MORNING_MILLIS: u64 = 1_795_161_600_000;

/// Makes a store with [`COUNT`] memories, indexed and saved.
pub async fn furnished() -> TempDir {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let mint = IdMint::new(clock(), 0);
    let user = given::user(&mint);
    let owner = user.id;
    let mut writes = vec![Write::PutUser(user)];
    writes.extend((0..COUNT).map(|n| Write::PutMemory(memory(&mint, owner, n))));
    store.apply(Batch { writes, ..Batch::new() }).await.unwrap();
    let search = life(folder.path(), &store, &Steps::default());
    search.warm_up().await.unwrap();
    search.save().await.unwrap();
    store.close();
    folder
}

/// Copies the folder.
pub fn copy(from: &Path) -> TempDir {
    let to = TempDir::new().unwrap();
    copy_into(from, to.path());
    to
}

fn copy_into(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&place).unwrap();
            copy_into(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

/// Opens the store in `place`.
pub fn open(place: &Path) -> Store {
    Store::open(&DataDir::open(place).unwrap(), clock(), appliance_tasks::Tasks::new()).unwrap()
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at_millis(MORNING_MILLIS))
}

fn memory(mint: &IdMint, owner: UserId, n: usize) -> Memory {
    let (id, now) = (mint.next(MemoryId::from_uuid), mint.clock().now());
    Memory::new(id, owner, MemoryKind::Said, text(n), Provenance::default(), now)
}

fn text(n: usize) -> String {
    format!("ticket {n} about the lift is closed")
}

/// Makes a search as a start does: what the mark names serves, what no build finished is removed.
pub fn life(place: &Path, store: &Store, steps: &Steps) -> Search {
    let indexes = place.join("index");
    let embedder: Arc<dyn Embedder> = Arc::new(StaticEmbedder::load().unwrap());
    let home = Home::at(&indexes);
    let named = home.serving().and_then(|mark| mark.folder);
    let folder = named.unwrap_or_else(|| Home::name(embedder.as_ref()));
    home.keep_only(&[&folder]);
    let (maker, made_by) = ((indexes.clone(), steps.clone()), embedder.clone());
    let fresh = SpaceMaker::new(move || {
        let (indexes, steps) = &maker;
        let folder = Home::at(indexes).fresh_name(made_by.as_ref());
        std::future::ready(Ok(space(indexes, folder, made_by.clone(), steps.named("new"))))
    });
    let serving = space(&indexes, folder, embedder.clone(), steps.named("old"));
    Search::over(Arc::new(store.clone()), embedder, Some(serving), appliance_tasks::Tasks::new())
        .with_home(Arc::new(home))
        .with_maker(fresh)
}

fn space(indexes: &Path, folder: String, embedder: Arc<dyn Embedder>, steps: Steps) -> Space {
    let options = Options { model: embedder.model().to_owned(), ..Options::default() };
    let opened = SegmentIndex::open(
        &indexes.join(&folder),
        embedder.dim(),
        options,
        appliance_tasks::Tasks::new(),
    )
    .unwrap();
    let index: Arc<dyn VectorIndex> = Arc::new(Dying::new(opened.index, steps));
    Space::new(embedder, index).in_folder(folder)
}

/// Builds the vectors anew and waits until they serve.
pub async fn reindex(search: &Search) {
    search.reindex().await.unwrap();
    for _ in 0..3_000 {
        if search.progress().is_some_and(|job| job.ended) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(search.progress().is_some_and(|job| job.ended), "{:?}", search.progress());
}

/// Checks that every memory is found, and found once, by its vector, in the one folder there is.
pub async fn check(search: &Search, store: &Store, place: &Path, what: &str) {
    search.warm_up().await.unwrap();
    let owner = Users::first(store).await.unwrap().unwrap().id;
    for n in (0..COUNT).step_by(COUNT / 25) {
        let everything = SearchFilter::default();
        let hits = search.search(owner, &text(n), everything, 100).await.unwrap();
        let same = hits.iter().filter(|hit| hit.memory.text == text(n)).count();
        assert_eq!(same, 1, "{what}: {:?}", text(n));
        assert!(hits[0].why.starts_with("cosine "), "{what}: {}", hits[0].why);
    }
    let serving = Home::at(place.join("index")).serving().unwrap().folder.unwrap();
    let folders = fs::read_dir(place.join("index")).unwrap().flatten();
    let folders: Vec<_> = folders.filter(|entry| entry.path().is_dir()).collect();
    let names: Vec<_> = folders.iter().map(fs::DirEntry::file_name).collect();
    assert_eq!(names, [serving.as_str()], "{what}");
}
