//! What is read while the records are looked at, so that a start takes as long as the longer of both: the
//! built-in embedder, and the indexes as they were saved. Believes none of them: see [`super::vectors`].

use std::sync::Arc;

use anyhow::Context as _;
use appliance_config::{Memory as Chosen, MemoryVectors, Settings};
use appliance_core::{
    HistoryId,
    ports::{Embedder, Serving, VectorHome as _},
};
use appliance_tasks::{TaskKind, Tasks};
use vector::{Home, Options, SegmentIndex, StaticEmbedder, TextIndex, TextsAhead, VectorsAhead};

use super::vectors::{INDEXES, TEXTS};

/// Reading what was saved.
const READ: TaskKind = TaskKind::new("vector.read");

/// What was read.
pub struct Ahead {
    /// The built-in embedder.
    pub words: Arc<dyn Embedder>,
    /// The words of the memories.
    pub texts: Option<TextsAhead>,
    /// The vectors that served.
    pub vectors: Option<VectorsAhead>,
}

/// Reads what lies beside the records of what is taken to be `history`.
///
/// # Errors
/// When the embedder's table is damaged.
pub async fn read(
    settings: &Settings,
    history: Option<HistoryId>,
    tasks: &Tasks,
) -> anyhow::Result<Ahead> {
    let home = Home::at(settings.data.dir.join(INDEXES));
    let texts = async {
        let (place, history) = (home.place(TEXTS), history?);
        tasks.blocking(READ, move || TextIndex::ahead(&place, history)).await.ok()?
    };
    let vectors = async { vectors(&settings.memory, &home, history?, tasks).await };
    let words = tasks.blocking(READ, StaticEmbedder::load);
    let (words, texts, vectors) = tokio::join!(words, texts, vectors);
    let words = words?.context("while reading the built-in embedder")?;
    Ok(Ahead { words: Arc::new(words), texts, vectors })
}

async fn vectors(
    chosen: &Chosen,
    home: &Home,
    history: HistoryId,
    tasks: &Tasks,
) -> Option<VectorsAhead> {
    let MemoryVectors::Builtin = chosen.vectors else { return None };
    let Serving { model, dim, folder, .. } = home.serving()?;
    let place = home.place(&folder?);
    let options = Options { model, ..Options::default() };
    let read = tasks.blocking(READ, move || SegmentIndex::ahead(&place, dim, &options, history));
    read.await.ok()?
}
