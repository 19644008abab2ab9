//! How long the exact index takes; that it is right, the contract says (`index_contract.rs`).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use appliance_core::{
    SearchFilter,
    ports::{IndexEntry, VectorIndex},
};
use support::{facets, id, owner, vector};
use vector::ExactIndex;

#[tokio::test]
async fn each_of_ten_thousand_rows_is_nearest_to_itself() {
    let index = ExactIndex::new(256);
    let rows = (0..10_000_u32).map(|n| IndexEntry {
        id: id(n),
        facets: facets(owner(9), None),
        embedding: vector(n, 256),
    });
    index.upsert(rows.collect()).await.unwrap();
    for n in 0..20 {
        let query = vector(n * 37, 256);
        let found = index.search(owner(9), &query, &SearchFilter::default(), 10).await.unwrap();
        assert_eq!(found[0].0, id(n * 37), "a row is nearest to itself");
    }
}
