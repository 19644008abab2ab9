//! `recent`: what was said or kept last.

use rmcp::{
    model::{JsonObject, Tool, ToolAnnotations},
    schemars::{self, JsonSchema},
};
use serde::{Deserialize, Serialize};
use web_dto::{MemoryListQuery, MemoryQueryFilters};

use super::{Answer, read, seen::Seen, written};
use crate::{Memory, Refused};

/// The arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Recent {
    /// Most memories wanted, 1 to 100; 20 when left out.
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
    /// Where to go on: `next_cursor` of the last answer, with the same filters.
    #[serde(default)]
    cursor: Option<String>,
}

/// The answer.
#[derive(Debug, Serialize, JsonSchema)]
struct Listed {
    /// The memories, newest first.
    memories: Vec<Seen>,
    /// Where the next page begins; absent at the end. A page may be short and still have a next.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

pub(super) fn tool() -> Tool {
    let about = "Lists what was said or kept last, newest first, page by page: what happened in a \
        conversation, today, or since a day. To find something about a topic, `search` is the \
        better tool.";
    Tool::new("recent", about, JsonObject::new())
        .with_title("Recent memories")
        .with_input_schema::<Recent>()
        .with_output_schema::<Listed>()
        .with_annotations(
            ToolAnnotations::with_title("Recent memories")
                .read_only(true)
                .destructive(false)
                .idempotent(true)
                .open_world(false),
        )
}

pub(super) async fn call(memory: &dyn Memory, arguments: JsonObject) -> Result<Answer, Refused> {
    let asked: Recent = read("recent", arguments)?;
    let filters = MemoryQueryFilters {
        collection: asked.collection,
        agent: asked.agent,
        conversation_id: asked.conversation_id,
        from: asked.from,
        until: asked.until,
        ..MemoryQueryFilters::default()
    };
    let query = MemoryListQuery { filters, limit: asked.limit, cursor: asked.cursor };
    let page = memory.recent(query).await?;
    let memories: Vec<Seen> = page.items.into_iter().map(Seen::of).collect();
    let next_cursor = page.next_cursor;
    let text = told(&memories, next_cursor.as_deref());
    Ok((text, written(&Listed { memories, next_cursor })?))
}

fn told(memories: &[Seen], next: Option<&str>) -> String {
    if memories.is_empty() && next.is_none() {
        return "nothing is remembered there".to_owned();
    }
    let mut text: String = memories.iter().zip(1..).map(|(memory, n)| memory.told(n)).collect();
    if let Some(next) = next {
        text += &format!("there is more: call again with cursor {next}\n");
    }
    text
}
