//! `search`: what is remembered about something.

use rmcp::{
    model::{JsonObject, Tool, ToolAnnotations},
    schemars::{self, JsonSchema},
};
use serde::{Deserialize, Serialize};
use web_dto::{MemoryQuery, MemoryQueryFilters};

use super::{Answer, read, seen::SeenHit, written};
use crate::{Memory, Refused};

/// Hits given unless said otherwise.
const DEFAULT_LIMIT: usize = 10;

/// The arguments.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Search {
    /// What to look for, in your own words: a question, a name, a topic.
    query: String,
    /// Most memories wanted, 1 to 100; 10 when left out.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100))]
    limit: Option<usize>,
    /// Only one collection: `memories` (kept on purpose), `learnings`, `conversations` or
    /// `knowledge` (documents).
    #[serde(default)]
    collection: Option<String>,
    /// Only what this agent said or stored: supervisor, code, data, infra, research or qa.
    #[serde(default)]
    agent: Option<String>,
    /// Only what was said in the conversation with this id.
    #[serde(default)]
    conversation_id: Option<String>,
    /// Only what was said at this moment or later: RFC 3339, or a day such as 2026-05-08.
    #[serde(default)]
    from: Option<String>,
    /// Only what was said before this moment.
    #[serde(default)]
    until: Option<String>,
    /// What held at this moment, rather than what holds today.
    #[serde(default)]
    as_of: Option<String>,
}

/// The answer.
#[derive(Debug, Serialize, JsonSchema)]
struct Found {
    /// The memories, best first.
    results: Vec<SeenHit>,
}

pub(super) fn tool() -> Tool {
    let about = "Finds what is remembered about something, by meaning and by words, best first. \
        Ask before answering anything about the person, their projects, their systems or earlier \
        decisions. Each memory says when it was said, by whom, and why it was found; what was \
        corrected or forgotten is left out unless `as_of` asks for an earlier moment.";
    Tool::new("search", about, JsonObject::new())
        .with_title("Search memory")
        .with_input_schema::<Search>()
        .with_output_schema::<Found>()
        .with_annotations(
            ToolAnnotations::with_title("Search memory")
                .read_only(true)
                .destructive(false)
                .idempotent(true)
                .open_world(false),
        )
}

pub(super) async fn call(memory: &dyn Memory, arguments: JsonObject) -> Result<Answer, Refused> {
    let asked: Search = read("search", arguments)?;
    let filters = MemoryQueryFilters {
        collection: asked.collection,
        agent: asked.agent,
        conversation_id: asked.conversation_id,
        from: asked.from,
        until: asked.until,
        as_of: asked.as_of,
        ..MemoryQueryFilters::default()
    };
    let limit = asked.limit.unwrap_or(DEFAULT_LIMIT);
    let query = MemoryQuery { query: asked.query, limit, filters, peek: false };
    let found = memory.search(query).await?;
    let missing = found.missing;
    let results: Vec<SeenHit> = found.results.into_iter().map(SeenHit::of).collect();
    let text = if results.is_empty() {
        "nothing close to that is remembered".to_owned()
    } else {
        results.iter().zip(1..).map(|(hit, n)| hit.told(n)).collect()
    };
    let text = match missing.is_empty() {
        true => text,
        false => format!("{text}\n(asked without {} just now)", missing.join(" and ")),
    };
    Ok((text, written(&Found { results })?))
}
