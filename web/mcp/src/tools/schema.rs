//! A tool's schema as strict clients take it. The schemas that are derived name the Rust types of numbers
//! as `format`, which JSON Schema does not know; what a number may be is said by its bounds.

use std::sync::Arc;

use rmcp::model::Tool;
use serde_json::Value;

/// Formats that JSON Schema 2020-12 defines.
const STANDARD: [&str; 19] = [
    "date-time",
    "date",
    "time",
    "duration",
    "email",
    "idn-email",
    "hostname",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "uri",
    "uri-reference",
    "iri",
    "iri-reference",
    "uuid",
    "uri-template",
    "json-pointer",
    "relative-json-pointer",
    "regex",
];

/// Returns the tool with both schemas in standard words.
pub(super) fn standard(mut tool: Tool) -> Tool {
    plain(Arc::make_mut(&mut tool.input_schema));
    if let Some(output) = &mut tool.output_schema {
        plain(Arc::make_mut(output));
    }
    tool
}

fn plain(schema: &mut serde_json::Map<String, Value>) {
    let is_ours = |format: &Value| format.as_str().is_some_and(|name| !STANDARD.contains(&name));
    if schema.get("format").is_some_and(is_ours) {
        schema.remove("format");
    }
    schema.values_mut().for_each(walk);
}

fn walk(value: &mut Value) {
    match value {
        Value::Object(inner) => plain(inner),
        Value::Array(items) => items.iter_mut().for_each(walk),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formats(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(inner) => {
                found.extend(inner.get("format").and_then(Value::as_str).map(str::to_owned));
                inner.values().for_each(|value| formats(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| formats(value, found)),
            _ => {}
        }
    }

    #[test]
    fn no_tool_names_a_format_that_json_schema_does_not_know() {
        let mut found = Vec::new();
        for tool in crate::tools::all() {
            formats(&serde_json::to_value(tool).unwrap(), &mut found);
        }
        let odd: Vec<_> = found.iter().filter(|name| !STANDARD.contains(&name.as_str())).collect();
        assert!(odd.is_empty(), "{odd:?}");
    }
}
