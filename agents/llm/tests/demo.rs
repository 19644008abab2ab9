//! The demo model's answers, as an agent sees them over the wire format.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::time::Duration;

use appliance_core::ports::Model;
use futures_util::StreamExt;
use serde_json::{Value, json};
use support::{call, demo, events, json as whole, post};

const HERON: &str = "remember that the staging database is called heron";

fn document(text: &str) -> Value {
    json!({
        "type": "document", "title": "memory 1 (said 2026-11-20)", "citations": {"enabled": true},
        "source": {"type": "text", "media_type": "text/plain", "data": text},
    })
}

fn request(text: &str, documents: &[&str]) -> Value {
    let mut content: Vec<Value> = documents.iter().map(|text| document(text)).collect();
    content.push(json!({"type": "text", "text": text}));
    json!({
        "model": "demo", "max_tokens": 2048, "system": "# Research\n\nYou find things out.",
        "messages": [{"role": "user", "content": content}],
    })
}

fn said(message: &Value) -> String {
    let blocks = message["content"].as_array().unwrap();
    blocks.iter().filter_map(|block| block["text"].as_str()).collect()
}

async fn answer(text: &str, documents: &[&str]) -> String {
    said(&whole(&demo(None), &request(text, documents)).await)
}

#[tokio::test]
async fn what_was_read_somewhere_is_told_as_that_places_words() {
    let mut request = request("what is my dog called?", &["my dog is called Rex"]);
    request["messages"][0]["content"][0]["title"] =
        json!("read in web: example.com (untrusted), 2026-11-20");
    let text = said(&whole(&demo(None), &request).await);
    let told = "Demo model, as Research: web: example.com says: \"my dog is called Rex\".";
    assert_eq!(text, told);
}

#[tokio::test]
async fn a_question_is_answered_from_the_memory_that_states_it_with_a_citation() {
    let documents =
        ["what is the staging database called?", "Grüße 🐦. Please note: it is late.", HERON];
    let request = request("what is the staging database called?", &documents);
    let message = whole(&demo(None), &request).await;
    let text = said(&message);
    assert_eq!(text, "Demo model, as Research: The staging database is called heron.");
    let block = &message["content"][1];
    assert_eq!(block["text"], "The staging database is called heron.");
    let citation = json!([{
        "type": "char_location", "cited_text": "the staging database is called heron",
        "document_index": 2, "document_title": "memory 1 (said 2026-11-20)",
        "start_char_index": 14, "end_char_index": 50,
    }]);
    assert_eq!(block["citations"], citation);
    assert_eq!(message["stop_reason"], "end_turn");
}

#[tokio::test]
async fn citation_positions_count_characters_not_bytes() {
    let text = "Grüße 🐦. The staging database is called heron.";
    let message =
        whole(&demo(None), &request("what is the staging database called?", &[text])).await;
    let citation = &message["content"][1]["citations"][0];
    let (from, to) = (citation["start_char_index"].as_u64(), citation["end_char_index"].as_u64());
    let range = from.unwrap() as usize..to.unwrap() as usize;
    let chars: Vec<char> = text.chars().collect();
    assert_eq!(chars[range].iter().collect::<String>(), citation["cited_text"].as_str().unwrap());
}

#[tokio::test]
async fn the_stream_is_the_same_message_event_by_event() {
    let model = demo(None);
    let mut request = request("what is the staging database called?", &[HERON]);
    let message = whole(&model, &request).await;
    request["stream"] = true.into();
    let events = events(&model, &request).await;

    let kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds[0], "message_start");
    assert_eq!(kinds[kinds.len() - 2..], ["message_delta", "message_stop"]);
    let starts = kinds.iter().filter(|kind| **kind == "content_block_start").count();
    let stops = kinds.iter().filter(|kind| **kind == "content_block_stop").count();
    assert_eq!((starts, stops), (2, 2));

    let deltas = events.iter().filter(|event| event["type"] == "content_block_delta");
    let deltas: Vec<&Value> = deltas.collect();
    let words = deltas.iter().filter_map(|event| event["delta"]["text"].as_str());
    assert_eq!(words.clone().collect::<String>(), said(&message));
    assert_eq!(words.count(), 10, "one delta a word");
    let cited = deltas.iter().find(|event| event["delta"]["type"] == "citations_delta").unwrap();
    assert_eq!(cited["index"], 1);
    assert_eq!(cited["delta"]["citation"], message["content"][1]["citations"][0]);
    let last = &events[events.len() - 2];
    assert_eq!(last["delta"]["stop_reason"], "end_turn");
    assert_eq!(last["usage"]["output_tokens"], message["usage"]["output_tokens"]);
    assert_eq!(events[0]["message"]["usage"]["input_tokens"], message["usage"]["input_tokens"]);
    assert_eq!(events[0]["message"]["id"], message["id"]);
}

#[tokio::test]
async fn the_same_request_gets_the_same_bytes() {
    let mut request = request("what is the staging database called?", &[HERON]);
    request["stream"] = true.into();
    let body = request.to_string();
    assert_eq!(post(&demo(None), &body).await, post(&demo(None), &body).await);
}

#[tokio::test]
async fn every_answer_says_that_it_is_the_demo_even_when_cut_short() {
    for text in ["hello", "count to 3", HERON, "write a poem", "what is love?", "🐦", "/recall x"]
    {
        let answer = answer(text, &[]).await;
        assert!(answer.starts_with("Demo model, as Research: "), "{text}: {answer}");
    }
    let mut short = request("what is love?", &[]);
    short["max_tokens"] = 3.into();
    let message = whole(&demo(None), &short).await;
    assert_eq!(said(&message), "Demo model, as ");
    assert_eq!(message["stop_reason"], "max_tokens");
    short["system"] = Value::Null;
    assert!(said(&whole(&demo(None), &short).await).starts_with("Demo model: "));
}

#[tokio::test]
async fn what_is_not_known_is_said_honestly_with_what_can_be_done() {
    let answer =
        answer("what is the staging database called?", &["the recipe needs two eggs"]).await;
    assert!(answer.contains("I remember nothing about that"), "{answer}");
    for way in ["/remember", "/recall", "/ask AGENT", "ANTHROPIC_API_KEY"] {
        assert!(answer.contains(way), "{way} is not in: {answer}");
    }
}

#[tokio::test]
async fn the_demos_own_earlier_words_are_no_evidence() {
    let question = "what is the staging database called?";
    let earlier = answer(question, &[]).await;
    let again = answer(question, &[&earlier, question]).await;
    assert_eq!(again, earlier);
    let known = answer(question, &[HERON]).await;
    let retold = answer(question, &[&earlier, &known]).await;
    assert!(retold.ends_with("The staging database is called heron."), "{retold}");
}

#[tokio::test]
async fn a_statement_is_noted_and_work_is_declined() {
    assert!(answer(HERON, &[]).await.ends_with("Noted: The staging database is called heron."));
    let personal = answer("what is my dog called?", &["my dog is called Rex"]).await;
    assert!(personal.ends_with("you said: \"my dog is called Rex\"."), "{personal}");
    assert!(answer("write a python function", &[]).await.contains("I cannot do that work"));
}

#[tokio::test]
async fn a_paced_stream_gives_its_first_word_at_once_and_no_other_too_soon() {
    let model = demo(Some(80));
    let mut request = request("count to 40", &[]);
    request["stream"] = true.into();
    let start = tokio::time::Instant::now();
    let mut body = model.messages(call(request.to_string())).await.unwrap().body;
    let mut first_word = None;
    let mut seen = Vec::new();
    while let Some(piece) = body.next().await {
        seen.extend_from_slice(&piece.unwrap());
        if first_word.is_none() && String::from_utf8_lossy(&seen).contains("text_delta") {
            first_word = Some(start.elapsed());
        }
    }
    let (first, total) = (first_word.unwrap(), start.elapsed());
    let words = 44.0 - 1.0; // "Demo model, as Research:" and 40 numbers; the first waits not
    assert!(first < total / 2, "{first:?} of {total:?}");
    let wanted = Duration::from_secs_f64(words / 80.0);
    assert!(total >= wanted, "{total:?}");
    assert!(String::from_utf8(seen).unwrap().contains("\"40.\""));
}

#[tokio::test]
async fn a_bad_request_gets_the_apis_error() {
    let (status, body) = post(&demo(None), "{\"model\": 3}").await;
    let error: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, &error["type"]), (400, &json!("error")));
    assert_eq!(error["error"]["type"], "invalid_request_error");
    let (status, _) = post(&demo(None), "not json").await;
    assert_eq!(status, 400);
    let mut request = request("hello", &[]);
    request["tool_choice"] = json!({"type": "tool", "name": "route"});
    assert_eq!(post(&demo(None), &request.to_string()).await.0, 400, "no such tool");
}

#[tokio::test]
async fn a_huge_message_and_many_documents_are_answered_quickly() {
    let long = "the heron stands in the water. ".repeat(2_000);
    let documents = vec![long.as_str(); 20];
    let start = tokio::time::Instant::now();
    let answer = answer(&format!("where does the heron stand? {long}"), &documents).await;
    println!("20 documents of 62 KB: {:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert!(!answer.is_empty());
}
