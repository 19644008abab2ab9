//! Few open files: connections never take those that the server itself needs, and where there are none
//! left all the same it says so once, waits, and goes on as soon as there are.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]

use std::time::Duration;

use anyhow::{Context as _, ensure};
use appliance_tests::{Plan, Program, Server, processes, skip, wait};
use rustix::process::Signal;
use tokio::net::TcpStream;

const BINARY: &str = env!("CARGO_BIN_EXE_ai-infra");

const PRLIMIT: &str = "/usr/bin/prlimit";

/// What the log says when connections cannot be accepted.
const SAID: &str = "connections are not accepted until this has passed";

/// Longer than an agent needs to come back after two starts that failed.
const BACK: Duration = Duration::from_secs(90);

async fn begin() -> anyhow::Result<Option<Server>> {
    if Program::bare(PRLIMIT.as_ref()).arguments(["--version"]).run().await.is_err() {
        skip::loudly("few open files", "prlimit is not installed")?;
        return Ok(None);
    }
    let plan = Plan::new(BINARY).with_agents().under(&[PRLIMIT, "--nofile=400:400"]);
    let server = plan.start().await?;
    server.agents_idle().await?;
    Ok(Some(server))
}

/// Opens connections that say nothing, as many as are taken.
async fn crowd(server: &Server, count: usize) -> anyhow::Result<Vec<TcpStream>> {
    let address = server.facts()?.listen.clone();
    let mut crowd = Vec::new();
    for _ in 0..count {
        let opened = tokio::time::timeout(Duration::from_secs(1), TcpStream::connect(&address));
        match opened.await {
            Ok(Ok(stream)) => crowd.push(stream),
            _ => break,
        }
    }
    Ok(crowd)
}

async fn kill_code(server: &Server) -> anyhow::Result<u32> {
    let pid = server.local()?.agent("code").await?.pid.context("code runs")?;
    processes::kill(pid, Signal::KILL);
    Ok(pid)
}

async fn code_is_back(server: &Server, before: u32) -> anyhow::Result<()> {
    wait::until("another life of code", BACK, async || {
        let code = server.local()?.agent("code").await?;
        Ok((code.status == "idle" && code.pid != Some(before)).then_some(()))
    })
    .await
    .with_context(|| server.log_tail())
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_leave_the_server_the_files_that_it_needs() -> anyhow::Result<()> {
    let Some(server) = begin().await? else { return Ok(()) };
    let crowd = crowd(&server, 600).await?;
    ensure!(crowd.len() > 400, "more than there are files: {}", crowd.len());
    let before = kill_code(&server).await?;
    code_is_back(&server, before).await?;
    let said = server.local()?.converse().await?;
    ensure!(!said.is_empty(), "what is written is written");
    ensure!(!server.home().log_text().contains(SAID), "{}", server.log_tail());
    drop(crowd);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_file_to_open_says_it_once_and_goes_on_afterwards() -> anyhow::Result<()>
{
    let Some(server) = begin().await? else { return Ok(()) };
    let pid = server.pid()?.to_string();
    let limit = |soft: &'static str| {
        let words = ["--pid".to_owned(), pid.clone(), format!("--nofile={soft}:400")];
        async move { Program::bare(PRLIMIT.as_ref()).arguments(words).run().await?.success() }
    };
    let before = server.local()?.agent("code").await?.pid.context("code runs")?;
    limit("16").await?; // fewer than are open
    let waiting = crowd(&server, 50).await?;
    wait::until("the log to say it", BACK, async || {
        Ok(server.home().log_text().contains(SAID).then_some(()))
    })
    .await?;
    processes::kill(before, Signal::KILL);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let said = server.home().log_text().matches(SAID).count();
    ensure!(said == 1, "said {said} times: {}", server.log_tail());
    limit("400").await?;
    drop(waiting);
    code_is_back(&server, before).await?;
    ensure!(server.stranger()?.get_status("/api/health/live").await? == 200);
    Ok(())
}
