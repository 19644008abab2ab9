//! Vectors: text in, numbers out ([`StaticEmbedder`]), and the nearest ones found ([`ExactIndex`]).
//!
//! Step 6 of a message's walk rests on this. All is derived: the truth is the memory's text in the
//! records, and what is kept on disk only spares a restart the work. Does not decide what is relevant
//! and knows no text beside its vector; that is `pai::memory`.
//!
//! To add an embedder or an index: one file with one type that implements the port
//! ([`Embedder`](appliance_core::ports::Embedder) or
//! [`VectorIndex`](appliance_core::ports::VectorIndex)), held to `storage_contract::vectors`.

mod cache;
mod exact;
#[cfg(feature = "hnsw-rs")]
mod hnsw_rs;
mod home;
pub mod index;
mod nearest;
#[cfg(feature = "openai")]
mod openai;
mod pieces;
mod static_embedder;
mod text;

pub use cache::CachedEmbedder;
pub use exact::ExactIndex;
#[cfg(feature = "hnsw-rs")]
pub use hnsw_rs::HnswRsIndex;
pub use home::Home;
pub use index::{Ahead as VectorsAhead, DumpError, Opened as OpenedVectors, Options, SegmentIndex};
#[cfg(feature = "openai")]
pub use openai::{OpenAiEmbedder, OpenAiOptions, Patience as OpenAiPatience};
pub use static_embedder::{LoadError, StaticEmbedder};
pub use text::{Ahead as TextsAhead, OpenError as TextOpenError, Opened as OpenedTexts, TextIndex};
