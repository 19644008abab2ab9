//! What is searched: vectors of sentences, a label for each, and the true answers.
//!
//! 256 dimensions are the built-in embedder's own; other embedders' vectors are read from a file
//! (`benches/peers/minilm.py` makes one). More dimensions than that are a lift: the same vectors turned
//! by a random orthonormal matrix into the larger space, with noise of a tenth of their length, and
//! named so wherever they are shown. Made from the same seed everywhere.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use appliance_core::{
    AgentName, Collection, Embedding, Facets, Labels, MemoryId, MemoryTier, SearchFilter,
    Timestamp, UserId, Utility,
    ports::{Embedder, IndexEntry, VectorIndex},
};
use tokio::runtime::Builder;
use vector::{ExactIndex, StaticEmbedder};

/// Answers wanted to a question.
pub const K: usize = 10;

/// The filters, by name and the label they ask for.
pub const FILTERS: [(&str, Option<AgentName>); 6] = [
    ("none", None),
    ("0.1%", Some(AgentName::Research)),
    ("1%", Some(AgentName::Qa)),
    ("1.5% alike", Some(AgentName::Infra)),
    ("10%", Some(AgentName::Data)),
    ("50%", Some(AgentName::Code)),
];

/// Where vectors come from.
#[derive(Debug, Clone)]
pub struct Source {
    /// Sentences, one a line.
    pub texts: Option<PathBuf>,
    /// Vectors instead of sentences: little-endian floats, and how many each has.
    pub vectors: Option<(PathBuf, usize)>,
    /// Vectors to index.
    pub count: usize,
    /// Questions; they are not among the indexed.
    pub queries: usize,
    /// Dimensions.
    pub dim: usize,
}

/// Vectors, labels, questions and true answers.
#[derive(Debug)]
pub struct Data {
    /// Dimensions.
    pub dim: usize,
    base: Vec<f32>,
    queries: Vec<f32>,
    /// An agent's number in [`AgentName::ALL`], or 6 for none; one a vector.
    pub labels: Vec<u8>,
    /// For each filter and question, the true nearest; `u32::MAX` where there are fewer.
    truth: Vec<u32>,
}

impl Data {
    /// Makes them.
    ///
    /// # Errors
    /// When the texts cannot be read or are too few.
    pub fn make(source: &Source) -> anyhow::Result<Self> {
        let vectors = vectors(source)?;
        let (base, queries) = vectors.split_at(source.count * source.dim);
        let mut data = Self {
            dim: source.dim,
            base: base.to_vec(),
            queries: queries.to_vec(),
            labels: (0..source.count).map(label).collect(),
            truth: Vec::new(),
        };
        let exact = ExactIndex::new(data.dim);
        fill(&exact, &data)?;
        for near in search(&exact, &data.vector(0), None, source.count * 3 / 200)? {
            data.labels[near as usize] = AgentName::Infra as u8;
        }
        fill(&exact, &data)?;
        for (_, agent) in FILTERS {
            for query in 0..source.queries {
                let mut near = search(&exact, &data.query(query), agent, K)?;
                near.resize(K, u32::MAX);
                data.truth.extend(near);
            }
        }
        Ok(data)
    }

    /// Returns how many vectors are to be indexed.
    #[must_use]
    pub fn count(&self) -> usize {
        self.labels.len()
    }

    /// Returns how many questions there are.
    #[must_use]
    pub fn query_count(&self) -> usize {
        self.queries.len() / self.dim
    }

    /// Returns question `n`.
    #[must_use]
    pub fn query(&self, n: usize) -> Embedding {
        unit(&self.queries[n * self.dim..][..self.dim])
    }

    fn vector(&self, n: usize) -> Embedding {
        unit(&self.base[n * self.dim..][..self.dim])
    }

    /// Returns the true answers to question `n` under a filter.
    #[must_use]
    pub fn truth(&self, filter: usize, n: usize) -> &[u32] {
        &self.truth[(filter * self.query_count() + n) * K..][..K]
    }

    /// Returns vector `n` as an entry of the index.
    #[must_use]
    pub fn entry(&self, n: usize) -> IndexEntry {
        let agent = AgentName::ALL.get(usize::from(self.labels[n])).copied();
        IndexEntry { id: id(n as u32), facets: facets(n, agent), embedding: self.vector(n) }
    }

    /// Writes all of it for the peers: little-endian columns.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, dir: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(dir)?;
        let floats =
            |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>();
        fs::write(dir.join("base.f32"), floats(&self.base))?;
        fs::write(dir.join("queries.f32"), floats(&self.queries))?;
        fs::write(dir.join("labels.u8"), &self.labels)?;
        let truth: Vec<u8> = self.truth.iter().flat_map(|n| n.to_le_bytes()).collect();
        fs::write(dir.join("truth.u32"), truth)?;
        Ok(())
    }

    /// Reads what [`Self::write`] wrote.
    ///
    /// # Errors
    /// When a file is missing.
    pub fn read(dir: &Path) -> anyhow::Result<Self> {
        let bytes = |name: &str| {
            fs::read(dir.join(name))
                .with_context(|| format!("while reading {name} of {}", dir.display()))
        };
        let words = |bytes: Vec<u8>| bytes.as_chunks::<4>().0.to_vec();
        let floats = |bytes| words(bytes).into_iter().map(f32::from_le_bytes).collect::<Vec<_>>();
        let (base, labels) = (floats(bytes("base.f32")?), bytes("labels.u8")?);
        ensure!(!labels.is_empty(), "there are no vectors in {}", dir.display());
        let dim = base.len() / labels.len();
        let queries = floats(bytes("queries.f32")?);
        let truth = words(bytes("truth.u32")?).into_iter().map(u32::from_le_bytes).collect();
        Ok(Self { dim, base, queries, labels, truth })
    }
}

/// The one owner of all vectors.
#[must_use]
pub fn owner() -> UserId {
    UserId::from_bytes([1; 16])
}

/// The id of vector `n`.
#[must_use]
pub fn id(n: u32) -> MemoryId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    MemoryId::from_bytes(bytes)
}

/// The number of the vector with this id.
#[must_use]
pub fn number(id: MemoryId) -> u32 {
    let [a, b, c, d, ..] = id.bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// What vector `n` is filtered by.
fn facets(n: usize, agent: Option<AgentName>) -> Facets {
    let at = Timestamp::from_unix_micros(1_793_000_000_000_000 + n as i64);
    Facets {
        owner: owner(),
        collection: Collection::Conversations,
        tier: MemoryTier::Warm,
        agent,
        conversation_id: None,
        message_id: None,
        created_at: at,
        utility: Utility::START,
        valid_from: at,
        valid_until: None,
        labels: Labels::default(),
    }
}

/// Waits for a future that does not wait.
///
/// # Errors
/// When no event loop can be made.
pub fn wait<T>(future: impl Future<Output = T>) -> anyhow::Result<T> {
    Ok(Builder::new_current_thread().build()?.block_on(future))
}

fn fill(exact: &ExactIndex, data: &Data) -> anyhow::Result<()> {
    wait(exact.upsert((0..data.count()).map(|n| data.entry(n)).collect()))??;
    Ok(())
}

fn search(
    exact: &ExactIndex,
    query: &Embedding,
    agent: Option<AgentName>,
    k: usize,
) -> anyhow::Result<Vec<u32>> {
    let filter = SearchFilter { agent, ..SearchFilter::default() };
    let found = wait(exact.search(owner(), query, &filter, k))??;
    Ok(found.into_iter().map(|(id, _)| number(id)).collect())
}

/// One in a thousand, one in a hundred, a tenth, a half; the rest is nobody's.
fn label(n: usize) -> u8 {
    let agent = match n % 1_000 {
        500 => AgentName::Research,
        n if n % 100 == 0 => AgentName::Qa,
        n if n % 10 == 1 => AgentName::Data,
        n if n % 2 == 1 || n % 10 == 2 => AgentName::Code,
        _ => return AgentName::ALL.len() as u8,
    };
    agent as u8
}

fn unit(values: &[f32]) -> Embedding {
    Embedding::normalised(values.to_vec()).unwrap_or_else(|| unit(&vec![1.0; values.len()]))
}

fn vectors(source: &Source) -> anyhow::Result<Vec<f32>> {
    let wanted = source.count + source.queries;
    let embedded = match &source.vectors {
        Some((path, dim)) => stored(path, *dim)?,
        None => embedded(source, wanted)?,
    };
    let dim = embedded.first().map_or(0, |vector| vector.values().len());
    ensure!(embedded.len() >= wanted, "{} vectors, {wanted} are needed", embedded.len());
    let embedded = &embedded[..wanted];
    if source.dim == dim {
        return Ok(embedded.iter().flat_map(|vector| vector.values().to_vec()).collect());
    }
    ensure!(source.dim > dim, "a lift needs more than {dim} dimensions");
    Ok(lift(embedded, source.dim))
}

fn stored(path: &Path, dim: usize) -> anyhow::Result<Vec<Embedding>> {
    let bytes = fs::read(path).with_context(|| format!("while reading {}", path.display()))?;
    let values: Vec<f32> =
        bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    Ok(values.chunks_exact(dim).map(unit).collect())
}

fn embedded(source: &Source, wanted: usize) -> anyhow::Result<Vec<Embedding>> {
    let texts: Vec<String> = match &source.texts {
        Some(path) => fs::read_to_string(path)
            .with_context(|| format!("while reading {}", path.display()))?
            .lines()
            .map(str::to_owned)
            .collect(),
        None => (0..wanted as u32).map(super::sentence::nth).collect(),
    };
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    Ok(wait(StaticEmbedder::load()?.embed(&texts))??.into_iter().flatten().collect())
}

/// Turns vectors into a larger space and adds noise.
fn lift(vectors: &[Embedding], dim: usize) -> Vec<f32> {
    let mut noise = Noise(7);
    let axes = axes(vectors[0].values().len(), dim, &mut noise);
    let each = 0.1 / (dim as f32).sqrt();
    let mut lifted = Vec::with_capacity(vectors.len() * dim);
    for vector in vectors {
        let mut turned: Vec<f32> = (0..dim).map(|_| noise.next() * each).collect();
        for (value, axis) in vector.values().iter().zip(&axes) {
            turned.iter_mut().zip(axis).for_each(|(sum, part)| *sum += value * part);
        }
        lifted.extend(unit(&turned).values());
    }
    lifted
}

/// Draws `count` orthonormal vectors (Gram-Schmidt).
fn axes(count: usize, dim: usize, noise: &mut Noise) -> Vec<Vec<f32>> {
    let mut axes: Vec<Vec<f32>> = Vec::with_capacity(count);
    for _ in 0..count {
        let mut axis: Vec<f32> = (0..dim).map(|_| noise.next()).collect();
        for other in &axes {
            let along: f32 = axis.iter().zip(other).map(|(a, b)| a * b).sum();
            axis.iter_mut().zip(other).for_each(|(value, part)| *value -= along * part);
        }
        axes.push(unit(&axis).values().to_vec());
    }
    axes
}

/// Numbers that look normally distributed: the sum of twelve even ones.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        let mut even = || {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (self.0 >> 40) as f32 / 16_777_216.0
        };
        (0..12).map(|_| even()).sum::<f32>() - 6.0
    }
}
