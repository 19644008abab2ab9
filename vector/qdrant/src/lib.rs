//! Memories' vectors in a Qdrant server, over gRPC: [`QdrantIndex`].
//!
//! The plan's four collections, `memories`, `learnings`, `conversations` and `knowledge`, with its
//! payload indexes; the port's one index is all four together. Names carry the embedder's model and
//! dimension, so that vectors of two models are never compared. Derived: the records are the truth,
//! and a collection that is lost is filled anew from them.
//!
//! Each collection holds one point that is no memory: its *card* (`card.rs`), with the model, the
//! dimension and the position up to which the records are in. Because it lies among the points it
//! speaks of, a collection that was put back from an older snapshot says so itself.
//!
//! Invariants: every question carries the owner, so that nothing of another's and no card is ever
//! found; a write is applied when its call returns.

mod card;
mod fault;
mod filter;
mod moves;
mod options;
mod payload;
mod place;
mod port;
mod setup;

pub use options::QdrantOptions;
pub use port::QdrantIndex;
