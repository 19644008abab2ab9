//! What a person gets who asks the demo model: recall's hits as documents in, an answer out.
//!
//! Joins recall with the demo as a worker does, over the corpus of `recall_quality.rs`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod corpus;
mod support;

use std::sync::Arc;

use agents_llm::demo::{DemoModel, DemoOptions};
use appliance_core::{
    MemoryHit, MemoryKind, SearchFilter,
    ports::{MemorySearch, Model, ModelCall},
};
use corpus::{PAIRS, TALK, UNRELATED};
use futures_util::TryStreamExt;
use serde_json::{Value, json};
use support::Desk;

fn furnished() -> Desk {
    let desk = Desk::new();
    for pair in PAIRS {
        desk.remember(MemoryKind::Said, pair.asked);
        desk.remember(MemoryKind::Answer, &corpus::unhelpful(pair.asked));
        desk.remember(MemoryKind::Said, pair.stated);
        desk.remember(MemoryKind::Said, pair.distractor);
    }
    for talk in TALK {
        desk.remember(MemoryKind::Said, talk);
    }
    desk
}

fn request(question: &str, hits: &[MemoryHit]) -> Value {
    let document = |hit: &MemoryHit| {
        json!({
            "type": "document", "title": hit.why, "citations": {"enabled": true},
            "source": {"type": "text", "media_type": "text/plain", "data": hit.memory.text},
        })
    };
    let mut content: Vec<Value> = hits.iter().map(document).collect();
    content.push(json!({"type": "text", "text": question}));
    json!({"model": "demo", "max_tokens": 1024, "messages": [{"role": "user", "content": content}]})
}

async fn ask(desk: &Desk, model: &DemoModel, question: &str) -> Value {
    let hits = desk.search.search(desk.owner, question, SearchFilter::default(), 8).await.unwrap();
    let body = request(question, &hits).to_string().into();
    let call = ModelCall { body, headers: Vec::new(), agent: None, task_id: None };
    let reply = model.messages(call).await.unwrap();
    let pieces: Vec<_> = reply.body.try_collect().await.unwrap();
    serde_json::from_slice(&pieces.concat()).unwrap()
}

fn demo() -> DemoModel {
    let embedder = Arc::new(vector::StaticEmbedder::load().unwrap());
    DemoModel::new(DemoOptions { words_per_second: None, embedder })
}

fn cited(answer: &Value) -> Vec<&str> {
    let blocks = answer["content"].as_array().unwrap();
    blocks.iter().filter_map(|block| block["citations"][0]["cited_text"].as_str()).collect()
}

#[tokio::test]
async fn a_question_is_answered_by_the_statement_with_its_source() {
    let (desk, model) = (furnished(), demo());
    let (mut first, mut among) = (0, 0);
    for pair in PAIRS {
        let answer = ask(&desk, &model, pair.asked).await;
        let cited = cited(&answer);
        let right = |text: &&str| pair.stated.ends_with(*text);
        first += usize::from(cited.first().is_some_and(right));
        among += usize::from(cited.iter().any(right));
        println!("{} -> {cited:?}", pair.asked);
    }
    println!("{first} of {} answered first, {among} at all", PAIRS.len());
    assert!(among >= PAIRS.len() - 2 && first >= PAIRS.len() - 3, "first {first}, at all {among}");
}

#[tokio::test]
async fn a_question_about_nothing_that_was_said_is_mostly_declined() {
    let (desk, model) = (furnished(), demo());
    let mut declined = 0;
    for asked in UNRELATED {
        let answer = ask(&desk, &model, asked).await;
        println!("{asked} -> {:?}", cited(&answer));
        declined += usize::from(cited(&answer).is_empty());
    }
    println!("{declined} of {} unanswerable questions declined", UNRELATED.len());
    assert!(declined >= UNRELATED.len() - 2, "only {declined} declined");
}
