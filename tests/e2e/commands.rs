//! The command line against a running server: what a person types and what a program reads.

use std::time::Duration;

use anyhow::{Context, ensure};
use appliance_tests::{Plan, Server, wait};
use serde_json::Value;
use web_dto::{AgentList, AgentView, MemoryResults, SetupLinkView};

const BINARY: &str = env!("CARGO_BIN_EXE_ai-infra");

/// Runs a command with `--json` and reads what it printed.
async fn json<T: serde::de::DeserializeOwned>(
    server: &Server,
    words: &[&str],
) -> anyhow::Result<T> {
    let words = words.iter().copied().chain(["--json"]);
    let ended = server.command(words).run().await?.success()?;
    serde_json::from_str(&ended.stdout).with_context(|| ended.stdout.clone())
}

/// Runs a command that must end well and returns its standard output.
async fn told(server: &Server, words: &[&str]) -> anyhow::Result<String> {
    Ok(server.command(words.iter().copied()).run().await?.success()?.stdout)
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_are_listed_stopped_and_started() -> anyhow::Result<()> {
    let mut server = Plan::new(BINARY).with_agents().start().await?;
    server.agents_idle().await?;
    let listed: AgentList = json(&server, &["agent", "list"]).await?;
    let names: Vec<&str> = listed.agents.iter().map(|agent| agent.name.as_str()).collect();
    assert_eq!(names, ["supervisor", "code", "data", "infra", "research", "qa"]);
    let table = told(&server, &["agent", "list"]).await?;
    assert!(names.iter().all(|name| table.contains(name)), "{table}");

    let _stopping: AgentView = json(&server, &["agent", "stop", "qa"]).await?;
    agent_becomes(&server, "qa", "stopped").await?;
    server.restart().await?;
    agent_becomes(&server, "code", "idle").await?;
    agent_becomes(&server, "qa", "stopped").await.context("it stays so across a restart")?;
    let _starting: AgentView = json(&server, &["agent", "start", "qa"]).await?;
    agent_becomes(&server, "qa", "idle").await?;

    let before = server.local()?.agent("code").await?.pid;
    let _restarting: AgentView = json(&server, &["agent", "restart", "code"]).await?;
    let reborn = wait::until("another life of code", Duration::from_secs(10), async || {
        let now = server.local()?.agent("code").await?;
        Ok((now.status == "idle" && now.pid != before).then_some(()))
    });
    reborn.await?;
    let attach = told(&server, &["agent", "attach", "code"]).await?;
    assert!(attach.contains("tmux -S") && attach.contains("attach"), "{attach}");
    let log = told(&server, &["agent", "log", "code"]).await?;
    assert!(log.contains("CODE"), "{log}");
    Ok(())
}

async fn agent_becomes(server: &Server, name: &str, status: &str) -> anyhow::Result<()> {
    let what = format!("{name} to be {status}");
    wait::until(&what, Duration::from_secs(15), async || {
        let agent = server.local()?.agent(name).await?;
        Ok((agent.status == status).then_some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_is_found_from_the_command_line() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).with_agents().start().await?;
    server.agents_idle().await?;
    told(&server, &["chat", "/remember the release is on Thursday at 14:00"]).await?;
    let found: MemoryResults = json(&server, &["memory", "search", "when is the release?"]).await?;
    let best = found.results.first().context("a hit")?;
    assert!(best.memory.text.contains("Thursday"), "{best:?}");
    let table = told(&server, &["memory", "search", "when is the release?"]).await?;
    assert!(table.contains("Thursday"), "{table}");
    let asked = told(&server, &["chat", "/recall release"]).await?;
    assert!(asked.contains("Thursday"), "{asked}");

    let first: Value = json(&server, &["chat", "/ask code hello"]).await?;
    let thread = first["conversation_id"].as_str().context("a conversation")?;
    told(&server, &["chat", "-c", thread, "/ask code hello again"]).await?;
    assert_eq!(server.local()?.messages(thread).await?.len(), 4, "one thread goes on");
    let lost = server.command(["chat", "-c", "01890a5d-ac96-774b-bcce-b302099a8057", "hi"]);
    let lost = lost.run().await?;
    assert!(lost.code == Some(1) && lost.stderr.contains("not found"), "{lost:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_sees_links_logs_settings_and_health() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).with_agents().start().await?;
    server.agents_idle().await?;
    let link: SetupLinkView = json(&server, &["setup-link"]).await?;
    let token = link.url.split_once("#t=").context("a token")?.1;
    let logs = told(&server, &["logs"]).await?;
    assert!(logs.contains("ready"), "{logs}");
    assert!(!server.home().log_text().contains(token), "a link is never logged");

    let hours = vec![("JWT_EXPIRY_HOURS".to_owned(), "5".to_owned())];
    let show = server.command(["config", "show", "--origin"]).environment(hours);
    let settings = show.clone().run().await?.success()?.stdout;
    ensure!(!settings.contains("JWT_EXPIRY_HOURS"), "the server never saw it:\n{settings}");
    let settings = show.arguments(["--start"]).run().await?.success()?.stdout;
    ensure!(settings.contains("JWT_EXPIRY_HOURS"), "the origin is shown:\n{settings}");
    let checked: Value = json(&server, &["config", "check"]).await?;
    assert_eq!(checked["ok"], true, "{checked}");
    let health: Value = {
        let ended = server.command(["doctor", "--json"]).run().await?;
        ensure!(matches!(ended.code, Some(0 | 3)), "{ended:?}");
        serde_json::from_str(&ended.stdout).with_context(|| ended.stdout.clone())?
    };
    assert!(health.is_object() || health.is_array(), "{health}");
    let example = told(&server, &["config", "example"]).await?;
    assert!(example.contains("server:") && example.contains("listen"), "{example}");
    Ok(())
}
