//! A server that is killed between its commit and its answer: the same request under the same key
//! gets, from the next life, the result of the first. Over REST, MCP and the command line.
//!
//! strace kills it when it is about to send the answer, so that the deed is on disk and nobody was
//! told. No agents run meanwhile: whatever goes out is that answer.

use std::{os::unix::process::ExitStatusExt as _, time::Duration};

use anyhow::{Context as _, ensure};
use appliance_tests::{ByHand, Client, Plan, Server, client::Reply, skip, strace::Strace};
use serde_json::{Value, json};
use web_dto::{ActionList, ActionView, MemoryList, MemoryView, Remembered, SignalList};

const BINARY: &str = env!("CARGO_BIN_EXE_ai-infra");

/// What is asked of the server.
struct Request {
    path: String,
    body: Value,
    key: &'static str,
}

impl Request {
    fn new(key: &'static str, path: impl Into<String>, body: Value) -> Self {
        Self { path: path.into(), body, key }
    }

    async fn send(&self, client: &Client) -> anyhow::Result<Reply> {
        let accept = ("accept", "application/json, text/event-stream");
        client.post_raw(&self.path, &self.body, &[("idempotency-key", self.key), accept]).await
    }
}

/// Has the server die as it is about to answer; `None` without strace.
async fn lose_the_answer(server: &mut Server, asked: &Request) -> anyhow::Result<Option<()>> {
    let client = server.local()?;
    let Some(strace) = Strace::kill_before_answering(server).await? else { return Ok(None) };
    let lost = asked.send(&client).await;
    ensure!(lost.is_err(), "{} was answered: {lost:?}", asked.path);
    let (status, _) = server.ended().await?;
    ensure!(status.signal() == Some(9), "{status}: {}", server.log_tail());
    drop(strace);
    server.start().await?;
    Ok(Some(()))
}

/// Asks again, twice, and returns what it is told both times.
async fn told_again(server: &Server, asked: &Request) -> anyhow::Result<Value> {
    let client = server.local()?;
    let (first, second) = (asked.send(&client).await?, asked.send(&client).await?);
    ensure!((200..300).contains(&first.status), "{}: {}", asked.path, first.text());
    ensure!(first.body == second.body, "{} and {}", first.text(), second.text());
    first.json()
}

async fn keep(client: &Client, text: &str) -> anyhow::Result<String> {
    let kept: Remembered = client.post("/api/memory", &json!({"items": [{"text": text}]})).await?;
    kept.ids.into_iter().next().context("nothing was kept")
}

async fn all(client: &Client) -> anyhow::Result<Vec<MemoryView>> {
    Ok(client.get::<MemoryList>("/api/memory?limit=100").await?.items)
}

async fn deeds(client: &Client, deed: &str) -> anyhow::Result<Vec<ActionView>> {
    let page: ActionList = client.get("/api/memory/actions?limit=100").await?;
    Ok(page.items.into_iter().filter(|action| action.deed == deed).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deed_whose_answer_was_lost_is_told_again_and_not_done_again() -> anyhow::Result<()> {
    let mut server = Plan::new(BINARY).start().await?;
    let client = server.local()?;
    let wren = keep(&client, "the database is called wren").await?;
    let crane = keep(&client, "the crane is painted yellow").await?;

    let add = json!({"items": [{"text": "the mail goes out at nine"}]});
    let add = Request::new("add", "/api/memory", add);
    if lose_the_answer(&mut server, &add).await?.is_none() {
        return skip::loudly("a lost answer", "strace is not installed");
    }
    let client = server.local()?;
    let mail: Vec<MemoryView> =
        all(&client).await?.into_iter().filter(|it| it.text.contains("mail")).collect();
    ensure!(mail.len() == 1, "it was on disk before the answer: {mail:?}");
    let told: Remembered = serde_json::from_value(told_again(&server, &add).await?)?;
    ensure!(told.ids == [mail[0].id.clone()] && told.known == [false], "{told:?}");
    ensure!(all(&client).await?.len() == 3);

    let path = format!("/api/memory/{wren}/correct");
    let correct = Request::new("correct", path, json!({"text": "the database is called osprey"}));
    lose_the_answer(&mut server, &correct).await?;
    let done = deeds(&server.local()?, "correct").await?;
    ensure!(done.len() == 1, "{done:?}");
    let told = told_again(&server, &correct).await?;
    ensure!(told["action"]["id"] == done[0].id.as_str(), "{told}");
    ensure!(told["memory"]["text"] == "the database is called osprey", "{told}");
    ensure!(deeds(&server.local()?, "correct").await?.len() == 1);

    let undo = Request::new("undo", "/api/memory/undo", json!({}));
    lose_the_answer(&mut server, &undo).await?;
    let told = told_again(&server, &undo).await?;
    ensure!(told["id"] == done[0].id.as_str() && !told["undone_at"].is_null(), "{told}");
    let back: MemoryView = server.local()?.get(&format!("/api/memory/{wren}")).await?;
    ensure!(back.superseded_by.is_none(), "{back:?}");

    let forget = Request::new("forget", "/api/memory/forget", json!({"ids": [crane]}));
    lose_the_answer(&mut server, &forget).await?;
    let done = deeds(&server.local()?, "forget").await?;
    ensure!(done.len() == 1, "{done:?}");
    let told = told_again(&server, &forget).await?;
    ensure!(told["id"] == done[0].id.as_str() && told["memory_ids"] == json!([crane]), "{told}");
    ensure!(deeds(&server.local()?, "forget").await?.len() == 1);
    Ok(())
}

/// Has an agent answer something, and ends it; returns the answer's id.
async fn an_answer(server: &Server) -> anyhow::Result<String> {
    let mut supervisor = ByHand::start(server, "supervisor").await?;
    let client = server.local()?;
    let thread = client.converse().await?;
    let accepted = client.say(&thread, "/remember the heron nests in May").await?;
    let answer = client.answer(&thread, &accepted, Duration::from_secs(20)).await?;
    supervisor.kill();
    supervisor.is_forgotten(server).await?;
    Ok(answer.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rating_whose_answer_was_lost_is_there_once() -> anyhow::Result<()> {
    let mut server = Plan::new(BINARY).start().await?;
    let answer = an_answer(&server).await?;
    let rating =
        json!({"kind": "user_rating", "message_id": answer, "rating": {"value": 7, "of": 10}});
    let rate = Request::new("rate", "/api/memory/signals", rating);
    if lose_the_answer(&mut server, &rate).await?.is_none() {
        return skip::loudly("a lost answer", "strace is not installed");
    }
    let kept = async |server: &Server| {
        let page: SignalList = server.local()?.get("/api/memory/signals?limit=100").await?;
        anyhow::Ok(page.items.into_iter().filter(|it| it.kind == "user_rating").collect::<Vec<_>>())
    };
    let first = kept(&server).await?;
    ensure!(first.len() == 1, "{first:?}");
    let told = told_again(&server, &rate).await?;
    ensure!(told["id"] == first[0].id.as_str(), "{told}, not {first:?}");
    ensure!(kept(&server).await?.len() == 1, "it is listed twice");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_call_whose_answer_was_lost_is_told_again() -> anyhow::Result<()> {
    let mut server = Plan::new(BINARY).start().await?;
    let wren = keep(&server.local()?, "the database is called wren").await?;
    let call = |name: &str, arguments: Value| {
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
               "params": {"name": name, "arguments": arguments}})
    };
    let text = "the mail goes out at nine";
    let remember = call("remember", json!({"text": text, "idempotency_key": "r"}));
    let forget = call("forget", json!({"ids": [wren], "idempotency_key": "f"}));
    let (remember, forget) =
        (Request::new("-", "/mcp", remember), Request::new("-", "/mcp", forget));

    if lose_the_answer(&mut server, &remember).await?.is_none() {
        return skip::loudly("a lost answer", "strace is not installed");
    }
    let kept = all(&server.local()?).await?;
    let mail = kept.iter().find(|it| it.text == text).context("it was not on disk")?;
    let told = told_again(&server, &remember).await?;
    let told = &told["result"]["structuredContent"];
    ensure!(told == &json!({"id": mail.id, "known": false}), "{told}");

    lose_the_answer(&mut server, &forget).await?;
    let done = deeds(&server.local()?, "forget").await?;
    ensure!(done.len() == 1, "{done:?}");
    let told = told_again(&server, &forget).await?;
    let told = &told["result"]["structuredContent"];
    ensure!(told == &json!({"action_id": done[0].id, "ids": [wren]}), "{told}");
    ensure!(deeds(&server.local()?, "forget").await?.len() == 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_whose_answer_was_lost_asks_again_by_itself() -> anyhow::Result<()> {
    let mut server = Plan::new(BINARY).start().await?;
    let client = server.local()?;
    for text in ["the database is called wren", "the crane is painted yellow"] {
        let id = keep(&client, text).await?;
        let _: ActionView = client.post("/api/memory/forget", &json!({"ids": [id]})).await?;
    }
    let command = server.command(["memory", "undo"]);
    let Some(strace) = Strace::kill_before_answering(&server).await? else {
        return skip::loudly("a lost answer", "strace is not installed");
    };
    let again = async {
        let (status, _) = server.ended().await?;
        ensure!(status.signal() == Some(9), "{status}");
        drop(strace);
        server.start().await
    };
    let (undone, again) = tokio::join!(command.run(), again);
    again?;
    let undone = undone?.success()?;
    let deeds = deeds(&server.local()?, "forget").await?;
    ensure!(deeds[0].undone_at.is_some(), "{undone:?}");
    ensure!(deeds[1].undone_at.is_none(), "the one before was undone too: {undone:?}");
    ensure!(all(&server.local()?).await?.len() == 1);
    Ok(())
}
