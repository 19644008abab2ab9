//! What the tests of the demo model share: making it, asking it, reading its events.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::sync::Arc;

use agents_llm::demo::{DemoModel, DemoOptions};
use appliance_core::ports::{Model, ModelCall};
use bytes::Bytes;
use futures_util::TryStreamExt;
use serde_json::Value;

/// Makes a demo model with the built-in embedder.
pub fn demo(words_per_second: Option<u32>) -> DemoModel {
    let embedder = Arc::new(vector::StaticEmbedder::load().unwrap());
    DemoModel::new(DemoOptions { words_per_second, embedder })
}

/// Makes a call with `body`.
pub fn call(body: impl Into<Bytes>) -> ModelCall {
    ModelCall { body: body.into(), headers: Vec::new(), agent: None, task_id: None }
}

/// Sends `body` and returns the status and the whole reply.
pub async fn post(model: &dyn Model, body: &str) -> (u16, Vec<u8>) {
    let reply = model.messages(call(body.to_owned())).await.unwrap();
    let pieces: Vec<Bytes> = reply.body.try_collect().await.unwrap();
    (reply.status, pieces.concat())
}

/// Sends a request that is not streamed and returns the message.
pub async fn json(model: &dyn Model, request: &Value) -> Value {
    let (status, body) = post(model, &request.to_string()).await;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).unwrap()
}

/// Sends a streamed request and returns its events' data, each checked against its name.
pub async fn events(model: &dyn Model, request: &Value) -> Vec<Value> {
    let (status, body) = post(model, &request.to_string()).await;
    assert_eq!(status, 200);
    let text = String::from_utf8(body).unwrap();
    let event = |part: &str| {
        let (name, data) = part.split_once('\n').unwrap();
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(name.strip_prefix("event: "), data["type"].as_str());
        data
    };
    text.split_terminator("\n\n").map(event).collect()
}
