//! An index over the crate `hnsw_rs`, wrapped so that its gaps never reach a caller. Not the default:
//! the reference that the contract and the bench hold [`SegmentIndex`](crate::SegmentIndex) against.
//!
//! The crate cannot delete: dead rows are skipped, and once a fifth is dead, a thread builds the graph
//! anew. It filters what it has found: it is asked for more until `k` pass, and small sets and
//! selective filters are scanned exactly. Its dumps are never loaded: a restart reads the records
//! again ([`position`](VectorIndex::position) is 0). Where it panics, the rows are scanned.
//!
//! Invariant: the graph has every row of the table, under the row's number.

mod graph;
mod port;
mod table;

pub use port::HnswRsIndex;
