//! The exact index against a naive reference, and how long it takes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use appliance_core::{
    AgentName, Embedding, ErrorKind, MemoryId, MemoryTier, MessageId, SearchFilter, UserId,
    ports::{IndexEntry, VectorIndex},
};
use proptest::prelude::*;
use vector::ExactIndex;

const DIM: usize = 20;

fn entry(
    id: u8,
    owner: u8,
    tier: MemoryTier,
    agent: Option<AgentName>,
    v: [i8; DIM],
) -> IndexEntry {
    let values = v.map(f32::from);
    let embedding = Embedding::normalised(values.to_vec())
        .unwrap_or_else(|| Embedding::normalised(vec![1.0; DIM]).unwrap());
    IndexEntry {
        id: MemoryId::from_bytes([id; 16]),
        owner: UserId::from_bytes([owner; 16]),
        tier,
        agent,
        message_id: (!id.is_multiple_of(3)).then(|| MessageId::from_bytes([id % 7; 16])),
        embedding,
    }
}

fn entries() -> impl Strategy<Value = Vec<IndexEntry>> {
    let tier = prop_oneof![Just(MemoryTier::Hot), Just(MemoryTier::Warm), Just(MemoryTier::Cold)];
    let agent = prop_oneof![Just(None), Just(Some(AgentName::Code)), Just(Some(AgentName::Qa))];
    // Few ids and few values: replacements, moves between owners and ties do happen.
    let values = prop::array::uniform20(-2_i8..=2);
    let one = (0_u8..40, 0_u8..3, tier, agent, values);
    let entry = one.prop_map(|(id, owner, tier, agent, v)| entry(id, owner, tier, agent, v));
    prop::collection::vec(entry, 0..120)
}

fn filters() -> impl Strategy<Value = SearchFilter> {
    let tier = prop_oneof![Just(None), Just(Some(MemoryTier::Warm))];
    let agent = prop_oneof![Just(None), Just(Some(AgentName::Code))];
    let message = prop::option::of((0_u8..7).prop_map(|n| MessageId::from_bytes([n; 16])));
    (tier, agent, message).prop_map(|(tier, agent, except_message)| SearchFilter {
        tier,
        agent,
        except_message,
    })
}

/// The last entry of each id, compared one by one.
fn reference(
    all: &[IndexEntry],
    owner: UserId,
    query: &Embedding,
    filter: &SearchFilter,
) -> Vec<(MemoryId, f32)> {
    let mut last: Vec<&IndexEntry> = Vec::new();
    for entry in all {
        last.retain(|kept| kept.id != entry.id);
        last.push(entry);
    }
    let mut found: Vec<(MemoryId, f32)> = last
        .into_iter()
        .filter(|entry| entry.owner == owner)
        .filter(|entry| filter.tier.is_none_or(|tier| entry.tier == tier))
        .filter(|entry| filter.agent.is_none_or(|agent| entry.agent == Some(agent)))
        .filter(|entry| {
            filter.except_message.is_none() || entry.message_id != filter.except_message
        })
        .map(|entry| {
            let pairs = entry.embedding.values().iter().zip(query.values());
            (entry.id, pairs.map(|(a, b)| a * b).sum())
        })
        .collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1));
    found
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_search_gives_what_a_naive_scan_gives(
        all in entries(),
        cut in 0_usize..120,
        owner in 0_u8..3,
        query in prop::array::uniform20(-2_i8..=2),
        filter in filters(),
        k in 0_usize..60,
    ) {
        let index = ExactIndex::new(DIM);
        let query = entry(0, owner, MemoryTier::Hot, None, query).embedding;
        let owner = UserId::from_bytes([owner; 16]);
        let (first, second) = all.split_at(cut.min(all.len()));
        let found = run(async {
            index.upsert(first.to_vec()).await.unwrap();
            index.upsert(second.to_vec()).await.unwrap();
            index.search(owner, &query, &filter, k).await.unwrap()
        });
        let wanted = reference(&all, owner, &query, &filter);
        prop_assert_eq!(found.len(), k.min(wanted.len()), "k are given when k match");
        for (n, ((id, score), (_, best))) in found.iter().zip(&wanted).enumerate() {
            prop_assert!((score - best).abs() < 1e-5, "place {}: {} instead of {}", n, score, best);
            let own = wanted.iter().find(|(other, _)| other == id);
            prop_assert!(own.is_some_and(|(_, s)| (s - score).abs() < 1e-5), "not this one's score");
        }
        let sorted = found.is_sorted_by(|a, b| a.1 > b.1 || (a.1 == b.1 && a.0 < b.0));
        prop_assert!(sorted, "nearest first, equal ones by id: {:?}", found);
        let mut ids: Vec<MemoryId> = all.iter().map(|entry| entry.id).collect();
        ids.sort();
        ids.dedup();
        prop_assert_eq!(index.len(), ids.len());
    }
}

#[tokio::test]
async fn a_vector_of_another_dimension_is_refused_and_nothing_is_stored() {
    let index = ExactIndex::new(DIM);
    let good = entry(1, 0, MemoryTier::Warm, None, [1; DIM]);
    let mut bad = entry(2, 0, MemoryTier::Warm, None, [1; DIM]);
    bad.embedding = Embedding::normalised(vec![1.0; DIM + 1]).unwrap();
    let refused = index.upsert(vec![good, bad.clone()]).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Invalid);
    assert_eq!(
        refused.to_string(),
        "vectors.upsert: vector has 21 dimensions, this index takes 20"
    );
    assert!(index.is_empty());
    let owner = UserId::from_bytes([0; 16]);
    let refused = index.search(owner, &bad.embedding, &SearchFilter::default(), 3).await;
    assert_eq!(refused.unwrap_err().kind, ErrorKind::Invalid);
}

#[tokio::test]
async fn ten_thousand_rows_are_scanned_in_a_few_milliseconds() {
    let index = ExactIndex::new(256);
    let owner = UserId::from_bytes([9; 16]);
    let vector = |seed: u32| {
        let mut state = u64::from(seed) << 32 | 0x9e37_79b9;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 40) as f32 / 8_388_608.0 - 1.0
        };
        let values = (0..256).map(|_| next()).collect();
        Embedding::normalised(values).unwrap()
    };
    let rows = (0..10_000_u32).map(|n| {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        let id = MemoryId::from_bytes(bytes);
        let (tier, embedding) = (MemoryTier::Warm, vector(n));
        IndexEntry { id, owner, tier, agent: None, message_id: None, embedding }
    });
    index.upsert(rows.collect()).await.unwrap();
    let start = tokio::time::Instant::now();
    for n in 0..20 {
        let query = vector(n * 37);
        let found = index.search(owner, &query, &SearchFilter::default(), 10).await.unwrap();
        assert_eq!(found[0].0.bytes()[..4], (n * 37).to_be_bytes(), "a row is nearest to itself");
    }
    let each = start.elapsed() / 20;
    println!("10,000 rows of 256 dimensions: {each:?} a search");
    assert!(each < Duration::from_millis(50), "{each:?}: the scan is not optimised any more");
}
