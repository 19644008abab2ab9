//! A reply of the Messages API: its blocks, as one JSON message or as server-sent events.
//!
//! Token counts are words here. Does not know what the blocks say.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Value, json};

use super::request::Request;

/// One block of a reply.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Block {
    /// Words, and the passage they rest on.
    Text {
        /// The words.
        text: String,
        /// A `char_location` citation.
        citation: Option<Value>,
    },
    /// A tool call.
    ToolUse {
        /// The tool.
        name: String,
        /// Its input.
        input: Value,
    },
}

/// A whole reply.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reply {
    /// Derived from the request, so that equal requests get equal replies.
    pub(super) id: String,
    pub(super) model: String,
    pub(super) input_tokens: u64,
    pub(super) blocks: Vec<Block>,
    /// The words did not all fit into `max_tokens`.
    pub(super) cut: bool,
}

/// One server-sent event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) bytes: String,
    /// True for a word of the answer: what the pace counts.
    pub(super) word: bool,
}

impl Reply {
    /// Puts blocks into the frame of a reply to `request`.
    pub(super) fn to(request: &Request, blocks: Vec<Block>) -> Self {
        let mut hasher = DefaultHasher::new(); // fixed keys: the same request, the same id
        (request.asked(), request.input_tokens(), blocks.len()).hash(&mut hasher);
        Self {
            id: format!("msg_demo{:016x}", hasher.finish()),
            model: request.model.clone(),
            input_tokens: request.input_tokens(),
            blocks,
            cut: false,
        }
    }

    /// Drops what is over `max_tokens` words.
    pub(super) fn fit(mut self, max_tokens: u32) -> Self {
        let mut left = max_tokens as usize;
        for block in &mut self.blocks {
            let Block::Text { text, citation } = block else { continue };
            let kept: String = words(text).take(left).collect();
            left -= words(&kept).count();
            if kept.len() < text.len() {
                self.cut = true;
                *citation = None;
                *text = kept;
            }
        }
        self.blocks.retain(|block| !matches!(block, Block::Text { text, .. } if text.is_empty()));
        self
    }

    pub(super) fn to_json(&self) -> Value {
        let content: Vec<Value> = (0..).zip(&self.blocks).map(|(n, b)| self.block(n, b)).collect();
        let mut message = self.head(&Value::Array(content));
        message["stop_reason"] = json!(self.stop_reason());
        message["usage"]["output_tokens"] = json!(self.output_tokens());
        message
    }

    pub(super) fn to_events(&self) -> Vec<Event> {
        let start = json!({"type": "message_start", "message": self.head(&json!([]))});
        let mut events = vec![event(&start)];
        for (index, block) in (0..).zip(&self.blocks) {
            events.extend(self.block_events(index, block));
        }
        events.push(event(&json!({
            "type": "message_delta",
            "delta": {"stop_reason": self.stop_reason(), "stop_sequence": null},
            "usage": {"output_tokens": self.output_tokens()},
        })));
        events.push(event(&json!({"type": "message_stop"})));
        events
    }

    fn head(&self, content: &Value) -> Value {
        json!({
            "id": self.id, "type": "message", "role": "assistant", "model": self.model,
            "content": content, "stop_reason": null, "stop_sequence": null,
            "usage": {"input_tokens": self.input_tokens, "output_tokens": 0},
        })
    }

    fn block(&self, index: u32, block: &Block) -> Value {
        match block {
            Block::Text { text, citation: None } => json!({"type": "text", "text": text}),
            Block::Text { text, citation: Some(citation) } => {
                json!({"type": "text", "text": text, "citations": [citation]})
            }
            Block::ToolUse { name, input } => {
                json!({"type": "tool_use", "id": self.tool_id(index), "name": name, "input": input})
            }
        }
    }

    fn block_events(&self, index: u32, block: &Block) -> Vec<Event> {
        let delta =
            |delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
        let (opening, deltas) = match block {
            Block::Text { text, citation } => {
                let typed = |word| Event {
                    word: true,
                    ..event(&delta(json!({"type": "text_delta", "text": word})))
                };
                let cited = citation.iter().map(|citation| {
                    event(&delta(json!({"type": "citations_delta", "citation": citation})))
                });
                let deltas: Vec<Event> = words(text).map(typed).chain(cited).collect();
                (json!({"type": "text", "text": ""}), deltas)
            }
            Block::ToolUse { name, input } => {
                let part = json!({"type": "input_json_delta", "partial_json": input.to_string()});
                let id = self.tool_id(index);
                let opening = json!({"type": "tool_use", "id": id, "name": name, "input": {}});
                (opening, vec![event(&delta(part))])
            }
        };
        let start =
            json!({"type": "content_block_start", "index": index, "content_block": opening});
        let stop = json!({"type": "content_block_stop", "index": index});
        [event(&start)].into_iter().chain(deltas).chain([event(&stop)]).collect()
    }

    fn tool_id(&self, index: u32) -> String {
        format!("toolu_{}_{index}", self.id.trim_start_matches("msg_"))
    }

    fn stop_reason(&self) -> &'static str {
        let calls = self.blocks.iter().any(|block| matches!(block, Block::ToolUse { .. }));
        match (calls, self.cut) {
            (true, _) => "tool_use",
            (false, true) => "max_tokens",
            (false, false) => "end_turn",
        }
    }

    fn output_tokens(&self) -> u64 {
        let count = |block: &Block| match block {
            Block::Text { text, .. } => words(text).count(),
            Block::ToolUse { input, .. } => words(&input.to_string()).count(),
        };
        self.blocks.iter().map(count).sum::<usize>() as u64
    }
}

/// Splits a text into words that keep the white space after them (and before the first).
fn words(text: &str) -> impl Iterator<Item = &str> {
    let lead = text.len() - text.trim_start().len();
    let first_end = text[lead..].find(char::is_whitespace).map_or(text.len(), |at| lead + at);
    let rest_from = first_end
        + text[first_end..].find(|c: char| !c.is_whitespace()).unwrap_or(text.len() - first_end);
    let (first, mut rest) = text.split_at(rest_from);
    let more = std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let word_end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let space = rest[word_end..].find(|c: char| !c.is_whitespace());
        let (word, left) = rest.split_at(space.map_or(rest.len(), |at| word_end + at));
        rest = left;
        Some(word)
    });
    (!first.is_empty()).then_some(first).into_iter().chain(more)
}

fn event(data: &Value) -> Event {
    let name = data["type"].as_str().unwrap_or_default();
    Event { bytes: format!("event: {name}\ndata: {data}\n\n"), word: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &str) -> Reply {
        let blocks = vec![Block::Text { text: text.to_owned(), citation: None }];
        Reply { id: "msg_1".into(), model: "demo".into(), input_tokens: 3, blocks, cut: false }
    }

    #[test]
    fn words_joined_again_are_the_text() {
        for text in ["", " ", "one", " two  words\n", "ünï cödé\n\n\tend", "a b"] {
            assert_eq!(words(text).collect::<String>(), text, "{text:?}");
        }
        assert_eq!(words(" two  words\n").collect::<Vec<_>>(), [" two  ", "words\n"]);
    }

    #[test]
    fn an_answer_over_max_tokens_is_cut_and_says_so() {
        let cut = reply("one two three").fit(2);
        assert_eq!(cut.to_json()["content"][0]["text"], "one two ");
        assert_eq!(cut.to_json()["stop_reason"], "max_tokens");
        assert_eq!(reply("one two").fit(2).to_json()["stop_reason"], "end_turn");
    }
}
