//! What JSON-RPC answers to bytes that are no message, over any transport. Sends nothing.
//!
//! Source: JSON-RPC 2.0, section 5.1: -32700 for what is no JSON, -32600 for what is no request.

use rmcp::model::ClientJsonRpcMessage;
use serde_json::{Value, json};

/// Why bytes are no message of the protocol.
#[derive(Debug, Clone, PartialEq)]
pub struct Wrong {
    code: i32,
    what: String,
    id: Value,
}

impl Wrong {
    /// Says that bytes are no JSON.
    pub(crate) fn parse(what: String) -> Self {
        Self { code: -32700, what, id: Value::Null }
    }

    /// Reads a client's message.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn or_message(bytes: &[u8]) -> Result<ClientJsonRpcMessage, Self> {
        let value = Self::or_json(bytes)?;
        let id = value.get("id").filter(|id| id.is_string() || id.is_number());
        let id = id.cloned().unwrap_or_default();
        serde_json::from_value(value).map_err(|_| {
            let what = "this is no JSON-RPC 2.0 message: send one object with `jsonrpc`: \"2.0\", \
                a `method`, and an `id` for what is to be answered"
                .to_owned();
            Self { code: -32600, what, id }
        })
    }

    fn or_json(bytes: &[u8]) -> Result<Value, Self> {
        let text = str::from_utf8(bytes).map_err(|error| {
            let at = error.valid_up_to() + 1;
            Self::parse(format!("byte {at} of this is not UTF-8, which JSON is; send it as UTF-8"))
        })?;
        serde_json::from_str(text).map_err(|error| {
            Self::parse(format!("this is not JSON: {error}; send one JSON-RPC message"))
        })
    }

    /// Returns the error as it travels.
    #[must_use]
    pub fn document(&self) -> Value {
        let error = json!({"code": self.code, "message": self.what});
        json!({"jsonrpc": "2.0", "id": self.id, "error": error})
    }
}

/// Checks that a request's body is a message of the protocol.
///
/// # Errors
/// What is wrong with it.
pub fn check_message(bytes: &[u8]) -> Result<(), Wrong> {
    Wrong::or_message(bytes).map(drop)
}
