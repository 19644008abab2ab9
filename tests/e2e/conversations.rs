//! One message from the terminal to a worker and back: what is said is kept, found and told again.
//!
//! The walkthrough of ARCHITECTURE.md from [1] to [7], through the command line and the API.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]

use std::{sync::Arc, time::Duration};

use anyhow::{Context, ensure};
use appliance_tests::{Client, MockMessages, Plan, Server, program::Ended};
use serde_json::Value;
use tokio::{sync::Semaphore, task::JoinSet};

const BINARY: &str = env!("CARGO_BIN_EXE_ai-infra");
const KEY: &str = "sk-ant-mock";

#[tokio::test(flavor = "multi_thread")]
async fn remembers_across_conversations_and_restarts() -> anyhow::Result<()> {
    // Slower than the default, so that a debug build on a busy machine shows the stream, not itself.
    remembers(Plan::new(BINARY).with_agents().words_per_second(10).start().await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn remembers_with_the_messages_api_too() -> anyhow::Result<()> {
    let mock = MockMessages::with(Some(KEY), Duration::from_millis(15)).await?;
    let plan = Plan::new(BINARY).with_agents().anthropic(&mock.base_url(), KEY);
    remembers(plan.start().await?).await?;
    let requests = mock.requests();
    ensure!(requests.iter().any(|request| request.body["tool_choice"]["name"] == "route"));
    let documents = |request: &appliance_tests::mock::Recorded| {
        request.body["messages"].to_string().contains(r#""type":"document""#)
    };
    ensure!(requests.iter().any(documents), "memories reach the model as documents");
    Ok(())
}

/// Tells a fact in one conversation and asks for it in another, before and after a restart.
async fn remembers(mut server: Server) -> anyhow::Result<()> {
    const QUESTION: &str = "what is the staging database called?";
    const STREAMED: usize = 3; // at once would be one, with the line's end two
    server.agents_idle().await?;
    chat(&server, &["remember that the staging database is called heron"]).await?;
    for life in ["first", "second"] {
        let read = chat(&server, &[QUESTION]).await?;
        ensure!(read.stdout.contains("heron"), "{life} life: {}", read.stdout);
        ensure!(read.pieces >= STREAMED, "the words came in {} pieces", read.pieces);
        cited(&chat(&server, &["--json", QUESTION]).await?.stdout)?;
        if life == "first" {
            server.restart().await?;
            server.agents_idle().await?;
        }
    }
    Ok(())
}

/// Checks what `chat --json` told: a worker's answer that quotes the memory it used.
fn cited(told: &str) -> anyhow::Result<()> {
    let told: Value = serde_json::from_str(told).with_context(|| told.to_owned())?;
    let answer = told["answer"].as_str().context("an answer")?;
    ensure!(answer.contains("heron"), "{told}");
    ensure!(told["agent"].as_str().is_some_and(|agent| agent != "supervisor"), "{told}");
    let mut citations = told["citations"].as_array().into_iter().flatten();
    let cited = citations.find(|citation| citation["quote"].to_string().contains("heron"));
    let cited = cited.with_context(|| format!("no citation that quotes it: {told}"))?;
    ensure!(answer.contains(&format!("[{}]", cited["number"])), "the mark is in the text: {told}");
    let (first, total) = (told["first_chunk_ms"].as_u64(), told["total_ms"].as_u64());
    ensure!(first.zip(total).is_some_and(|(first, total)| first < total), "{told}");
    Ok(())
}

/// Says one thing in a new conversation through the command line.
async fn chat(server: &Server, words: &[&str]) -> anyhow::Result<Ended> {
    let run = server.command(["chat"]).arguments(words.iter().copied()).run().await?;
    run.success().with_context(|| server.log_tail())
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_come_back_byte_for_byte() -> anyhow::Result<()> {
    const MESSAGES: usize = 2_000;
    const AT_A_TIME: usize = 32;
    let server = Plan::new(BINARY).start().await?;
    let client = server.local()?;
    let thread = client.converse().await?;
    let texts: Vec<String> = awkward().into_iter().chain((0..MESSAGES as u64).map(code)).collect();
    let gate = Arc::new(Semaphore::new(AT_A_TIME));
    let mut posts = JoinSet::new();
    for (n, text) in texts.iter().cloned().enumerate() {
        let (client, thread) = (client.clone(), thread.clone());
        let turn = Arc::clone(&gate).acquire_owned().await?;
        posts.spawn(async move {
            let said = client.say(&thread, &text).await.map(|accepted| (n, accepted.message_id));
            drop(turn);
            said
        });
    }
    let mut ids = vec![String::new(); texts.len()];
    while let Some(said) = posts.join_next().await {
        let (n, id) = said??;
        ids[n] = id;
    }
    all_there(&client, &thread, &ids, &texts).await
}

async fn all_there(
    client: &Client,
    thread: &str,
    ids: &[String],
    texts: &[String],
) -> anyhow::Result<()> {
    let stored = client.messages(thread).await?;
    assert_eq!(stored.len(), texts.len());
    let by_id: std::collections::BTreeMap<_, _> =
        stored.iter().map(|message| (message.id.as_str(), message.content.as_str())).collect();
    for (id, text) in ids.iter().zip(texts) {
        assert_eq!(by_id.get(id.as_str()), Some(&text.as_str()), "byte for byte");
    }
    Ok(())
}

/// Texts that a filter, a shell or a browser would like to change.
fn awkward() -> Vec<String> {
    let texts = [
        "`rm -rf /` && echo $(whoami) | tee /dev/null; Tom & Jerry",
        "<script>alert('x')</script><b>bold</b> &amp; &lt; Vec<String>",
        "emoji 👩‍👩‍👧‍👦 🦀 and flags 🇩🇪, e\u{301} is not é, \u{202e}right to left\u{202c}",
        "tabs\tand\r\nwindows lines\nand \u{0}zero and \u{7f}delete and \u{feff}marks",
        "{\"json\": \"in \\\"json\\\"\"} '; DROP TABLE messages; --",
        "  spaces around stay  \n\n",
    ];
    texts.map(str::to_owned).to_vec()
}

/// The n-th code message: a few lines put together from awkward pieces by a fixed rule.
fn code(n: u64) -> String {
    const PIECES: [&str; 12] = [
        "fn main() -> Result<(), Box<dyn Error>> { run()?; Ok(()) }",
        "```rust\nlet v: Vec<String> = x.iter().map(|s| s.to_owned()).collect();\n```",
        "cat a.txt | grep -v '^#' && echo \"$HOME\" || exit 1; # done",
        "SELECT * FROM users WHERE name = 'O''Brien' -- comment",
        "<div class=\"a\" onclick='f(1 & 2)'>&nbsp;</div>",
        "if (a < b && c > d) { return a ? b : c; }",
        "printf '%s\\n' \"${x:-`date`}\" > /tmp/out 2>&1",
        "def f(x: int) -> str:\n\treturn f\"{x!r:>{width}}\"",
        "grüße = { '🦀': 1, 'naïve': 2 }",
        "\\frac{a}{b} \\\\ \\n \\u0041 \\x41",
        "git commit -m \"it's `done`\" && git push; rm -rf ./target",
        "{\"a\": [1, 2, {\"b\": null}], \"c\": \"\\\"\"}",
    ];
    let mut state = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = format!("// message {n}\n");
    for _ in 0..=n % 5 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        text.push_str(PIECES[(state >> 33) as usize % PIECES.len()]);
        text.push('\n');
    }
    text
}
