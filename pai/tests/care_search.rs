//! Care and the search together: what a deed does is what the next search shows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod care_house;

use std::{sync::Arc, time::Duration};

use appliance_core::{
    Collection, MemoryHit, MemoryTier, SearchFilter, Timestamp,
    ports::{Correction, MemoryCare, MemorySearch, MemoryTiers},
};
use care_house::House;
use pai::memory::{Care, CareParts, Search};
use vector::{ExactIndex, StaticEmbedder, TextIndex};

const ASKED: &str = "what is the build server called?";
const WREN: &str = "the build server is called wren";
const HERON: &str = "the build server is called heron";

struct Desk {
    house: House,
    search: Arc<Search>,
    care: Care,
}

impl Desk {
    async fn new() -> Self {
        let house = House::new().await;
        let embedder = Arc::new(StaticEmbedder::load().unwrap());
        let search = Search::new(
            house.reader.clone(),
            embedder,
            Arc::new(ExactIndex::new(256)),
            appliance_tasks::Tasks::new(),
        );
        let search = Arc::new(search.with_texts(Arc::new(TextIndex::in_memory().unwrap())));
        let care = Care::new(CareParts {
            records: Arc::new(house.store.clone()),
            memories: house.reader.clone(),
            tiers: Arc::new(house.store.clone()),
            conversations: Arc::new(house.store.clone()),
            indexes: search.clone(),
            tree: None,
            mint: house.mint.clone(),
            limits: house.limits.clone(),
        });
        Self { house, search, care }
    }

    async fn find(&self, as_of: Option<Timestamp>) -> Vec<MemoryHit> {
        let filter = SearchFilter { as_of, ..SearchFilter::default() };
        self.search.search(self.house.owner, ASKED, filter, 5).await.unwrap().hits
    }

    async fn texts(&self, as_of: Option<Timestamp>) -> Vec<String> {
        self.find(as_of).await.into_iter().map(|hit| hit.memory.text).collect()
    }
}

#[tokio::test]
async fn a_search_shows_what_each_deed_left() {
    let desk = Desk::new().await;
    let (house, by) = (&desk.house, desk.house.by());
    let id = house.remember(WREN).await;
    let early = house.now();
    assert_eq!(desk.texts(None).await, [WREN]);

    house.clock.advance(Duration::from_secs(60));
    let (new, _) = desk.care.correct(&by, Correction::new(id, HERON)).await.unwrap();
    assert_eq!(desk.texts(None).await, [HERON]);
    assert_eq!(desk.texts(Some(early)).await, [WREN]);

    desk.care.forget(&by, vec![new.id]).await.unwrap();
    assert!(desk.texts(None).await.is_empty());
    desk.care.undo(&by, None).await.unwrap();
    assert_eq!(desk.texts(None).await, [HERON]);
    desk.care.undo(&by, None).await.unwrap();
    assert_eq!(desk.texts(None).await, [WREN]);
    assert!(house.reader.hits().0 > 0, "hits are read out of RAM");
}

#[tokio::test]
async fn what_is_archived_is_found_by_its_words_and_comes_back_when_it_is_used() {
    let desk = Desk::new().await;
    let id = desk.house.remember(WREN).await;
    assert_eq!(desk.texts(None).await, [WREN]);
    desk.house.store.warm(&[id], desk.house.now()).await.unwrap();
    desk.house.store.archive(&[id], desk.house.now()).await.unwrap();
    let hits = desk.find(None).await;
    assert_eq!(hits[0].memory.tier, MemoryTier::Cold);
    desk.care.used(desk.house.owner, &hits).await;
    desk.care.write_uses().await.unwrap();
    let hits = desk.find(None).await;
    assert_eq!((hits[0].memory.tier, hits[0].memory.text.as_str()), (MemoryTier::Warm, WREN));
    assert_eq!(hits[0].memory.standing.accesses, 1);
}

#[tokio::test]
async fn the_count_of_each_collection_is_the_owner_s_alone() {
    let desk = Desk::new().await;
    desk.house.remember(HERON).await;
    let id = desk.house.remember(WREN).await;
    desk.care.correct(&desk.house.by(), Correction::new(id, "robin")).await.unwrap();
    let stats = desk.care.stats(desk.house.owner).await.unwrap();
    let count = |wanted| {
        let mut found = stats.collections.iter();
        found.find(|it| it.collection == wanted).map(|it| it.memories).unwrap()
    };
    assert_eq!((count(Collection::Conversations), count(Collection::Memories)), (2, 1));
    assert_eq!((stats.mine.hot[&None], stats.hot_limit, stats.warm_limit), (3, 1_000, 50_000));
    let nobody = desk.care.stats(desk.house.somebody().await).await.unwrap();
    assert!(nobody.mine.hot.is_empty(), "{nobody:?}");
    assert!(nobody.collections.iter().all(|it| it.memories == 0), "{nobody:?}");
    assert_eq!(nobody.all.hot[&None], 3);
}
