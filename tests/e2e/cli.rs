//! The command line against a real server: what it prints, and that a talk survives the server.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]

use std::{path::Path, time::Duration};

use anyhow::{Context, ensure};
use appliance_tests::{Home, Plan, Program, Server, client::messages_path, processes, wait};
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
async fn ctrl_c_calls_the_answer_off_and_keeps_what_was_written() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).with_agents().words_per_second(3).start().await?;
    server.agents_idle().await?;
    let client = server.local()?;
    let fact = "remember that the staging database is called heron and lives in the north hall";
    server.command(["chat", fact]).run().await?.success()?;
    let conversation = client.converse().await?;
    let question = "where does the staging database live, and what is it called?";
    let mut chat = server.command(["chat", "-c", &conversation, question]).command().spawn()?;
    let path = messages_path(&conversation);
    wait::until("the answer is on its way", Duration::from_secs(20), async || {
        let thread: MessageList = client.get(&path).await?;
        Ok(thread.in_flight.iter().any(|answer| answer.text.contains(' ')).then_some(()))
    })
    .await?;
    processes::kill(chat.id().context("it runs")?, processes::Signal::INT);
    let status = tokio::time::timeout(Duration::from_secs(10), chat.wait()).await??;
    ensure!(status.code() == Some(130), "{status}");
    let thread: MessageList = client.get(&path).await?;
    let last = thread.messages.last().context("what was written is kept")?;
    ensure!(thread.in_flight.is_empty() && !last.content.is_empty(), "{thread:?}");
    ensure!(last.role == "assistant", "{last:?}");

    let listed = server.command(["task", "list"]).run().await?.success()?;
    ensure!(listed.stdout.contains("cancelled"), "{}", listed.stdout);
    let task = listed.stdout.lines().nth(1).and_then(|line| line.split_whitespace().next());
    let again = server.command(["task", "cancel", task.context("an id")?]).run().await?;
    ensure!(again.success()?.stderr.contains("called off"), "calling off twice changes nothing");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_say_makes_no_conversation() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).start().await?;
    for words in [["chat", ""], ["chat", "  \n"]] {
        let told = server.command(words).run().await?;
        ensure!(told.code == Some(2) && told.stderr.contains("nothing to say"), "{told:?}");
    }
    let found: Value = server.local()?.get("/api/conversations").await?;
    ensure!(found["items"].as_array().is_some_and(Vec::is_empty), "{found}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_lines_for_people_and_objects_for_programs() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).start().await?;
    let text = server.command(["logs"]).run().await?.success()?.stdout;
    let ready = text.lines().find(|line| line.ends_with("target=ai_infra::lifecycle::announce"));
    let ready = ready.with_context(|| text.clone())?;
    ensure!(ready.contains("Z  INFO ready ") && ready.contains(" event=ready "), "{ready}");
    ensure!(!text.contains('\u{1b}') && !text.contains("\\u{1b}"), "{text}");
    let objects = server.command(["logs", "--json"]).run().await?.success()?.stdout;
    for line in objects.lines() {
        let event: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
        ensure!(event["level"].is_string() && event["timestamp"].is_string(), "{event}");
    }
    ensure!(objects.lines().count() >= text.lines().count(), "{objects}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hint_without_a_server_starts_it_as_printed() -> anyhow::Result<()> {
    let home = Home::new()?;
    let data = home.data().display().to_string();
    let told = Program::new(Path::new(BINARY), &home).arguments(["--data", &data, "top"]);
    let told = told.run().await?;
    ensure!(told.code == Some(69), "{told:?}");
    let hint = told.stderr.lines().find_map(|line| line.split_once("start it with: "));
    let typed: Vec<&str> = hint.context("a hint")?.1.split_whitespace().collect();
    let environment = [home.environment(), vec![listen_anywhere()]].concat();
    let program = Program::bare(Path::new(typed[0])).environment(environment);
    let mut child = program.arguments(typed[1..].iter().copied()).command().spawn()?;
    let pid = child.id().context("it runs")?;
    let ready = async || Ok(home.serve_json(pid));
    let (_, facts) = wait::until("the server", Duration::from_secs(60), ready).await?;
    ensure!(facts.pid == pid && home.data().join("state.redb").exists(), "{facts:?}");
    processes::kill(pid, processes::Signal::TERM);
    let status = tokio::time::timeout(Duration::from_secs(35), child.wait()).await??;
    ensure!(status.success(), "{status}");
    Ok(())
}

fn listen_anywhere() -> (String, String) {
    ("AI_INFRA__SERVER__LISTEN".to_owned(), "127.0.0.1:0".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_that_looks_answers_people_and_programs() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).start().await?;
    for (words, shown) in [
        (vec!["agent", "list"], "supervisor"),
        (vec!["top"], "waiting:"),
        (vec!["logs", "-n", "50"], "ready"),
        (vec!["setup-link"], "/setup#t="),
        (vec!["config", "show", "--origin"], "--data"),
        (vec!["config", "show", "--origin", "--start"], "AI_INFRA__DATA__DIR"),
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

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_utf_8_is_refused_by_its_byte_with_the_way_out() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).start().await?;
    let diff = b"--- a/menu\n+++ b/menu\n+caf\xe9\n".to_vec();
    let told = server.command(["chat"]).input(diff).run().await?;
    ensure!(told.code == Some(2), "{told:?}");
    ensure!(
        told.stderr.contains("byte 27 of it, in line 3, is 0xe9; nothing was sent"),
        "{told:?}"
    );
    ensure!(told.stderr.contains("iconv -f ISO-8859-1 -t UTF-8"), "{told:?}");

    let typed = r#"exec "$0" --data "$(printf '/tmp/caf\351')" chat hi"#;
    let shell = Program::bare(Path::new("/bin/sh")).arguments(["-c", typed, BINARY]);
    let told = shell.run().await?;
    ensure!(told.code == Some(2), "{told:?}");
    ensure!(
        told.stderr.contains("byte 9 of /tmp/caf") && told.stderr.contains("ln -s"),
        "{told:?}"
    );
    let named = [("AI_INFRA__DATA__DIR".to_owned(), "/tmp/caf\u{fffd}".to_owned())].to_vec();
    let told = server.command(["doctor"]).environment(named).run().await?;
    ensure!(told.stdout.contains("whose name is UTF-8"), "{told:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn data_that_was_moved_behind_a_link_is_the_same_servers() -> anyhow::Result<()> {
    let mut server = Plan::new(BINARY).start().await?;
    server.command(["memory", "add", "the disk is new"]).run().await?.success()?;
    server.stop().await?;
    let (data, moved) = (server.home().data(), server.home().root().join("other disk"));
    std::fs::rename(&data, &moved)?;
    std::os::unix::fs::symlink(&moved, &data)?;
    server.start().await?;
    let real = moved.to_str().context("a name")?;
    for words in [vec!["memory", "list"], vec!["--data", real, "memory", "list"]] {
        let told = server.command(words.clone()).run().await?.success()?;
        ensure!(told.stdout.contains("the disk is new"), "{words:?}: {told:?}");
    }
    let told = server.command(["--data", real, "doctor"]).run().await?;
    ensure!(told.stdout.contains("listens on"), "the server's own word: {told:?}");
    Ok(())
}
