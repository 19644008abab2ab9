//! A Messages API request as the demo model reads it: checked like the real one, unknown fields let
//! be. Answers nothing.

use serde::Deserialize;
use serde_json::{Value, json};

/// What is wrong with a request, in the API's own shape.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct BadRequest(String);

impl BadRequest {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    pub(super) fn to_json(&self) -> Value {
        json!({"type": "error", "error": {"type": "invalid_request_error", "message": self.0}})
    }
}

/// A request whose shape has been checked.
#[derive(Debug, Deserialize)]
pub(super) struct Request {
    pub(super) model: String,
    pub(super) max_tokens: u32,
    messages: Vec<Turn>,
    #[serde(default)]
    system: Option<Content>,
    #[serde(default)]
    tools: Vec<Value>,
    #[serde(default)]
    tool_choice: Option<Value>,
    #[serde(default)]
    pub(super) stream: bool,
}

#[derive(Debug, Deserialize)]
struct Turn {
    role: String,
    content: Content,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Blocks(Vec<Value>),
}

/// A document block that may be cited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Document<'a> {
    /// Position among all document blocks of the request, 0-based.
    pub(super) index: usize,
    pub(super) title: Option<&'a str>,
    pub(super) text: &'a str,
}

impl Request {
    pub(super) fn parse(body: &[u8]) -> Result<Self, BadRequest> {
        let request: Self = serde_json::from_slice(body)
            .map_err(|error| BadRequest(format!("the request body cannot be read: {error}")))?;
        request.check()?;
        Ok(request)
    }

    fn check(&self) -> Result<(), BadRequest> {
        if self.max_tokens == 0 {
            return Err(BadRequest::new("max_tokens: must be at least 1"));
        }
        let Some(first) = self.messages.first() else {
            return Err(BadRequest::new("messages: at least one message is required"));
        };
        if first.role != "user" {
            return Err(BadRequest::new("messages: first message must use the \"user\" role"));
        }
        for (at, turn) in self.messages.iter().enumerate() {
            turn.check(at)?;
        }
        Ok(())
    }

    /// Returns the tool that must be called, if one is forced.
    pub(super) fn forced_tool(&self) -> Result<Option<&Value>, BadRequest> {
        let Some(choice) = &self.tool_choice else { return Ok(None) };
        if choice["type"] != "tool" {
            return Ok(None);
        }
        let found = self.tools.iter().find(|tool| tool["name"] == choice["name"]);
        found.map(Some).ok_or_else(|| {
            BadRequest(format!("tool_choice: there is no tool {} in tools", choice["name"]))
        })
    }

    /// Returns the words of the last message, its text blocks joined by line breaks.
    pub(super) fn asked(&self) -> String {
        let Some(last) = self.messages.iter().rfind(|turn| turn.role == "user") else {
            return String::new();
        };
        last.content.text()
    }

    /// Returns the readable documents of the whole request, in order.
    pub(super) fn documents(&self) -> Vec<Document<'_>> {
        let blocks = self.messages.iter().flat_map(|turn| turn.content.blocks());
        let documents = blocks.filter(|block| block["type"] == "document");
        documents.enumerate().filter_map(|(index, block)| document(index, block)).collect()
    }

    /// Returns the text of the system prompt's first heading.
    pub(super) fn role(&self) -> Option<String> {
        let system = self.system.as_ref()?.text();
        let heading = system.lines().find_map(|line| line.trim_start().strip_prefix('#'))?;
        let name = heading.trim_start_matches('#').trim().replace(':', " ");
        (!name.is_empty()).then(|| name.chars().take(40).collect())
    }

    /// Returns a rough count: four bytes a token.
    pub(super) fn input_tokens(&self) -> u64 {
        let texts = self.messages.iter().map(|turn| turn.content.weight()).sum::<usize>();
        let system = self.system.as_ref().map_or(0, Content::weight);
        (texts + system).div_ceil(4) as u64
    }
}

impl Turn {
    fn check(&self, at: usize) -> Result<(), BadRequest> {
        if !matches!(self.role.as_str(), "user" | "assistant") {
            let role: String = self.role.chars().take(40).collect();
            return Err(BadRequest(format!(
                "messages.{at}.role: `{role}` is not one of user, assistant"
            )));
        }
        if matches!(&self.content, Content::Text(text) if text.is_empty()) {
            return Err(BadRequest(format!("messages.{at}: content must not be empty")));
        }
        for (n, block) in self.content.blocks().iter().enumerate() {
            let empty = block["type"] == "text"
                && block["text"].as_str().is_none_or(|text| text.trim().is_empty());
            if !block["type"].is_string() || empty {
                return Err(BadRequest(format!(
                    "messages.{at}.content.{n}: needs a type, and text that is not empty"
                )));
            }
        }
        Ok(())
    }
}

impl Content {
    fn blocks(&self) -> &[Value] {
        match self {
            Self::Text(_) => &[],
            Self::Blocks(blocks) => blocks,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Blocks(blocks) => {
                let texts = blocks.iter().filter(|block| block["type"] == "text");
                texts.filter_map(|block| block["text"].as_str()).collect::<Vec<_>>().join("\n")
            }
        }
    }

    fn weight(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Blocks(blocks) => blocks
                .iter()
                .filter_map(|block| {
                    block["text"].as_str().or_else(|| block["source"]["data"].as_str())
                })
                .map(str::len)
                .sum(),
        }
    }
}

fn document(index: usize, block: &Value) -> Option<Document<'_>> {
    if block["source"]["type"] != "text" {
        return None;
    }
    let text = block["source"]["data"].as_str()?;
    Some(Document { index, title: block["title"].as_str(), text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &Value) -> Result<Request, BadRequest> {
        Request::parse(json.to_string().as_bytes())
    }

    #[test]
    fn a_wrong_request_is_refused_with_the_field_that_is_wrong() {
        let wrong = [
            (json!({"model": "demo", "max_tokens": 5}), "messages"),
            (json!({"model": "demo", "max_tokens": 5, "messages": []}), "at least one"),
            (
                json!({"model": "demo", "max_tokens": 0, "messages": [{"role": "user", "content": "a"}]}),
                "max_tokens",
            ),
            (
                json!({"model": "demo", "max_tokens": 5, "messages": [{"role": "king", "content": "a"}]}),
                "first message",
            ),
            (
                json!({"model": "demo", "max_tokens": 5, "messages": [
                    {"role": "user", "content": "a"}, {"role": "king", "content": "a"}]}),
                "messages.1.role",
            ),
            (
                json!({"model": "demo", "max_tokens": 5, "messages": [
                    {"role": "user", "content": [{"type": "text", "text": " "}]}]}),
                "messages.0.content.0",
            ),
        ];
        for (request, named) in wrong {
            let Err(bad) = parse(&request) else { panic!("`{named}` was not noticed") };
            assert!(bad.to_string().contains(named), "{bad}");
        }
        assert!(Request::parse(b"{\"model\":").is_err());
    }

    #[test]
    fn documents_keep_their_index_among_all_and_only_texts_are_read() {
        let request = parse(&json!({"model": "demo", "max_tokens": 5, "system": "# Code\nYou ...",
            "messages": [{"role": "user", "content": [
                {"type": "document", "source": {"type": "base64", "data": "AA=="}},
                {"type": "document", "title": "t", "source": {"type": "text", "data": "words"}},
                {"type": "text", "text": "first"}, {"type": "text", "text": "second"}]}]}))
        .unwrap();
        assert_eq!(request.documents(), [Document { index: 1, title: Some("t"), text: "words" }]);
        assert_eq!(request.asked(), "first\nsecond");
        assert_eq!(request.role().as_deref(), Some("Code"));
    }
}
