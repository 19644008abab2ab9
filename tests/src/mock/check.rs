//! What the mock refuses, as the real API would: no key, no version, a body that breaks the rules.
//!
//! A mock that takes anything hides bugs in the client, so the rules that matter to us are kept
//! here in one place. It does not check values that the real API also leaves alone.

use axum::http::HeaderMap;
use serde_json::Value;

/// Why a request is refused: HTTP status, error type, message.
pub type Refusal = (u16, &'static str, String);

/// Parses and checks one request to `POST /v1/messages`.
///
/// # Errors
/// The [`Refusal`] that the real API would give.
pub fn request(headers: &HeaderMap, key: Option<&str>, body: &[u8]) -> Result<Value, Refusal> {
    authenticated(headers, key)?;
    if !headers.contains_key("anthropic-version") {
        return Err(invalid("anthropic-version: header is required"));
    }
    let request: Value = serde_json::from_slice(body)
        .map_err(|error| invalid(format!("the request body is not valid JSON: {error}")))?;
    if !request["model"].is_string() {
        return Err(invalid("model: Field required"));
    }
    if request["max_tokens"].as_u64().is_none_or(|tokens| tokens == 0) {
        return Err(invalid("max_tokens: Field required, at least 1"));
    }
    messages(&request)?;
    tools(&request)?;
    Ok(request)
}

/// Takes the key from `x-api-key` or from `Authorization: Bearer`, which the Python package sends.
///
/// # Errors
/// With what the provider answers to a key that is missing or wrong.
pub fn authenticated(headers: &HeaderMap, key: Option<&str>) -> Result<(), Refusal> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text("authorization").and_then(|value| value.strip_prefix("Bearer "));
    match (text("x-api-key").or(bearer), key) {
        (None, _) => Err((401, "authentication_error", "x-api-key header is required".to_owned())),
        (Some(given), Some(key)) if given != key => {
            Err((401, "authentication_error", "invalid x-api-key".to_owned()))
        }
        _ => Ok(()),
    }
}

fn messages(request: &Value) -> Result<(), Refusal> {
    let Some(messages) = request["messages"].as_array().filter(|all| !all.is_empty()) else {
        return Err(invalid("messages: at least one message is required"));
    };
    if messages[0]["role"] != "user" {
        return Err(invalid("messages: first message must use the \"user\" role"));
    }
    for (at, message) in messages.iter().enumerate() {
        one_message(at, message)?;
    }
    Ok(())
}

fn one_message(at: usize, message: &Value) -> Result<(), Refusal> {
    let role = &message["role"];
    if role != "user" && role != "assistant" {
        return Err(invalid(format!("messages.{at}.role: must be user or assistant")));
    }
    match &message["content"] {
        Value::String(words) if !words.is_empty() => Ok(()),
        Value::Array(blocks) if !blocks.is_empty() => {
            blocks.iter().enumerate().try_for_each(|(n, block)| one_block(at, n, block))
        }
        _ => Err(invalid(format!("messages.{at}: all messages must have non-empty content"))),
    }
}

fn one_block(at: usize, n: usize, block: &Value) -> Result<(), Refusal> {
    let place = format!("messages.{at}.content.{n}");
    match block["type"].as_str() {
        Some("text") if block["text"].as_str().is_none_or(str::is_empty) => {
            Err(invalid(format!("{place}: text content blocks must be non-empty")))
        }
        Some("document") if block["source"]["data"].as_str().is_none_or(str::is_empty) => {
            Err(invalid(format!("{place}.document.source.data: must be a non-empty string")))
        }
        Some("document") if block["source"]["media_type"] != "text/plain" => {
            Err(invalid(format!("{place}.document.source.media_type: the mock takes text/plain")))
        }
        Some("text" | "document" | "tool_use" | "tool_result") => Ok(()),
        _ => Err(invalid(format!("{place}.type: unknown block type"))),
    }
}

fn tools(request: &Value) -> Result<(), Refusal> {
    for (at, tool) in request["tools"].as_array().into_iter().flatten().enumerate() {
        if !tool["name"].is_string() || tool["input_schema"]["type"] != "object" {
            return Err(invalid(format!(
                "tools.{at}: name and input_schema of type object required"
            )));
        }
    }
    let choice = &request["tool_choice"];
    let known = |name: &Value| {
        request["tools"].as_array().is_some_and(|all| all.iter().any(|tool| &tool["name"] == name))
    };
    if choice["type"] == "tool" && !known(&choice["name"]) {
        return Err(invalid("tool_choice.name: tool not found in provided tools"));
    }
    Ok(())
}

fn invalid(message: impl Into<String>) -> Refusal {
    (400, "invalid_request_error", message.into())
}
