//! The segment index against the exact one: any sequence of changes, any filter, any number wanted.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use appliance_core::{
    AgentName, Embedding, ErrorKind, MemoryId, MemoryTier, MessageId, SearchFilter,
    ports::{IndexEntry, VectorIndex},
};
use proptest::prelude::*;
use support::{id, owner, run};
use vector::{ExactIndex, Options, SegmentIndex};

const DIM: usize = 20;

/// Small enough that a few dozen entries are sealed, merged, linked and walked.
fn small() -> Options {
    Options {
        fresh_rows: 7,
        graph_from: 16,
        ef: 64,
        scan_up_to: 0,
        walk_cost: 0,
        ..Options::default()
    }
}

#[derive(Debug, Clone)]
enum Step {
    Upsert(Vec<IndexEntry>),
    Delete(u8, Vec<u8>),
    Consolidate,
    Search { owner: u8, query: Embedding, filter: SearchFilter, k: usize },
}

fn unit(values: [i8; DIM]) -> Embedding {
    Embedding::normalised(values.map(f32::from).to_vec())
        .unwrap_or_else(|| Embedding::normalised(vec![1.0; DIM]).unwrap())
}

fn vectors() -> impl Strategy<Value = Embedding> {
    prop::array::uniform20(-3_i8..=3).prop_map(unit)
}

fn entries() -> impl Strategy<Value = IndexEntry> {
    let tier = prop_oneof![Just(MemoryTier::Hot), Just(MemoryTier::Warm), Just(MemoryTier::Cold)];
    let agent = prop_oneof![Just(None), Just(Some(AgentName::Code)), Just(Some(AgentName::Qa))];
    let one = (0_u8..60, 0_u8..3, tier, agent, prop::option::of(0_u8..5), vectors());
    one.prop_map(|(n, whose, tier, agent, message, embedding)| IndexEntry {
        id: id(n.into()),
        owner: owner(whose),
        tier,
        agent,
        message_id: message.map(|n| MessageId::from_bytes([n; 16])),
        embedding,
    })
}

fn filters() -> impl Strategy<Value = SearchFilter> {
    let tier = prop_oneof![Just(None), Just(Some(MemoryTier::Warm))];
    let agent = prop_oneof![Just(None), Just(Some(AgentName::Code))];
    let message = prop::option::of((0_u8..5).prop_map(|n| MessageId::from_bytes([n; 16])));
    (tier, agent, message).prop_map(|(tier, agent, except_message)| SearchFilter {
        tier,
        agent,
        except_message,
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let k = prop_oneof![0_usize..20, Just(1_000_000), Just(usize::MAX)];
    let search = (0_u8..4, vectors(), filters(), k);
    let step = prop_oneof![
        4 => prop::collection::vec(entries(), 0..20).prop_map(Step::Upsert),
        2 => (0_u8..3, prop::collection::vec(0_u8..60, 0..20)).prop_map(|(o, ids)| Step::Delete(o, ids)),
        1 => Just(Step::Consolidate),
        5 => search.prop_map(|(owner, query, filter, k)| Step::Search { owner, query, filter, k }),
    ];
    prop::collection::vec(step, 1..30)
}

/// Runs `steps` on both; they must agree, and every search must say the same.
fn agree(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let (index, exact) = (SegmentIndex::new(DIM, small()), ExactIndex::new(DIM));
    for step in steps {
        match step {
            Step::Upsert(entries) => {
                run(index.upsert(entries.clone())).unwrap();
                run(exact.upsert(entries)).unwrap();
            }
            Step::Delete(whose, ids) => {
                let ids: Vec<MemoryId> = ids.into_iter().map(|n| id(n.into())).collect();
                let gone = run(index.delete(owner(whose), &ids)).unwrap();
                prop_assert_eq!(gone, run(exact.delete(owner(whose), &ids)).unwrap());
            }
            Step::Consolidate => index.consolidate(),
            Step::Search { owner: whose, query, filter, k } => {
                let found = run(index.search(owner(whose), &query, &filter, k)).unwrap();
                let all = run(exact.search(owner(whose), &query, &filter, usize::MAX)).unwrap();
                same(&found, &all, k)?;
            }
        }
        prop_assert_eq!(index.len(), exact.len());
    }
    Ok(())
}

fn same(found: &[(MemoryId, f32)], all: &[(MemoryId, f32)], k: usize) -> Result<(), TestCaseError> {
    prop_assert_eq!(found.len(), k.min(all.len()), "k are given when k match");
    for ((id, score), (_, best)) in found.iter().zip(all) {
        let own = all.iter().find(|(other, _)| other == id);
        prop_assert!(own.is_some_and(|(_, s)| s == score), "not this one's score: {:?}", id);
        prop_assert!(best - score < 0.02, "{} instead of {}", score, best);
    }
    prop_assert!(found.is_sorted_by(|a, b| a.1 > b.1 || (a.1 == b.1 && a.0 < b.0)));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_changes_and_searches_give_what_the_exact_index_gives(steps in steps()) {
        agree(steps)?;
    }
}

#[tokio::test]
async fn a_vector_of_another_dimension_is_refused_and_nothing_is_stored() {
    let index = SegmentIndex::new(DIM, Options::default());
    let entry = |n, dim| IndexEntry {
        id: id(n),
        owner: owner(0),
        tier: MemoryTier::Warm,
        agent: None,
        message_id: None,
        embedding: Embedding::normalised(vec![1.0; dim]).unwrap(),
    };
    let refused = index.upsert(vec![entry(1, DIM), entry(2, DIM + 1)]).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Invalid);
    assert_eq!(
        refused.to_string(),
        "vectors.upsert: vector has 21 dimensions, this index takes 20"
    );
    assert!(index.is_empty());
    let query = entry(3, DIM - 1).embedding;
    let refused = index.search(owner(0), &query, &SearchFilter::default(), 3).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Invalid);
}

#[tokio::test]
async fn another_owner_can_neither_find_nor_delete_nor_keep_what_moved_away() {
    let index = SegmentIndex::new(DIM, small());
    let embedding = unit([1; DIM]);
    let (tier, agent, message_id) = (MemoryTier::Warm, None, None);
    let mine = IndexEntry {
        id: id(1),
        owner: owner(1),
        tier,
        agent,
        message_id,
        embedding: embedding.clone(),
    };
    index.upsert(vec![mine.clone()]).await.unwrap();
    let all = SearchFilter::default();
    assert_eq!(index.search(owner(2), &embedding, &all, 5).await.unwrap(), []);
    assert_eq!(index.delete(owner(2), &[id(1)]).await.unwrap(), 0);
    assert_eq!(index.search(owner(1), &embedding, &all, 5).await.unwrap().len(), 1);
    index.upsert(vec![IndexEntry { owner: owner(2), ..mine }]).await.unwrap();
    assert_eq!(index.search(owner(1), &embedding, &all, 5).await.unwrap(), []);
    assert_eq!(index.search(owner(2), &embedding, &all, 5).await.unwrap().len(), 1);
}
