//! What the mock model says: a fixed rule from the request to content blocks, so tests can foretell it.
//!
//! Stands between the request check and the wire. Three cases: a forced tool gives a `tool_use`
//! block, cited documents give a quotation with its place, anything else gives an echo, thrice where it is
//! told to say it all. It does not pretend to be clever, and it never looks at anything but the request.

use serde_json::{Value, json};

/// One content block of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// Words, with the places in the documents they were taken from.
    Text {
        /// The words.
        text: String,
        /// `char_location` citations, as they stand on the wire.
        citations: Vec<Value>,
    },
    /// A call of the tool that the request forced.
    ToolUse {
        /// The tool.
        name: String,
        /// Its input, an object.
        input: Value,
    },
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Its blocks, in order.
    pub blocks: Vec<Block>,
    /// `end_turn` or `tool_use`.
    pub stop_reason: &'static str,
}

/// Answers a request that [`super::check`] let through.
#[must_use]
pub fn to(request: &Value) -> Answer {
    if let Some(tool) = forced_tool(request) {
        return Answer { blocks: vec![use_of(tool, request)], stop_reason: "tool_use" };
    }
    let question = last_words(request);
    let blocks = match best_document(request, &question) {
        Some(found) => quotation(&found),
        None => vec![plain(echo(&question))],
    };
    Answer { blocks, stop_reason: "end_turn" }
}

fn echo(question: &str) -> String {
    let words = question.split_whitespace().count();
    let said = format!("The mock model heard {words} words and answers with them: {question}");
    if question.contains("say it all") { [said.as_str(); 3].join(" ") } else { said }
}

fn forced_tool(request: &Value) -> Option<&Value> {
    let choice = &request["tool_choice"];
    if choice["type"] != "tool" {
        return None;
    }
    request["tools"].as_array()?.iter().find(|tool| tool["name"] == choice["name"])
}

/// Fills the tool's properties: an enum takes the value that the question names, else its first.
fn use_of(tool: &Value, request: &Value) -> Block {
    let question = last_words(request).to_lowercase();
    let mut input = serde_json::Map::new();
    for (name, schema) in tool["input_schema"]["properties"].as_object().into_iter().flatten() {
        input.insert(name.clone(), property(schema, &question));
    }
    Block::ToolUse { name: text(&tool["name"]), input: Value::Object(input) }
}

fn property(schema: &Value, question: &str) -> Value {
    if let Some(allowed) = schema["enum"].as_array() {
        let named =
            allowed.iter().find(|value| value.as_str().is_some_and(|v| question.contains(v)));
        return named.or(allowed.first()).cloned().unwrap_or(Value::Null);
    }
    match schema["type"].as_str() {
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(true),
        _ => json!("the mock model chose it"),
    }
}

/// A document that may be cited, and where the sentence to quote lies in it.
struct Found {
    index: usize,
    title: Value,
    quote: String,
}

/// Finds the citable document that shares most words with the question.
fn best_document(request: &Value, question: &str) -> Option<Found> {
    let asked = words(question);
    documents(request)
        .into_iter()
        .enumerate()
        .filter(|(_, document)| document["citations"]["enabled"] == true)
        .map(|(index, document)| {
            let data = text(&document["source"]["data"]);
            let shared = words(&data).iter().filter(|word| asked.contains(word)).count();
            (shared, Found { index, title: document["title"].clone(), quote: data })
        })
        .filter(|(shared, found)| *shared > 0 && !found.quote.is_empty())
        .max_by_key(|(shared, found)| (*shared, usize::MAX - found.index))
        .map(|(_, found)| found)
}

/// Returns every document block of the request, in the order that `document_index` counts.
fn documents(request: &Value) -> Vec<&Value> {
    let messages = request["messages"].as_array().into_iter().flatten();
    messages
        .flat_map(|message| message["content"].as_array().into_iter().flatten())
        .filter(|block| block["type"] == "document")
        .collect()
}

fn quotation(found: &Found) -> Vec<Block> {
    let citation = json!({
        "type": "char_location",
        "cited_text": found.quote,
        "document_index": found.index,
        "document_title": found.title,
        "start_char_index": 0,
        "end_char_index": found.quote.chars().count(),
        "file_id": null,
    });
    vec![
        plain("As far as I remember, this is what was said before: ".to_owned()),
        Block::Text { text: found.quote.clone(), citations: vec![citation] },
        plain(
            ". That is all the mock model knows about it, and it will not make up more.".to_owned(),
        ),
    ]
}

const fn plain(text: String) -> Block {
    Block::Text { text, citations: Vec::new() }
}

/// Returns the last text that the user said, whether as a string or as the last text block.
fn last_words(request: &Value) -> String {
    let messages = request["messages"].as_array();
    let Some(last) = messages.and_then(|all| all.iter().rfind(|m| m["role"] == "user")) else {
        return String::new();
    };
    match &last["content"] {
        Value::String(words) => words.clone(),
        Value::Array(blocks) => blocks
            .iter()
            .rfind(|b| b["type"] == "text")
            .map(|b| text(&b["text"]))
            .unwrap_or_default(),
        _ => String::new(),
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() > 3)
        .map(str::to_lowercase)
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forced_tool_gets_the_value_that_the_question_names() {
        let request = json!({
            "tool_choice": {"type": "tool", "name": "route"},
            "tools": [{"name": "route", "input_schema": {"type": "object", "properties": {
                "agent": {"type": "string", "enum": ["code", "data"]},
                "reason": {"type": "string"}}}}],
            "messages": [{"role": "user", "content": "where is my data?"}],
        });
        let answer = to(&request);
        let [Block::ToolUse { name, input }] = answer.blocks.as_slice() else {
            panic!("one tool_use block, not {answer:?}")
        };
        assert_eq!((name.as_str(), &input["agent"]), ("route", &json!("data")));
        assert_eq!(answer.stop_reason, "tool_use");
    }

    #[test]
    fn the_document_that_fits_is_quoted_with_its_place() {
        let document = |data: &str| {
            json!({"type": "document", "citations": {"enabled": true}, "title": "memory",
                   "source": {"type": "text", "media_type": "text/plain", "data": data}})
        };
        let request = json!({"messages": [{"role": "user", "content": [
            document("lunch is at noon"),
            document("the staging database is called heron"),
            {"type": "text", "text": "what is the staging database called?"}]}]});
        let answer = to(&request);
        let Block::Text { text, citations } = &answer.blocks[1] else { panic!("text expected") };
        assert_eq!(text, "the staging database is called heron");
        assert_eq!(citations[0]["document_index"], 1);
        assert_eq!(citations[0]["end_char_index"], text.chars().count());
    }
}
