//! The mock's words on the wire: the message object, its stream of events, and error bodies.
//!
//! Knows the shapes of the Anthropic Messages API (version 2023-06-01) and nothing of HTTP. The
//! official Python package reads what is written here (`tests/python/mock_is_honest.py`).

use serde_json::{Value, json};

use super::answer::{Answer, Block};

/// One server-sent event: its name and its data.
pub type Event = (&'static str, Value);

/// Returns the whole answer as one message object.
#[must_use]
pub fn message(id: u64, model: &str, answer: &Answer, input_tokens: u64) -> Value {
    let content: Vec<Value> =
        answer.blocks.iter().enumerate().map(|(n, b)| whole(id, n, b)).collect();
    json!({
        "id": message_id(id), "type": "message", "role": "assistant", "model": model,
        "content": content, "stop_reason": answer.stop_reason, "stop_sequence": null,
        "usage": usage(input_tokens, output_tokens(answer)),
    })
}

/// Returns the events that carry the same answer, a word at a time.
#[must_use]
pub fn events(id: u64, model: &str, answer: &Answer, input_tokens: u64) -> Vec<Event> {
    let mut events = vec![
        (
            "message_start",
            json!({"type": "message_start", "message": {
                "id": message_id(id), "type": "message", "role": "assistant", "model": model,
                "content": [], "stop_reason": null, "stop_sequence": null,
                "usage": usage(input_tokens, 1)}}),
        ),
        ("ping", json!({"type": "ping"})),
    ];
    for (index, block) in answer.blocks.iter().enumerate() {
        events.extend(block_events(id, index, block));
    }
    events.push((
        "message_delta",
        json!({"type": "message_delta",
               "delta": {"stop_reason": answer.stop_reason, "stop_sequence": null},
               "usage": {"output_tokens": output_tokens(answer)}}),
    ));
    events.push(("message_stop", json!({"type": "message_stop"})));
    events
}

/// Returns an error body, as every status but 200 and an `error` event carry it.
#[must_use]
pub fn error(kind: &str, message: &str) -> Value {
    json!({"type": "error", "error": {"type": kind, "message": message},
           "request_id": "req_mock"})
}

/// Returns the words that the real API has for a kind of error.
#[must_use]
pub fn reason(kind: &str) -> &'static str {
    match kind {
        "authentication_error" => "invalid x-api-key",
        "overloaded_error" => "Overloaded",
        "rate_limit_error" => "Number of request tokens has exceeded your per-minute rate limit",
        _ => "the mock was told to fail",
    }
}

/// Returns the text form of an event.
#[must_use]
pub fn frame((name, data): &Event) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}

/// Tells whether the event carries words, so that pacing waits before it.
#[must_use]
pub fn is_words((_, data): &Event) -> bool {
    data["delta"]["type"] == "text_delta"
}

fn block_events(id: u64, index: usize, block: &Block) -> Vec<Event> {
    let delta = |delta: Value| {
        (
            "content_block_delta",
            json!({"type": "content_block_delta", "index": index, "delta": delta}),
        )
    };
    let mut events = vec![(
        "content_block_start",
        json!({"type": "content_block_start", "index": index, "content_block": empty(id, index, block)}),
    )];
    match block {
        Block::Text { text, citations } => {
            events.extend(
                citations.iter().map(|citation| {
                    delta(json!({"type": "citations_delta", "citation": citation}))
                }),
            );
            events.extend(
                text.split_inclusive(' ')
                    .map(|piece| delta(json!({"type": "text_delta", "text": piece}))),
            );
        }
        Block::ToolUse { input, .. } => {
            let whole = input.to_string();
            let middle = whole.floor_char_boundary(whole.len() / 2);
            for part in ["", &whole[..middle], &whole[middle..]] {
                events.push(delta(json!({"type": "input_json_delta", "partial_json": part})));
            }
        }
    }
    events.push(("content_block_stop", json!({"type": "content_block_stop", "index": index})));
    events
}

fn whole(id: u64, index: usize, block: &Block) -> Value {
    match block {
        Block::Text { text, citations } if citations.is_empty() => {
            json!({"type": "text", "text": text, "citations": null})
        }
        Block::Text { text, citations } => {
            json!({"type": "text", "text": text, "citations": citations})
        }
        Block::ToolUse { name, input } => {
            json!({"type": "tool_use", "id": tool_id(id, index), "name": name, "input": input})
        }
    }
}

fn empty(id: u64, index: usize, block: &Block) -> Value {
    match block {
        Block::Text { citations, .. } if citations.is_empty() => {
            json!({"type": "text", "text": ""})
        }
        Block::Text { .. } => json!({"type": "text", "text": "", "citations": []}),
        Block::ToolUse { name, .. } => {
            json!({"type": "tool_use", "id": tool_id(id, index), "name": name, "input": {}})
        }
    }
}

fn message_id(id: u64) -> String {
    format!("msg_mock{id:020}")
}

fn tool_id(id: u64, index: usize) -> String {
    format!("toolu_mock{id:016}{index:04}")
}

fn usage(input_tokens: u64, output_tokens: u64) -> Value {
    json!({"input_tokens": input_tokens, "output_tokens": output_tokens,
           "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
           "service_tier": "standard"})
}

fn output_tokens(answer: &Answer) -> u64 {
    let bytes: usize = answer
        .blocks
        .iter()
        .map(|block| match block {
            Block::Text { text, .. } => text.len(),
            Block::ToolUse { input, .. } => input.to_string().len(),
        })
        .sum();
    bytes as u64 / 4 + 1
}
