//! How the spaces of vectors follow the records: nothing twice, never a gap, and one always serves.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod corpus;
mod support;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use appliance_core::{
    Embedding, Facets, HistoryId, MemoryId, MemoryKind, MemoryTier, SearchFilter, StoreError,
    UserId,
    memory::Origin,
    ports::{
        CareError, Embedder, IndexEntry, Memories as _, MemorySearch, SearchError, VectorHome as _,
        VectorIndex,
    },
};
use async_trait::async_trait;
use pai::memory::{Indexes as _, Search, Space, SpaceMaker};
use support::{Desk, embedders::WatchedEmbedder, texts};
use vector::{ExactIndex, Home, StaticEmbedder, TextIndex};

const HERON: &str = "the staging database is called heron";
const ASKED: &str = "what is the staging database called?";

/// An exact index that keeps its position, can lose a call's answer, and can be away.
#[derive(Debug)]
struct KeptIndex {
    inner: ExactIndex,
    position: AtomicU64,
    /// Calls that are done and then reported as failed: a kill between the page and its position.
    cut_off: AtomicUsize,
    /// Calls that succeed before that.
    sound: AtomicUsize,
    away: AtomicBool,
    retagged: AtomicUsize,
}

impl KeptIndex {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            inner: ExactIndex::new(256),
            position: AtomicU64::new(0),
            cut_off: AtomicUsize::new(0),
            sound: AtomicUsize::new(0),
            away: AtomicBool::new(false),
            retagged: AtomicUsize::new(0),
        })
    }

    fn answer(&self) -> Result<(), StoreError> {
        let fails = |left: usize| left.checked_sub(1);
        if self.sound.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails).is_ok() {
            return Ok(());
        }
        match self.cut_off.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails) {
            Ok(_) => Err(StoreError::unavailable("vectors.upsert", "cut off")),
            Err(_) => Ok(()),
        }
    }
}

#[async_trait]
impl VectorIndex for KeptIndex {
    async fn upsert(&self, entries: Vec<IndexEntry>) -> Result<(), StoreError> {
        self.inner.upsert(entries).await?;
        self.answer()
    }

    async fn retag(&self, entries: Vec<(MemoryId, Facets)>) -> Result<usize, StoreError> {
        self.retagged.fetch_add(entries.len(), Ordering::SeqCst);
        self.inner.retag(entries).await
    }

    async fn search(
        &self,
        owner: UserId,
        query: &Embedding,
        filter: &SearchFilter,
        k: usize,
    ) -> Result<Vec<(MemoryId, f32)>, StoreError> {
        if self.away.load(Ordering::SeqCst) {
            return Err(StoreError::unavailable("vectors.search", "no answer"));
        }
        self.inner.search(owner, query, filter, k).await
    }

    async fn delete(&self, owner: UserId, ids: &[MemoryId]) -> Result<usize, StoreError> {
        self.inner.delete(owner, ids).await
    }

    fn position(&self) -> u64 {
        self.position.load(Ordering::SeqCst)
    }

    async fn save(&self, position: u64) -> Result<(), StoreError> {
        self.position.store(position, Ordering::SeqCst);
        Ok(())
    }

    fn count(&self) -> usize {
        self.inner.count()
    }
}

/// One life of a search; what outlives it is the embedder, the index and the texts' folder.
fn life(desk: &Desk, space: Option<Space>, folder: &Path) -> Search {
    let words = Arc::new(StaticEmbedder::load().unwrap());
    let history = HistoryId::from_bytes([7; 16]);
    let origin = Origin { history, latest: desk.memories.latest() };
    let opened =
        TextIndex::open(&folder.join("texts"), &origin, appliance_tasks::Tasks::new()).unwrap();
    Search::over(desk.memories.clone(), words, space, appliance_tasks::Tasks::new())
        .with_texts(Arc::new(opened.index))
        .with_home(Arc::new(Home::at(folder)))
}

async fn ask(search: &Search, desk: &Desk, query: &str) -> Vec<appliance_core::MemoryHit> {
    search.search(desk.owner, query, SearchFilter::default(), 5).await.unwrap().hits
}

fn furnished(count: usize) -> Desk {
    let desk = Desk::new();
    desk.remember(MemoryKind::Said, HERON);
    for n in 1..count {
        desk.remember(MemoryKind::Said, &format!("ticket {n} about the lift is closed"));
    }
    desk
}

async fn until_built(search: &Search) {
    for _ in 0..600 {
        if search.progress().is_some_and(|job| job.ended) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(search.progress().is_some_and(|job| job.ended), "{:?}", search.progress());
}

#[tokio::test]
async fn a_restart_from_saved_positions_embeds_nothing_again() {
    let (desk, folder) = (furnished(600), tempfile::tempdir().unwrap());
    let (embedder, index) = (Arc::new(WatchedEmbedder::new("one")), KeptIndex::new());
    let space = Space::new(embedder.clone(), index.clone()).in_folder("vectors-one-256");
    let first = life(&desk, Some(space.clone()), folder.path());
    assert_eq!(texts(&ask(&first, &desk, ASKED).await)[0], HERON);
    assert_eq!(embedder.kept(), 600);
    first.save().await.unwrap();
    drop(first);

    let again = life(&desk, Some(space.clone()), folder.path());
    again.warm_up().await.unwrap();
    assert_eq!(texts(&ask(&again, &desk, ASKED).await)[0], HERON);
    assert_eq!(embedder.kept(), 600, "nothing is embedded twice");
    let known = desk.found(ASKED).await[0].memory.id;
    desk.memories.change(known, |memory| memory.standing.accesses = 1);
    desk.remember(MemoryKind::Said, "the canteen closes at three");
    ask(&again, &desk, ASKED).await;
    assert_eq!(embedder.kept(), 601, "only what is new is embedded");
    assert_eq!(index.retagged.load(Ordering::SeqCst), 1, "what only changed is retagged");
    drop(again); // without a save: what came since is taken in again

    let killed = life(&desk, Some(space), folder.path());
    let hits = ask(&killed, &desk, "when does the canteen close?").await;
    assert!(texts(&hits)[0].contains("canteen"), "{hits:#?}");
    // What is new is embedded again; what only stood anew is not, in this life either.
    assert_eq!((embedder.kept(), index.count()), (602, 601));
}

#[tokio::test]
async fn what_is_new_is_taken_in_before_anybody_asks_and_an_outage_is_waited_out() {
    let (desk, folder) = (furnished(300), tempfile::tempdir().unwrap());
    let (embedder, index) = (Arc::new(WatchedEmbedder::new("one")), KeptIndex::new());
    embedder.away.store(true, Ordering::SeqCst);
    let space = Space::new(embedder.clone(), index.clone()).in_folder("vectors-one-256");
    let search = Arc::new(life(&desk, Some(space), folder.path()));
    let keeping = tokio::spawn({
        let search = search.clone();
        async move { search.keep_level().await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(index.count(), 0, "the embedder is away");
    assert_eq!(texts(&ask(&search, &desk, ASKED).await)[0], HERON, "words answer meanwhile");
    embedder.away.store(false, Ordering::SeqCst);
    let level = async |count| {
        for _ in 0..1_000 {
            if index.count() == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(index.count(), count);
    };
    level(300).await;
    desk.remember(MemoryKind::Said, "the canteen closes at three");
    level(301).await;
    assert!(!keeping.is_finished());
    keeping.abort();
}

#[tokio::test]
async fn what_is_cut_off_between_a_page_and_its_position_is_repeated_and_never_skipped() {
    let (desk, folder) = (furnished(700), tempfile::tempdir().unwrap());
    let (embedder, index) = (Arc::new(WatchedEmbedder::new("one")), KeptIndex::new());
    let search = life(&desk, Some(Space::new(embedder.clone(), index.clone())), folder.path());
    for kill in 0..3 {
        index.cut_off.store(1, Ordering::SeqCst);
        let failed = search.warm_up().await;
        assert!(matches!(failed, Err(SearchError::Store(_))), "{kill}: {failed:?}");
        let dropped = tokio::time::timeout(Duration::ZERO, search.warm_up()).await;
        drop(dropped); // a caller that goes away in the middle
    }
    search.warm_up().await.unwrap();
    assert_eq!(index.count(), 700);
    assert!(embedder.kept() >= 700);
    for n in [1, 255, 256, 257, 511, 512, 513, 699] {
        let text = format!("ticket {n} about the lift is closed");
        let hits = ask(&search, &desk, &format!("is ticket {n} closed?")).await;
        assert!(texts(&hits).contains(&text.as_str()), "{n}: {:?}", texts(&hits));
    }
}

#[tokio::test]
async fn while_the_embedder_is_away_words_alone_answer_and_say_so() {
    let (desk, folder) = (furnished(20), tempfile::tempdir().unwrap());
    let (embedder, index) = (Arc::new(WatchedEmbedder::new("one")), KeptIndex::new());
    let search = life(&desk, Some(Space::new(embedder.clone(), index.clone())), folder.path());
    embedder.away.store(true, Ordering::SeqCst);
    let hits = ask(&search, &desk, ASKED).await;
    assert_eq!(texts(&hits)[0], HERON);
    let why = &hits[0].why;
    assert!(why.starts_with("by words alone, the embedder or its index is away: "), "{why}");
    assert!(why.contains("bm25 ") && !why.contains("cosine"), "{why}");
    desk.remember(MemoryKind::Said, "the canteen closes at three");
    let hits = ask(&search, &desk, "when does the canteen close?").await;
    assert!(texts(&hits)[0].contains("canteen"), "what is new is found by its words");

    embedder.away.store(false, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(5_100)).await; // what failed is left alone for 5 s
    let hits = ask(&search, &desk, ASKED).await;
    assert!(hits[0].why.starts_with("cosine "), "{}", hits[0].why);
    assert_eq!(index.count(), 21, "what came meanwhile has a vector now");
}

#[tokio::test]
async fn an_index_that_is_away_leaves_words_and_with_neither_there_is_an_error() {
    let (desk, folder) = (furnished(20), tempfile::tempdir().unwrap());
    let (embedder, index) = (Arc::new(WatchedEmbedder::new("one")), KeptIndex::new());
    let space = Space::new(embedder.clone(), index.clone());
    let search = life(&desk, Some(space.clone()), folder.path());
    index.away.store(true, Ordering::SeqCst);
    let hits = ask(&search, &desk, ASKED).await;
    assert_eq!(texts(&hits)[0], HERON);
    assert!(hits[0].why.starts_with("by words alone, "), "{}", hits[0].why);
    let words = Arc::new(StaticEmbedder::load().unwrap());
    let alone =
        Search::over(desk.memories.clone(), words, Some(space), appliance_tasks::Tasks::new());
    let failed = alone.search(desk.owner, ASKED, SearchFilter::default(), 5).await;
    assert!(matches!(failed, Err(SearchError::Store(_))), "{failed:?}");
}

#[tokio::test]
async fn another_model_is_built_beside_the_one_that_serves_and_then_serves() {
    let (desk, folder) = (furnished(600), tempfile::tempdir().unwrap());
    let (old, new) = (Arc::new(WatchedEmbedder::new("old")), Arc::new(WatchedEmbedder::new("new")));
    let name = |embedder: &WatchedEmbedder| Home::at(folder.path()).fresh_name(embedder);
    let (old_folder, new_folder) = (name(&old), name(&new));
    std::fs::create_dir(folder.path().join(&old_folder)).unwrap();
    let space = Space::new(old.clone(), KeptIndex::new()).in_folder(&old_folder);
    let search = life(&desk, Some(space), folder.path());
    search.warm_up().await.unwrap();
    search.save().await.unwrap();
    assert!(Home::at(folder.path()).serving().unwrap().is_of(old.as_ref()));

    new.away.store(true, Ordering::SeqCst);
    let index = KeptIndex::new();
    search.begin_space(Space::new(new.clone(), index.clone()).in_folder(&new_folder)).unwrap();
    let busy = search.begin_space(Space::new(new.clone(), KeptIndex::new()));
    assert!(matches!(busy, Err(CareError::Busy("reindex"))), "{busy:?}");
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(texts(&ask(&search, &desk, ASKED).await)[0], HERON, "the old one serves meanwhile");
    let waiting = search.progress().unwrap();
    assert!(!waiting.ended && waiting.doing.starts_with("waiting: "), "{waiting:?}");
    new.away.store(false, Ordering::SeqCst);
    desk.remember(MemoryKind::Said, "the canteen closes at three");
    until_built(&search).await;

    let job = search.progress().unwrap();
    assert_eq!((job.done, job.total), (601, 601));
    let mark = Home::at(folder.path()).serving().unwrap();
    assert!(mark.is_of(new.as_ref()) && mark.folder.as_ref() == Some(&new_folder), "{mark:?}");
    assert!(!folder.path().join(old_folder).exists(), "the old vectors are gone");
    assert_eq!((index.count(), index.position()), (601, desk.memories.latest()));
    old.away.store(true, Ordering::SeqCst);
    let hits = ask(&search, &desk, ASKED).await;
    assert_eq!(texts(&hits)[0], HERON);
    assert!(hits[0].why.starts_with("cosine "), "{}", hits[0].why);
    search.close().await;
}

#[tokio::test]
async fn a_space_that_was_being_built_goes_on_after_a_restart() {
    let (desk, folder) = (furnished(600), tempfile::tempdir().unwrap());
    let (embedder, index) = (Arc::new(WatchedEmbedder::new("new")), KeptIndex::new());
    let space = Space::new(embedder.clone(), index.clone()).in_folder("vectors-new-256");
    let words_only = life(&desk, None, folder.path());
    let hits = ask(&words_only, &desk, ASKED).await;
    assert!(hits[0].why.starts_with("by words alone, "), "{}", hits[0].why);
    words_only.begin_space(space.clone()).unwrap();
    until_built(&words_only).await;
    assert_eq!(embedder.kept(), 600);
    words_only.close().await;
    drop(words_only);
    desk.remember(MemoryKind::Said, "the canteen closes at three");

    let again = life(&desk, None, folder.path());
    again.begin_space(space).unwrap();
    until_built(&again).await;
    assert_eq!((embedder.kept(), index.count()), (601, 601));
    assert!(ask(&again, &desk, ASKED).await[0].why.starts_with("cosine "));
}

#[tokio::test]
async fn reindexing_makes_fresh_vectors_of_the_same_model() {
    let (desk, folder) = (furnished(300), tempfile::tempdir().unwrap());
    let embedder = Arc::new(WatchedEmbedder::new("one"));
    let dyn_embedder: Arc<dyn Embedder> = embedder.clone();
    let (place, made_by) = (folder.path().to_owned(), dyn_embedder.clone());
    let maker = SpaceMaker::new(move || {
        let name = Home::at(&place).fresh_name(made_by.as_ref());
        std::fs::create_dir(place.join(&name)).unwrap();
        std::future::ready(Ok(Space::new(made_by.clone(), KeptIndex::new()).in_folder(name)))
    });
    let damaged = KeptIndex::new();
    let first = Home::at(folder.path()).fresh_name(embedder.as_ref());
    std::fs::create_dir(folder.path().join(&first)).unwrap();
    let space = Space::new(dyn_embedder, damaged.clone()).in_folder(&first);
    let search = life(&desk, Some(space), folder.path()).with_maker(maker);
    search.warm_up().await.unwrap();
    search.reindex().await.unwrap();
    until_built(&search).await;
    let mark = Home::at(folder.path()).serving().unwrap();
    assert_eq!(mark.folder, Some(format!("{first}.2")));
    assert_eq!(embedder.kept(), 600);
    damaged.away.store(true, Ordering::SeqCst);
    assert!(ask(&search, &desk, ASKED).await[0].why.starts_with("cosine "));
}

#[tokio::test]
async fn a_rebuild_takes_in_what_stood_anew_since_it_was_said() {
    let (desk, folder) = (furnished(350), tempfile::tempdir().unwrap());
    let (embedder, first) = (Arc::new(WatchedEmbedder::new("one")), KeptIndex::new());
    let search = life(&desk, Some(Space::new(embedder.clone(), first)), folder.path());
    search.warm_up().await.unwrap();
    for id in desk.memories.ids() {
        desk.memories.change(id, |memory| memory.tier = MemoryTier::Warm);
    }
    let anew = KeptIndex::new();
    search.begin_space(Space::new(embedder, anew.clone()).in_folder("vectors-new-256")).unwrap();
    until_built(&search).await;
    assert_eq!(anew.count(), 350);
    let job = search.progress().unwrap();
    assert_eq!((job.done, job.total), (350, 350));
    assert!(ask(&search, &desk, ASKED).await[0].why.starts_with("cosine "));
}

#[tokio::test]
async fn an_index_that_was_saved_before_it_was_level_is_trusted_with_nothing() {
    let (desk, folder) = (furnished(350), tempfile::tempdir().unwrap());
    let (embedder, index) = (Arc::new(WatchedEmbedder::new("one")), KeptIndex::new());
    let space = Space::new(embedder, index.clone()).in_folder("vectors-one-256");
    let early = desk.memories.ids()[50];
    desk.memories.change(early, |memory| memory.tier = MemoryTier::Warm);
    let first = life(&desk, Some(space.clone()), folder.path());
    index.sound.store(1, Ordering::SeqCst);
    index.cut_off.store(1, Ordering::SeqCst);
    first.warm_up().await.unwrap_err();
    first.save().await.unwrap();
    drop(first); // killed amid its first reading

    let again = life(&desk, Some(space), folder.path());
    again.warm_up().await.unwrap();
    assert_eq!(index.count(), 350, "what stood anew was not met before");
}

#[tokio::test]
async fn a_text_that_was_replaced_and_stood_anew_far_behind_is_read_everywhere() {
    let (desk, folder) = (furnished(10), tempfile::tempdir().unwrap());
    let embedder = Arc::new(WatchedEmbedder::new("one"));
    let space = Space::new(embedder, KeptIndex::new());
    let search = life(&desk, Some(space), folder.path());
    let known = ask(&search, &desk, ASKED).await[0].memory.id;
    desk.memories.change(known, |memory| memory.text = "the canteen closes at three".to_owned());
    for n in 10..1_000 {
        desk.remember(MemoryKind::Said, &format!("ticket {n} about the lift is closed"));
    }
    desk.memories.change(known, |memory| memory.standing.accesses = 1);
    search.warm_up().await.unwrap();
    let hits = ask(&search, &desk, "when does the canteen close?").await;
    assert_eq!(hits[0].memory.id, known, "{:?}", texts(&hits));
    assert!(hits[0].why.contains("cosine ") && hits[0].why.contains("bm25"), "{}", hits[0].why);
    let stale = ask(&search, &desk, "heron").await;
    assert!(stale.iter().all(|hit| !hit.why.contains("bm25")), "no text has that word any more");
}

#[tokio::test]
async fn an_index_ahead_of_the_records_is_fed_anew_and_loses_what_has_no_memory() {
    let (desk, folder) = (furnished(50), tempfile::tempdir().unwrap());
    let (embedder, index) = (Arc::new(WatchedEmbedder::new("one")), KeptIndex::new());
    let vectors = embedder.embed(&[HERON]).await.unwrap();
    let lost = desk.mint.next(MemoryId::from_uuid);
    let facets = desk.remember(MemoryKind::Said, "the canteen closes at three").facets();
    let embedding = vectors.into_iter().next().flatten().unwrap();
    index.upsert(vec![IndexEntry { id: lost, facets, embedding }]).await.unwrap();
    index.save(9_000).await.unwrap();
    let search = life(&desk, Some(Space::new(embedder.clone(), index.clone())), folder.path());
    assert_eq!(texts(&ask(&search, &desk, ASKED).await)[0], HERON);
    assert_eq!((embedder.kept(), index.count()), (51, 51), "the one without a memory is gone");
}

#[tokio::test]
async fn unrelated_texts_calibrate_the_floor_of_another_model() {
    let desk = Desk::new();
    let pairs = corpus::PAIRS.iter().flat_map(|pair| [pair.stated, pair.distractor, pair.asked]);
    pairs.chain(corpus::TALK).for_each(|text| drop(desk.remember(MemoryKind::Said, text)));
    let folder = tempfile::tempdir().unwrap();
    let embedder = Arc::new(WatchedEmbedder::new("another"));
    let space = Space::new(embedder, KeptIndex::new()).in_folder("vectors-another-256");
    let search = life(&desk, Some(space.clone()), folder.path());
    let far = "how deep is the Mariana trench?";
    assert!(
        !ask(&search, &desk, far).await.is_empty(),
        "nothing is dropped before enough is known"
    );
    for _ in 0..3 {
        for pair in corpus::PAIRS {
            assert!(texts(&ask(&search, &desk, pair.asked).await).contains(&pair.stated));
        }
    }
    search.save().await.unwrap();
    let spread = Home::at(folder.path()).serving().unwrap().spread;
    let mean = spread.sum / spread.pairs as f64;
    assert!(spread.pairs > 500 && (-0.2..0.5).contains(&mean), "{spread:?}");
    search.save().await.unwrap();
    let again = life(&desk, Some(space.clone().with_spread(spread)), &folder.path().join("other"));
    for pair in corpus::PAIRS {
        assert!(texts(&ask(&again, &desk, pair.asked).await).contains(&pair.stated));
    }
    let high = life(&desk, Some(space.with_floor(9.0)), &folder.path().join("high"));
    assert!(ask(&high, &desk, far).await.is_empty(), "a floor that is set holds");
}
