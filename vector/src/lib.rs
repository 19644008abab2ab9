//! Vectors: text in, numbers out ([`StaticEmbedder`]), and the nearest ones found ([`ExactIndex`]).
//!
//! Step 6 of a message's walk rests on this. Both are derived: the truth is the memory's text in the
//! records, so nothing here is stored and a restart rebuilds it. Does not decide what is relevant
//! and knows no text beside its vector; that is `pai::memory`.
//!
//! To add an embedder or an index: one file with one type that implements the port
//! ([`Embedder`](appliance_core::ports::Embedder) or
//! [`VectorIndex`](appliance_core::ports::VectorIndex)), held to `tests/exact_index.rs`' rules.

mod dot;
mod exact;
pub mod index;
mod rows;
mod static_embedder;
mod text;

pub use exact::ExactIndex;
pub use index::{DumpError, Options, SegmentIndex};
pub use static_embedder::{LoadError, StaticEmbedder};
pub use text::{OpenError as TextOpenError, Opened as OpenedTexts, TextIndex};
