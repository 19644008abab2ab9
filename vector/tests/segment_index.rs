//! The segment index against the exact one: any sequence of changes, saves and restarts, any filter,
//! any number wanted.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::path::Path;

use appliance_core::{
    AgentName, ConversationId, Embedding, Facets, MemoryId, MemoryTier, MessageId, SearchFilter,
    Timestamp, Utility,
    ports::{IndexEntry, VectorIndex},
};
use proptest::prelude::*;
use support::{facets, id, owner, run};
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
    Retag(Vec<(MemoryId, Facets)>),
    Consolidate,
    Save,
    Restart,
    Search { owner: u8, query: Embedding, filter: SearchFilter, k: usize },
}

fn unit(values: [i8; DIM]) -> Embedding {
    Embedding::normalised(values.map(f32::from).to_vec())
        .unwrap_or_else(|| Embedding::normalised(vec![1.0; DIM]).unwrap())
}

fn vectors() -> impl Strategy<Value = Embedding> {
    prop::array::uniform20(-3_i8..=3).prop_map(unit)
}

fn agents() -> impl Strategy<Value = Option<AgentName>> {
    prop_oneof![Just(None), Just(Some(AgentName::Code)), Just(Some(AgentName::Qa))]
}

fn moment(n: u8) -> Timestamp {
    Timestamp::from_unix_micros(i64::from(n))
}

fn some_facets() -> impl Strategy<Value = Facets> {
    let tier = prop_oneof![Just(MemoryTier::Hot), Just(MemoryTier::Warm)];
    let whence = (prop::option::of(0_u8..4), prop::option::of(0_u8..5));
    let when = (0_u8..20, prop::option::of(0_u8..20), 0_u16..10_000);
    (0_u8..3, tier, agents(), whence, when).prop_map(
        |(whose, tier, agent, (thread, message), (said, ended, utility))| Facets {
            tier,
            conversation_id: thread.map(|n| ConversationId::from_bytes([n; 16])),
            message_id: message.map(|n| MessageId::from_bytes([n; 16])),
            created_at: moment(said),
            utility: Utility::from_ten_thousandths(utility),
            valid_from: moment(said),
            valid_until: ended.map(moment),
            ..facets(owner(whose), agent)
        },
    )
}

fn entries() -> impl Strategy<Value = IndexEntry> {
    let one = (0_u8..60, some_facets(), vectors());
    one.prop_map(|(n, facets, embedding)| IndexEntry { id: id(n.into()), facets, embedding })
}

fn filters() -> impl Strategy<Value = SearchFilter> {
    let tier = prop_oneof![3 => Just(None), 1 => Just(Some(MemoryTier::Warm))];
    let agent = prop_oneof![3 => Just(None), 1 => Just(Some(AgentName::Code))];
    let whence = (prop::option::weighted(0.2, 0_u8..4), prop::option::of(0_u8..5));
    let when = prop::option::weighted(0.3, (0_u8..20, 0_u8..20));
    let held = (prop::option::weighted(0.3, 0_u8..20), prop::option::weighted(0.3, 0_u16..10_000));
    (tier, agent, whence, when, held).prop_map(
        |(tier, agent, (thread, message), when, (as_of, least))| SearchFilter {
            tier,
            agent,
            conversation_id: thread.map(|n| ConversationId::from_bytes([n; 16])),
            except_message: message.map(|n| MessageId::from_bytes([n; 16])),
            from: when.map(|(from, _)| moment(from)),
            until: when.map(|(_, until)| moment(until)),
            min_utility: least.map(Utility::from_ten_thousandths),
            as_of: as_of.map(moment),
            ..SearchFilter::default()
        },
    )
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let k = prop_oneof![0_usize..20, Just(1_000_000), Just(usize::MAX)];
    let search = (0_u8..4, vectors(), filters(), k);
    let retag = (0_u8..60, some_facets()).prop_map(|(n, facets)| (id(n.into()), facets));
    let step = prop_oneof![
        8 => prop::collection::vec(entries(), 0..20).prop_map(Step::Upsert),
        4 => (0_u8..3, prop::collection::vec(0_u8..60, 0..20)).prop_map(|(o, ids)| Step::Delete(o, ids)),
        4 => prop::collection::vec(retag, 0..10).prop_map(Step::Retag),
        2 => Just(Step::Consolidate),
        1 => Just(Step::Save),
        1 => Just(Step::Restart),
        10 => search.prop_map(|(owner, query, filter, k)| Step::Search { owner, query, filter, k }),
    ];
    prop::collection::vec(step, 1..30)
}

fn open(dir: &Path) -> SegmentIndex {
    SegmentIndex::open(dir, DIM, small(), appliance_tasks::Tasks::new()).unwrap().index
}

/// Runs `steps` on both; they must agree, and every search must say the same.
fn agree(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let dir = tempfile::tempdir().unwrap();
    let (mut index, exact) = (open(dir.path()), ExactIndex::new(DIM));
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
            Step::Retag(changed) => {
                let there = run(index.retag(changed.clone())).unwrap();
                prop_assert_eq!(there, run(exact.retag(changed)).unwrap());
            }
            Step::Consolidate => index.consolidate(),
            Step::Save => run(index.save(1)).unwrap(),
            Step::Restart => {
                run(index.save(1)).unwrap();
                drop(index);
                index = open(dir.path());
                prop_assert_eq!(index.position(), 1);
            }
            Step::Search { owner: whose, query, filter, k } => {
                let found = run(index.search(owner(whose), &query, &filter, k)).unwrap();
                let all = run(exact.search(owner(whose), &query, &filter, usize::MAX)).unwrap();
                same(&found, &all, k)?;
            }
        }
        prop_assert_eq!(index.count(), exact.count());
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
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_changes_searches_and_restarts_give_what_the_exact_index_gives(steps in steps()) {
        agree(steps)?;
    }
}

/// Codes of eight bits cannot tell these apart; the exact vectors can, and must be asked.
#[test]
fn the_exact_vectors_decide_between_rows_that_have_the_same_code() {
    let index = SegmentIndex::new(DIM, small(), appliance_tasks::Tasks::new());
    // A step of the code is 1/127 of the largest value: all of them have the code of 64/127.
    let row = |n: u32| {
        let mut values = vec![1.0; DIM];
        values[1] = 0.500_5 + n as f32 * 0.000_8;
        Embedding::normalised(values).unwrap()
    };
    let axis = Embedding::normalised((0..DIM).map(|at| f32::from(at == 1)).collect()).unwrap();
    let entries: Vec<IndexEntry> = (0..9)
        .map(|n| IndexEntry { id: id(n), facets: facets(owner(0), None), embedding: row(n) })
        .collect();
    run(index.upsert(entries)).unwrap();
    for settled in [false, true] {
        for k in [1, 9] {
            let found = run(index.search(owner(0), &axis, &SearchFilter::default(), k)).unwrap();
            let wanted: Vec<MemoryId> = (0..9).rev().take(k).map(id).collect();
            assert!(found.iter().map(|(id, _)| *id).eq(wanted), "settled: {settled}, {found:?}");
        }
        index.consolidate();
    }
}

/// A merge copies rows while others are retagged; what was said last counts.
#[test]
fn a_retag_during_a_merge_is_not_lost() {
    let index = SegmentIndex::new(
        DIM,
        Options { fresh_rows: 20, graph_from: 40, ..small() },
        appliance_tasks::Tasks::new(),
    );
    let vector = |n: u32| unit(std::array::from_fn(|at| ((n * 31 + at as u32 * 17) % 7) as i8 - 3));
    let tagged = |n: u32, utility| Facets {
        utility: Utility::from_ten_thousandths(utility),
        ..facets(owner(0), (n.is_multiple_of(2)).then_some(AgentName::Code))
    };
    let entries: Vec<IndexEntry> = (0..400)
        .map(|n| IndexEntry { id: id(n), facets: tagged(n, 0), embedding: vector(n) })
        .collect();
    for (round, few) in (1_u16..).zip(entries.chunks(10)) {
        run(index.upsert(few.to_vec())).unwrap(); // merges go on in the background
        let known = (0..u32::from(round) * 10).map(|n| (id(n), tagged(n, round)));
        assert_eq!(run(index.retag(known.collect())).unwrap(), usize::from(round) * 10);
        let min_utility = Some(Utility::from_ten_thousandths(round));
        let filter = SearchFilter { min_utility, ..SearchFilter::default() };
        let found = run(index.search(owner(0), &vector(1), &filter, 1_000)).unwrap();
        assert_eq!(found.len(), usize::from(round) * 10, "round {round}");
    }
}
