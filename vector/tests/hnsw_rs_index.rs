//! The wrapped `hnsw_rs`: the port's rules, walked and scanned, and what the wrapping is for.

#![cfg(feature = "hnsw-rs")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::Arc;

use appliance_core::{
    SearchFilter,
    ports::{IndexEntry, VectorIndex},
};
use async_trait::async_trait;
use storage_contract::vectors::{DIM, VectorFixture};
use support::{facets, id, owner, run, vector};
use vector::{ExactIndex, HnswRsIndex};

struct Wrapped(Arc<HnswRsIndex>);

#[async_trait]
impl VectorFixture for Wrapped {
    fn index(&self) -> Arc<dyn VectorIndex> {
        Arc::clone(&self.0) as _
    }
}

mod walked {
    use super::*;

    storage_contract::vectors_contract!(Wrapped(Arc::new(HnswRsIndex::scanning(
        DIM,
        10,
        appliance_tasks::Tasks::new()
    ))));
}

mod as_in_use {
    use super::*;

    storage_contract::vectors_contract!(Wrapped(Arc::new(HnswRsIndex::new(
        DIM,
        appliance_tasks::Tasks::new()
    ))));
}

/// Half of all rows die and come back several times over, while the graph is built anew behind it.
#[test]
fn recall_stays_high_while_rows_are_replaced_and_the_graph_is_built_anew() {
    let (index, exact) =
        (HnswRsIndex::scanning(DIM, 100, appliance_tasks::Tasks::new()), ExactIndex::new(DIM));
    let entry = |n| IndexEntry {
        id: id(n % 1_500),
        facets: facets(owner(1), None),
        embedding: vector(n, DIM),
    };
    let (mut hits, mut wanted) = (0, 0);
    for first in (0..6_000).step_by(250) {
        let entries: Vec<IndexEntry> = (first..first + 250).map(entry).collect();
        run(index.upsert(entries.clone())).unwrap();
        run(exact.upsert(entries)).unwrap();
        let gone: Vec<_> = (first..first + 250).step_by(9).map(|n| id(n % 1_500)).collect();
        run(index.delete(owner(1), &gone)).unwrap();
        run(exact.delete(owner(1), &gone)).unwrap();
        assert_eq!(index.count(), exact.count());
        for n in 0..20 {
            let (query, all) = (vector(90_000 + first + n, DIM), SearchFilter::default());
            let found = run(index.search(owner(1), &query, &all, 10)).unwrap();
            let best = run(exact.search(owner(1), &query, &all, 10)).unwrap();
            assert_eq!(found.len(), best.len());
            wanted += best.len();
            hits += best.iter().filter(|(id, _)| found.iter().any(|(it, _)| it == id)).count();
        }
    }
    println!("{hits} of {wanted} nearest found");
    assert!(hits * 100 >= wanted * 95, "{hits} of {wanted}");
}
