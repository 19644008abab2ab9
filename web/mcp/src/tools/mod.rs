//! The four tools: their names, schemas and hints, and how a call becomes an answer.
//!
//! An answer is given twice: as text for the model, and structured for programs. What the memory
//! refuses is a tool's error with what to do, because a model reads that and mends its call; only an
//! unknown tool is an error of the protocol.

mod forget;
mod recent;
mod remember;
mod schema;
mod search;
mod seen;

use rmcp::model::{CallToolResult, ContentBlock, JsonObject, Tool};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Memory, Refused};

/// Text for the model, and the same for programs.
type Answer = (String, Value);

/// Returns the tools as they are listed for `memory`.
pub(crate) fn of(memory: &dyn Memory) -> Vec<Tool> {
    let mut tools = all();
    for tool in &mut tools {
        tool.description = tool.description.take().map(|about| memory.typed(&about).into());
    }
    tools
}

fn all() -> Vec<Tool> {
    [search::tool(), remember::tool(), forget::tool(), recent::tool()].map(schema::standard).into()
}

/// Calls a tool; `None` when there is none of that name.
pub(crate) async fn call(
    memory: &dyn Memory,
    name: &str,
    arguments: JsonObject,
) -> Option<CallToolResult> {
    let answer = match name {
        "search" => search::call(memory, arguments).await,
        "remember" => remember::call(memory, arguments).await,
        "forget" => forget::call(memory, arguments).await,
        "recent" => recent::call(memory, arguments).await,
        _ => return None,
    };
    Some(answer.map_or_else(|no| refused(memory, &no), answered))
}

fn answered((text, structured): Answer) -> CallToolResult {
    let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
    result.structured_content = Some(structured);
    result
}

fn refused(memory: &dyn Memory, refused: &Refused) -> CallToolResult {
    let text = format!("{}\nwhat to do: {}", refused.what, refused.hint);
    CallToolResult::error(vec![ContentBlock::text(memory.typed(&text))])
}

/// Reads a tool's arguments.
fn read<T: DeserializeOwned>(tool: &str, arguments: JsonObject) -> Result<T, Refused> {
    serde_path_to_error::deserialize(Value::Object(arguments)).map_err(|error| Refused {
        what: match error.path().to_string().as_str() {
            "." => format!("the arguments of `{tool}` are wrong: {}", error.inner()),
            path => format!("the argument `{path}` of `{tool}` is wrong: {}", error.inner()),
        },
        hint: format!("call `{tool}` again with arguments as its input schema has them"),
    })
}

/// Writes a tool's answer for programs.
fn written(answer: &impl Serialize) -> Result<Value, Refused> {
    serde_json::to_value(answer).map_err(|error| Refused {
        what: format!("the answer cannot be written: {error}"),
        hint: "report this; the memory itself is unharmed".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_of_the_wrong_type_is_named() {
        let arguments = |value| serde_json::from_value::<JsonObject>(value).unwrap();
        for (given, named) in [
            (serde_json::json!({"ids": "x"}), "`ids`"),
            (serde_json::json!({"ids": ["a", 5]}), "`ids[1]`"),
            (serde_json::json!({}), "`ids`"),
        ] {
            #[derive(Debug, serde::Deserialize)]
            struct Probe {
                #[expect(dead_code, reason = "only its type matters")]
                ids: Vec<String>,
            }
            let refused = read::<Probe>("forget", arguments(given)).unwrap_err();
            assert!(refused.what.contains(named), "{}", refused.what);
        }
    }

    #[test]
    fn every_tool_has_a_schema_for_both_ways_a_description_and_its_hints() {
        for tool in all() {
            let (name, shown) = (tool.name.clone(), serde_json::to_value(&tool).unwrap());
            assert_eq!(shown["inputSchema"]["type"], "object", "{name}");
            assert_eq!(shown["inputSchema"]["additionalProperties"], false, "{name}");
            assert_eq!(shown["outputSchema"]["type"], "object", "{name}");
            assert!(tool.description.is_some_and(|text| text.len() > 80), "{name}");
            let hints = tool.annotations.unwrap();
            let reads = matches!(&*name, "search" | "recent");
            assert_eq!(hints.read_only_hint, Some(reads), "{name}");
            assert_eq!(hints.destructive_hint, Some(name == "forget"), "{name}");
            assert_eq!(hints.open_world_hint, Some(false), "{name}");
            for field in shown["inputSchema"]["properties"].as_object().unwrap().values() {
                assert!(field["description"].is_string(), "{name}: {field}");
            }
        }
    }
}
