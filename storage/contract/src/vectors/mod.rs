//! Rules of the port `VectorIndex`: every filter exact, `k` when `k` pass, nobody else's, cosines.
//!
//! Held against a plain list that [`Facets::pass`] is asked about, entry by entry. Approximate
//! indexes are welcome: what is found must be right, and of the true nearest, one in twenty may be
//! missed. A fixture that builds in the background does so in [`VectorFixture::settle`].

mod given;

use std::sync::Arc;

use appliance_core::{
    AgentName, Embedding, ErrorKind, Facets, MemoryId, MemoryTier, SearchFilter, StoreError,
    UserId,
    memory::Utility,
    ports::{IndexEntry, VectorIndex},
};
use async_trait::async_trait;

use self::given::{Draws, Plain, filters, id, owner, unit};
use crate::Checked;

/// The length of the vectors that the rules put in.
pub const DIM: usize = 24;

/// An index under test: empty at first, for vectors of [`DIM`] numbers.
#[async_trait]
pub trait VectorFixture: Send + Sync {
    /// Returns the index.
    fn index(&self) -> Arc<dyn VectorIndex>;

    /// Lets what is done in the background be done now; searches must give the same after it.
    async fn settle(&self) {}
}

/// What is put in is found at once with its cosine, and an id that comes again is replaced.
pub async fn what_is_put_in_is_found_and_replaced(it: &mut impl VectorFixture) -> Checked {
    let (index, mut draws) = (it.index(), Draws::new(1));
    assert!(index.count() == 0);
    assert!(found(it, owner(0), &draws.vector(), 5).await?.is_empty(), "an empty index");
    let (old, new) = (draws.entry(1), draws.entry(1));
    let other = draws.entry(2);
    index.upsert(vec![old.clone(), other]).await?;
    it.settle().await;
    let first = found(it, owner(0), &old.embedding, 1).await?;
    assert_eq!(first[0].0, id(1));
    assert!((first[0].1 - 1.0).abs() < 1e-3, "a vector is as near to itself as can be");
    index.upsert(vec![new.clone()]).await?;
    let first = found(it, owner(0), &new.embedding, 5).await?;
    assert_eq!((first.len(), first[0].0, index.count()), (2, id(1), 2));
    assert!((first[0].1 - 1.0).abs() < 1e-3, "the later vector is compared");
    index.upsert(vec![old.clone(), new, old.clone()]).await?;
    assert_eq!(index.count(), 2, "one id three times in a call");
    assert!((found(it, owner(0), &old.embedding, 1).await?[0].1 - 1.0).abs() < 1e-3, "last wins");
    index.upsert(Vec::new()).await
}

/// What is deleted is gone at once; what is not there, or another's, is passed over.
pub async fn what_is_deleted_is_gone(it: &mut impl VectorFixture) -> Checked {
    let (index, mut draws) = (it.index(), Draws::new(2));
    index.upsert((0..60).map(|n| draws.entry(n)).collect()).await?;
    it.settle().await;
    assert_eq!(index.delete(owner(1), &[id(3), id(4)]).await?, 0, "another's");
    assert_eq!(index.delete(owner(0), &[id(3), id(900), id(4)]).await?, 2);
    assert_eq!(index.delete(owner(0), &[id(3)]).await?, 0, "gone already");
    let left = found(it, owner(0), &draws.vector(), 100).await?;
    assert_eq!((left.len(), index.count()), (58, 58));
    assert!(left.iter().all(|(found, _)| *found != id(3) && *found != id(4)));
    it.settle().await;
    assert_eq!(found(it, owner(0), &draws.vector(), 100).await?.len(), 58);
    index.upsert(vec![draws.entry(3)]).await?;
    assert_eq!(index.count(), 59, "it may come back");
    let all: Vec<MemoryId> = (0..60).map(id).collect();
    assert_eq!(index.delete(owner(0), &all).await?, 59);
    assert!(index.count() == 0);
    assert_eq!(index.delete(owner(0), &[]).await?, 0);
    Ok(())
}

/// A search never leaves its owner's scope, and an id lives under one owner at a time.
pub async fn another_owner_sees_nothing(it: &mut impl VectorFixture) -> Checked {
    let (index, mut draws) = (it.index(), Draws::new(3));
    let entries: Vec<IndexEntry> = (0..90).map(|n| draws.today(n, owner(n % 3))).collect();
    index.upsert(entries.clone()).await?;
    it.settle().await;
    for n in 0..3 {
        let all = found(it, owner(n), &draws.vector(), 1_000).await?;
        let mine: Vec<MemoryId> = (0..90).filter(|m| m % 3 == n).map(id).collect();
        assert!(all.len() == 30 && mine.iter().all(|own| all.iter().any(|(it, _)| it == own)));
    }
    assert!(found(it, owner(9), &draws.vector(), 10).await?.is_empty(), "one who has nothing");
    let moved = draws.today(1, owner(2));
    index.upsert(vec![moved.clone()]).await?;
    assert_eq!(found(it, owner(1), &moved.embedding, 100).await?.len(), 29);
    assert_eq!(found(it, owner(2), &moved.embedding, 1).await?[0].0, id(1));
    Ok(())
}

/// Each field of a filter, alone and with others, takes exactly what [`Facets::pass`] takes.
pub async fn every_filter_is_exact(it: &mut impl VectorFixture) -> Checked {
    let mut draws = Draws::new(4);
    let plain = many(it, &mut draws, 500).await?;
    for filter in filters(&mut draws) {
        let query = draws.vector();
        agree(it, &plain, owner(0), &query, &filter, 1_000).await?;
        agree(it, &plain, owner(0), &query, &filter, 7).await?;
    }
    Ok(())
}

/// However few pass, as many as pass are found; and however many, `k` are.
pub async fn k_are_found_when_k_pass(it: &mut impl VectorFixture) -> Checked {
    let mut draws = Draws::new(5);
    let plain = many(it, &mut draws, 400).await?;
    let one = plain.entries().next().map(|entry| entry.facets.clone());
    let Some(Facets { conversation_id, created_at, .. }) = one else { return Ok(()) };
    let exactly = SearchFilter {
        conversation_id,
        from: Some(created_at),
        until: Some(created_at.plus(std::time::Duration::from_micros(1))),
        as_of: Some(created_at),
        ..SearchFilter::default()
    };
    for k in [1, 2, 3, 50, 399, 400, 401] {
        agree(it, &plain, owner(0), &draws.vector(), &exactly, k).await?;
        agree(it, &plain, owner(0), &draws.vector(), &SearchFilter::default(), k).await?;
    }
    Ok(())
}

/// A `k` of 0 finds nothing, one of a million finds everything, nearest first.
pub async fn any_k_is_taken(it: &mut impl VectorFixture) -> Checked {
    let mut draws = Draws::new(6);
    let plain = many(it, &mut draws, 300).await?;
    let (query, all) = (draws.vector(), SearchFilter::default());
    assert!(found(it, owner(0), &query, 0).await?.is_empty());
    for k in [1_000_000, usize::MAX] {
        agree(it, &plain, owner(0), &query, &all, k).await?;
    }
    Ok(())
}

/// Equal vectors have equal scores, and all of them are found.
pub async fn ties_are_all_found(it: &mut impl VectorFixture) -> Checked {
    let (index, mut draws) = (it.index(), Draws::new(7));
    let embedding = draws.vector();
    let same =
        |n: u32| IndexEntry { embedding: embedding.clone(), ..Draws::new(n.into()).entry(n) };
    index.upsert((0..80).map(same).collect()).await?;
    it.settle().await;
    for k in [1, 10, 79, 80, 90] {
        let near = found(it, owner(0), &embedding, k).await?;
        assert_eq!(near.len(), k.min(80));
        assert!(near.iter().all(|(_, score)| (score - 1.0).abs() < 1e-3));
        let far = found(it, owner(0), &unit(embedding.values().iter().map(|v| -v)), k).await?;
        assert!(far.iter().all(|(_, score)| (score + 1.0).abs() < 1e-3), "down to -1");
    }
    Ok(())
}

/// Other facets are searched by as soon as the call returns, in a built index too.
pub async fn a_retag_is_visible_at_once(it: &mut impl VectorFixture) -> Checked {
    let mut draws = Draws::new(8);
    let mut plain = many(it, &mut draws, 300).await?;
    for round in 0..3 {
        let changed: Vec<(MemoryId, Facets)> =
            (0..40).map(|n| (id(n * 7 + round), draws.facets(owner(0)))).collect();
        assert_eq!(it.index().retag(changed.clone()).await?, 40);
        plain.retag(changed);
        for filter in filters(&mut draws) {
            agree(it, &plain, owner(0), &draws.vector(), &filter, 1_000).await?;
        }
        it.settle().await;
    }
    let strange = vec![(id(5), draws.facets(owner(1))), (id(999), draws.facets(owner(0)))];
    assert_eq!(it.index().retag(strange).await?, 0, "another's, and one that is not there");
    agree(it, &plain, owner(0), &draws.vector(), &SearchFilter::default(), 1_000).await?;
    assert_eq!(it.index().count(), 350);
    Ok(())
}

/// What memories go through (evicted, superseded, rated) moves them between filters at once.
pub async fn a_memory_follows_its_standing(it: &mut impl VectorFixture) -> Checked {
    let (index, mut draws) = (it.index(), Draws::new(9));
    let entry = draws.entry(1);
    let now = entry.facets.clone();
    index.upsert(vec![entry.clone()]).await?;
    it.settle().await;
    let count = async |filter| {
        Ok::<_, StoreError>(index.search(owner(0), &entry.embedding, &filter, 5).await?.len())
    };
    let warm = SearchFilter { tier: Some(MemoryTier::Warm), ..SearchFilter::default() };
    let useful = SearchFilter { min_utility: Some(Utility::MOST), ..SearchFilter::default() };
    let hot = Facets { tier: MemoryTier::Hot, utility: Utility::START, ..now.clone() };
    index.retag(vec![(id(1), hot.clone())]).await?;
    assert_eq!((count(warm.clone()).await?, count(useful.clone()).await?), (0, 0));
    let better = Facets { tier: MemoryTier::Warm, utility: Utility::MOST, ..hot };
    index.retag(vec![(id(1), better.clone())]).await?;
    assert_eq!((count(warm.clone()).await?, count(useful).await?), (1, 1));
    let other = Facets { agent: Some(AgentName::Qa), ..better.clone() };
    index.retag(vec![(id(1), other.clone())]).await?;
    let qa = SearchFilter { agent: Some(AgentName::Qa), ..SearchFilter::default() };
    assert_eq!((count(qa).await?, index.count()), (1, 1));
    let ended = Facets { valid_until: Some(now.valid_from), ..other };
    index.retag(vec![(id(1), ended)]).await?;
    assert_eq!(count(warm).await?, 0, "no longer so");
    Ok(())
}

/// One vector of another dimension refuses the whole call, and says which dimension is wanted.
pub async fn a_wrong_dimension_is_refused_whole(it: &mut impl VectorFixture) -> Checked {
    let (index, mut draws) = (it.index(), Draws::new(10));
    let mut wrong = draws.entry(2);
    wrong.embedding = unit((0..=DIM).map(|n| n as f32 + 1.0));
    let refused = index.upsert(vec![draws.entry(1), wrong.clone()]).await;
    let error = given::refusal(refused);
    assert!(error.contains(&DIM.to_string()) && error.contains(&(DIM + 1).to_string()), "{error}");
    assert!(index.count() == 0, "nothing of the call was put in");
    let asked = index.search(owner(0), &wrong.embedding, &SearchFilter::default(), 3).await;
    assert!(matches!(asked, Err(StoreError { kind: ErrorKind::Invalid, .. })));
    Ok(())
}

/// A thousand changes in any order, and every search as if nothing had been built.
pub async fn any_changes_leave_a_right_index(it: &mut impl VectorFixture) -> Checked {
    let (index, mut draws, mut plain) = (it.index(), Draws::new(11), Plain::default());
    let (mut hits, mut wanted) = (0, 0);
    for round in 0..40_u32 {
        let few: Vec<IndexEntry> = (0..25)
            .map(|_| {
                let (n, whose) = (draws.below(400) as u32, draws.below(2) as u32);
                draws.entry_of(n, owner(whose))
            })
            .collect();
        index.upsert(few.clone()).await?;
        few.into_iter().for_each(|entry| plain.put(entry));
        let gone: Vec<MemoryId> = (0..6).map(|_| id(draws.below(400) as u32)).collect();
        assert_eq!(index.delete(owner(0), &gone).await?, plain.delete(owner(0), &gone));
        if round % 8 == 5 {
            it.settle().await;
        }
        assert_eq!(index.count(), plain.len(), "round {round}");
        let (query, all) = (draws.vector(), SearchFilter::default());
        let near = agree(it, &plain, owner(0), &query, &all, 10).await?;
        let best = plain.nearest(owner(0), &query, &all);
        let best = &best[..10.min(best.len())];
        wanted += best.len();
        hits += best.iter().filter(|(best, _)| near.iter().any(|(it, _)| it == best)).count();
    }
    assert!(hits * 20 >= wanted * 19, "{hits} of {wanted} nearest were found");
    Ok(())
}

/// Puts `count` entries of the first owner, and some of the second, in.
async fn many(it: &impl VectorFixture, draws: &mut Draws, count: u32) -> Result<Plain, StoreError> {
    let mut plain = Plain::default();
    let mine = (0..count).map(|n| (n, owner(0)));
    let others = (count..count + 50).map(|n| (n, owner(1)));
    let entries: Vec<IndexEntry> =
        mine.chain(others).map(|(n, owner)| draws.entry_of(n, owner)).collect();
    for few in entries.chunks(90) {
        it.index().upsert(few.to_vec()).await?;
    }
    it.settle().await;
    entries.into_iter().filter(|it| it.facets.owner == owner(0)).for_each(|it| plain.put(it));
    Ok(plain)
}

async fn found(
    it: &impl VectorFixture,
    owner: UserId,
    query: &Embedding,
    k: usize,
) -> Result<Vec<(MemoryId, f32)>, StoreError> {
    it.index().search(owner, query, &SearchFilter::default(), k).await
}

/// Searches, and holds what is found against the plain list: `k` where `k` pass, each of them one
/// that passes, once, with its own cosine, nearest first.
async fn agree(
    it: &impl VectorFixture,
    plain: &Plain,
    owner: UserId,
    query: &Embedding,
    filter: &SearchFilter,
    k: usize,
) -> Result<Vec<(MemoryId, f32)>, StoreError> {
    let found = it.index().search(owner, query, filter, k).await?;
    let passing = plain.nearest(owner, query, filter);
    assert_eq!(found.len(), k.min(passing.len()), "k are given when k pass: {filter:?}");
    for (id, score) in &found {
        let own = passing.iter().find(|(other, _)| other == id);
        let Some((_, cosine)) = own else { return wrong("found one that does not pass") };
        assert!((cosine - score).abs() < 1e-3, "{score} is given for a cosine of {cosine}");
    }
    let mut ids: Vec<MemoryId> = found.iter().map(|(id, _)| *id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), found.len(), "one was found twice");
    assert!(found.is_sorted_by(|a, b| a.1 >= b.1), "nearest first");
    Ok(found)
}

fn wrong<T>(why: &str) -> Result<T, StoreError> {
    Err(StoreError::invalid("contract", why))
}

/// Expands to one test a rule of this file.
#[macro_export]
macro_rules! vectors_contract {
    ($fixture:expr) => {
        $crate::contract_tests!(
            vectors,
            $fixture,
            what_is_put_in_is_found_and_replaced,
            what_is_deleted_is_gone,
            another_owner_sees_nothing,
            every_filter_is_exact,
            k_are_found_when_k_pass,
            any_k_is_taken,
            ties_are_all_found,
            a_retag_is_visible_at_once,
            a_memory_follows_its_standing,
            a_wrong_dimension_is_refused_whole,
            any_changes_leave_a_right_index,
        );
    };
}
