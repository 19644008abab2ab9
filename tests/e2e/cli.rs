//! The command line against a real server: what it prints, and that a talk survives the server.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]

use std::time::Duration;

use anyhow::{Context, ensure};
use appliance_tests::{Plan, Server, client::messages_path, wait};
use serde_json::Value;
use web_dto::MessageList;

const BINARY: &str = env!("CARGO_BIN_EXE_ai-infra");

#[tokio::test(flavor = "multi_thread")]
async fn chat_goes_on_through_a_killed_server_without_lost_or_doubled_words() -> anyhow::Result<()>
{
    let mut server = Plan::new(BINARY).with_agents().words_per_second(4).start().await?;
    server.agents_idle().await?;
    let client = server.local()?;
    let fact = "remember that the staging database is called heron and lives in the north hall";
    server.command(["chat", fact]).run().await?.success()?;
    let conversation = client.converse().await?;
    let question = "where does the staging database live, and what is it called?";
    let chat = server.command(["chat", "--conversation", &conversation, question]);
    let chat = tokio::spawn(async move { chat.run().await });

    let path = messages_path(&conversation);
    wait::until("the answer is on its way", Duration::from_secs(20), async || {
        let thread: MessageList = client.get(&path).await?;
        Ok(thread.in_flight.iter().any(|answer| answer.text.contains(' ')).then_some(()))
    })
    .await?;
    server.kill9()?;
    server.start().await?;

    let told = chat.await??.success().with_context(|| server.log_tail())?;
    let thread: MessageList = server.local()?.get(&path).await?;
    let stored = thread.messages.last().context("the answer is stored")?;
    ensure!(stored.role == "assistant", "{stored:?}");
    assert_eq!(told.stdout.trim_end(), stored.content, "the terminal shows what is stored, once");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_that_looks_answers_people_and_programs() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).start().await?;
    for (words, shown) in [
        (vec!["agent", "list"], "supervisor"),
        (vec!["top"], "waiting:"),
        (vec!["logs", "-n", "50"], "ready"),
        (vec!["setup-link"], "/setup#t="),
        (vec!["config", "show", "--origin"], "AI_INFRA__DATA__DIR"),
        (vec!["version"], "ai-infra"),
    ] {
        let told = server.command(words.clone()).run().await?.success()?;
        ensure!(told.stdout.contains(shown), "{words:?}: {}", told.stdout);
    }
    for words in
        [vec!["agent", "list"], vec!["top"], vec!["memory", "search", "x"], vec!["config", "show"]]
    {
        let told = server.command(words.clone()).arguments(["--json"]).run().await?.success()?;
        serde_json::from_str::<Value>(&told.stdout).with_context(|| format!("{words:?}"))?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_sees_a_server_that_runs_and_one_that_does_not() -> anyhow::Result<()> {
    let mut server = Plan::new(BINARY).start().await?;
    let report = doctor(&server).await?;
    ensure!(level(&report, "server") == Some("ok"), "{report}");
    ensure!(level(&report, "ready").is_some() && level(&report, "agents").is_some(), "{report}");
    server.stop().await?;
    let report = doctor(&server).await?;
    ensure!(report["status"] == "warn" || report["status"] == "fail", "{report}");
    ensure!(level(&report, "server") == Some("warn"), "{report}");
    ensure!(level(&report, "store") == Some("ok"), "it opens the store itself: {report}");
    Ok(())
}

async fn doctor(server: &Server) -> anyhow::Result<Value> {
    let told = server.command(["doctor", "--json"]).run().await?;
    serde_json::from_str(&told.stdout).with_context(|| told.stderr)
}

fn level<'a>(report: &'a Value, name: &str) -> Option<&'a str> {
    let mut checks = report["checks"].as_array()?.iter();
    checks.find(|check| check["name"] == name)?["level"].as_str()
}
