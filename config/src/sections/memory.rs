//! How memory is kept and found: its three tiers, its vectors, and what a search counts.
//!
//! The tiers' numbers are the plan's. What a number does is the policy's business (`pai::memory`);
//! here it is only read, and held to what can make sense.

use secrecy::SecretString;

use crate::{
    Key, Origin,
    layers::Layers,
    section::section,
    value::{BaseUrl, base_url, host, needed, number, one_of, optional, secret, text, whole},
};

/// Which index finds near vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemoryVectors {
    /// Our own, in this process and on this disk.
    Builtin,
    /// The crate `hnsw_rs`, in this process and in RAM.
    HnswRs,
    /// A Qdrant server.
    Qdrant,
}

/// What turns texts into vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemoryEmbedder {
    /// The built-in one: no key, no network, about 10 us a text.
    Static,
    /// OpenAI's embeddings API, or anything that speaks it.
    OpenAi,
}

const VECTORS: &[(&str, MemoryVectors)] = &[
    ("builtin", MemoryVectors::Builtin),
    ("hnsw_rs", MemoryVectors::HnswRs),
    ("qdrant", MemoryVectors::Qdrant),
];

const EMBEDDERS: &[(&str, MemoryEmbedder)] =
    &[("static", MemoryEmbedder::Static), ("openai", MemoryEmbedder::OpenAi)];

section! {
    /// How memory is kept and found.
    Memory("memory.") {
        /// Hours after which a memory leaves the hot tier, which is in RAM, for the warm one.
        hot_hours: u32 = "24" => needed(whole(1..=8_760));
        /// Most memories an agent has in the hot tier, and people together; the least recently used
        /// goes first.
        hot_items: u32 = "1000" => needed(whole(1..=1_000_000));
        /// Days after which a memory leaves the warm tier, which is indexed, for the archive.
        warm_days: u32 = "30" => needed(whole(1..=3_650));
        /// Most memories in the warm tier, of all agents together; the least useful goes first.
        warm_items: u32 = "50000" => needed(whole(1..=10_000_000));
        /// Days after which an archived memory is deleted for good.
        cold_days: u32 = "365" => needed(whole(1..=36_500));
        /// Most GB (of 1,000,000,000 bytes) that the archive takes; the oldest goes first.
        cold_gb: u32 = "100" => needed(whole(1..=100_000));
        /// Days that a forgotten memory can be brought back before it is deleted for good.
        forgotten_days: u32 = "30" => needed(whole(1..=3_650));
        /// Minutes between two runs of the job that moves memories between the tiers.
        maintenance_minutes: u32 = "60" => needed(whole(1..=10_080));
        /// What finds near vectors: `builtin`, `hnsw_rs` (in RAM, built anew at every start), or
        /// `qdrant` (a server, see memory.qdrant).
        vectors: MemoryVectors = "builtin" => needed(one_of(VECTORS));
        /// What makes vectors: `static` is built in; `openai` asks a service, see memory.openai.
        /// After a change all memories are embedded anew in the background.
        embedder: MemoryEmbedder = "static" => needed(one_of(EMBEDDERS));
        /// Days that a question's vector is kept after its last use, so that it is not paid twice.
        /// Vectors of memories are kept with them. Only for embedders that are asked over the
        /// network.
        cache_days: u32 = "30" => needed(whole(1..=3_650));
        /// Nearness to the question under which a memory has nothing to do with it; left out, what
        /// was measured for the embedder in use.
        relevance_floor: Option<f32> => optional(number(-1.0..=2.0));
    }
    with {
        /// Where embeddings come from with `embedder: openai`.
        openai: MemoryOpenAi;
        /// Where the vectors are with `vectors: qdrant`.
        qdrant: MemoryQdrant;
        /// What each sign of relevance is worth.
        ranking: MemoryRanking;
    }
}

section! {
    /// Where embeddings come from with `embedder: openai`.
    MemoryOpenAi("memory.openai.") {
        /// Another place that speaks the same API, with its path.
        base_url: BaseUrl = "https://api.openai.com/v1" => needed(base_url), env "OPENAI_BASE_URL";
        /// The model to ask for.
        model: String = "text-embedding-3-small" => needed(text);
        /// The length of its vectors.
        dimensions: u32 = "1536" => needed(whole(8..=8_192));
        /// The service's key; a place of your own may need none. Keep it out of files that others
        /// can read: a systemd credential or OPENAI_API_KEY_FILE is better.
        api_key: Option<SecretString> => optional(secret), env "OPENAI_API_KEY", is secret;
        /// Most texts a request carries.
        batch: u32 = "100" => needed(whole(1..=2_048));
    }
}

section! {
    /// Where the vectors are with `vectors: qdrant`.
    MemoryQdrant("memory.qdrant.") {
        /// The server's gRPC address, such as `https://qdrant.example.com:6334`; left out, it is
        /// http://HOST:PORT of the two below.
        url: Option<BaseUrl> => optional(base_url), env "QDRANT_URL";
        /// The server's host.
        host: String = "127.0.0.1" => needed(host), env "QDRANT_HOST";
        /// Its gRPC port. Of the usual pair 6333 is REST, so that 6334 is used where 6333 is set.
        port: u16 = "6334" => needed(whole(1..=65_535)), env "QDRANT_GRPC_PORT", env "QDRANT_PORT";
        /// What its collections' names begin with; two appliances on one server need two.
        prefix: String = "ai-infra" => needed(text);
        /// The server's key, where it wants one.
        api_key: Option<SecretString> => optional(secret), env "QDRANT_API_KEY", is secret;
    }
}

section! {
    /// What each sign of relevance is worth, in standard deviations among the candidates of one
    /// search; 0 turns a sign off. What is left out is as it was measured (docs/retrieval.md).
    MemoryRanking("memory.ranking.") {
        /// BM25 of the question's words, stemmed.
        words: Option<f32> => optional(number(0.0..=100.0));
        /// Cosine of the whole question and the whole text.
        meaning: Option<f32> => optional(number(0.0..=100.0));
        /// Words that are alike without being the same. Costs one vector a new word: only with
        /// `embedder: static`.
        alike: Option<f32> => optional(number(0.0..=100.0));
        /// Part of its standing that a text passes to the next one of its conversation.
        before: Option<f32> => optional(number(0.0..=100.0));
        /// The same, when the text ends by asking.
        before_asking: Option<f32> => optional(number(0.0..=100.0));
        /// Part of its standing that a text passes to the one after the next.
        two_before: Option<f32> => optional(number(0.0..=100.0));
        /// Part of its standing that a text passes to the one before it.
        after: Option<f32> => optional(number(0.0..=100.0));
        /// Credit for what was said by somebody whom the question names.
        author: Option<f32> => optional(number(0.0..=100.0));
        /// Credit for the newest memory.
        recency: Option<f32> => optional(number(0.0..=100.0));
        /// Days in which the credit for being new halves.
        half_life_days: Option<f32> => optional(number(0.01..=36_500.0));
        /// Taken from what only asks, or only says that nothing is known.
        empty: Option<f32> => optional(number(0.0..=100.0));
        /// Taken from an agent's answer, which is hearsay of what was said.
        answer: Option<f32> => optional(number(0.0..=100.0));
        /// Taken from what was learned of a task, which quotes the question it was about.
        learning: Option<f32> => optional(number(0.0..=100.0));
        /// Credit for what was kept on purpose.
        note: Option<f32> => optional(number(0.0..=100.0));
        /// Credit for a utility of 1, taken from one of 0.
        utility: Option<f32> => optional(number(0.0..=100.0));
        /// Most candidates that each index gives.
        pool: Option<u32> => optional(whole(10..=10_000));
    }
}

/// The service's own address, where nothing is to be had without a key.
const OPENAI: &str = "https://api.openai.com";

/// Qdrant's REST port, which does not speak gRPC.
const QDRANT_REST: u16 = 6333;

impl Memory {
    /// Tells what does not fit together.
    pub(crate) fn unfit(&self) -> Vec<String> {
        let mut unfit = Vec::new();
        if self.hot_hours > self.warm_days.saturating_mul(24) {
            unfit.push(format!(
                "memory.hot_hours is {}, which is longer than memory.warm_days, {}; a memory is hot \
                 before it is warm",
                self.hot_hours, self.warm_days
            ));
        }
        if self.warm_days >= self.cold_days {
            unfit.push(format!(
                "memory.cold_days is {}, so that what leaves the warm tier after memory.warm_days, \
                 {}, would be deleted at once; set it higher",
                self.cold_days, self.warm_days
            ));
        }
        if self.embedder == MemoryEmbedder::OpenAi && self.openai.lacks_a_key() {
            unfit.push(
                "memory.embedder is openai, and there is no key for it; set OPENAI_API_KEY (or \
                 OPENAI_API_KEY_FILE, or memory.openai.api_key), or memory.embedder: static"
                    .to_owned(),
            );
        }
        unfit
    }

    /// Tells what is set and has no effect, and which port is not what it seems.
    pub(crate) fn notes(&self, layers: &Layers) -> Vec<String> {
        let mut notes = Vec::new();
        if self.embedder != MemoryEmbedder::OpenAi {
            notes.extend(idle(layers, MemoryOpenAi::KEYS, "memory.embedder is not openai"));
        }
        if self.vectors != MemoryVectors::Qdrant {
            notes.extend(idle(layers, MemoryQdrant::KEYS, "memory.vectors is not qdrant"));
        } else if self.qdrant.url.is_none() && self.qdrant.port == QDRANT_REST {
            notes.push(
                "memory.qdrant.port is 6333, Qdrant's REST port; its gRPC port 6334 is used, set \
                 QDRANT_GRPC_PORT where that is another"
                    .to_owned(),
            );
        }
        notes
    }
}

/// Tells each value of `keys` that somebody set.
fn idle<'a>(
    layers: &'a Layers,
    keys: &'static [Key],
    why: &'static str,
) -> impl Iterator<Item = String> + 'a {
    keys.iter().filter_map(move |key| match layers.get(key.name) {
        None | Some((_, Origin::Default)) => None,
        Some((_, origin)) => Some(format!("{origin}: {} has no effect while {why}", key.name)),
    })
}

impl MemoryOpenAi {
    fn lacks_a_key(&self) -> bool {
        self.api_key.is_none() && self.base_url.as_str().starts_with(OPENAI)
    }
}

impl MemoryQdrant {
    /// Returns the server's gRPC address.
    #[must_use]
    pub fn address(&self) -> String {
        if let Some(url) = &self.url {
            return url.as_str().to_owned();
        }
        let port = if self.port == QDRANT_REST { QDRANT_REST + 1 } else { self.port };
        format!("http://{}:{port}", self.host)
    }
}
