//! A disk that fails or is full under the real server: what ends it, what it goes on after, what it says.
//!
//! Calls fail by strace, the full disk is a small tmpfs that only this server sees.

use std::{fs, os::unix::fs::PermissionsExt as _, time::Duration};

use anyhow::{Context as _, ensure};
use appliance_tests::{
    Client, Home, Plan, Server,
    disk::{Fault, SmallDisk},
    processes, skip, wait,
};
use http::Method;
use web_dto::Ready;

const BINARY: &str = env!("CARGO_BIN_EXE_ai-infra");

/// How long something may take that is about to happen, on a busy machine.
const SOON: Duration = Duration::from_secs(20);

/// What was said in one conversation and what came of it.
struct Said {
    conversation: String,
    acked: Vec<String>,
    refused: Vec<String>,
}

impl Said {
    async fn begin(client: &Client) -> anyhow::Result<Self> {
        let conversation = client.converse().await?;
        Ok(Self { conversation, acked: Vec::new(), refused: Vec::new() })
    }

    /// Says one thing more; returns the status, or 0 when there was no answer at all.
    async fn say(&mut self, client: &Client, length: usize) -> u16 {
        let number = self.acked.len() + self.refused.len();
        let text = format!("number {number} {}", "x".repeat(length));
        let key = format!("{}-{number}", self.conversation);
        let status =
            client.say_once(&self.conversation, &text, &key).await.map_or(0, |it| it.status);
        if status == 202 {
            self.acked.push(text);
        } else {
            self.refused.push(text);
        }
        status
    }

    /// Checks that what was acknowledged is there, each once.
    async fn is_kept(&self, client: &Client) -> anyhow::Result<()> {
        let found = client.messages(&self.conversation).await?;
        for text in &self.acked {
            let times = found.iter().filter(|message| &message.content == text).count();
            ensure!(times == 1, "{times} times: {}", &text[..20]);
        }
        Ok(())
    }
}

/// Waits until readiness says `code` of the records, with 200.
async fn says(client: &Client, code: &str) -> anyhow::Result<()> {
    let look = async || {
        let ready: Ready = client.get("/api/health/ready").await?;
        let said = ready.checks.get("records").map(String::as_str);
        ensure!(said == Some(code) && ready.status != "unavailable", "{ready:?}");
        ensure!(code == "ok" || ready.status == "degraded", "{ready:?}");
        Ok(Some(()))
    };
    wait::until(&format!("readiness to say {code}"), SOON, look).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_sync_ends_the_server_and_what_was_acknowledged_is_there_again()
-> anyhow::Result<()> {
    for run in 1..=3 {
        let mut server = Plan::new(BINARY).start().await?;
        let client = server.local()?;
        let mut said = Said::begin(&client).await?;
        said.say(&client, 10).await;
        let Some(fault) = Fault::of(&server, "fdatasync", run).await? else {
            return skip::loudly("a failing disk", "strace is not installed");
        };
        while said.refused.is_empty() {
            said.say(&client, 10).await;
            ensure!(said.acked.len() < 50, "sync {run} never failed");
        }
        let (status, took) = server.ended().await?;
        println!("fdatasync {run}: ended with {status} {took:?} after the client knew");
        assert_eq!(status.code(), Some(74), "{}", server.log_tail());
        assert!(server.log_tail().contains("syncing state.redb"), "{}", server.log_tail());
        ensure!(fault.has_come(), "something else ended it");
        drop(fault);

        server.start().await?;
        said.is_kept(&server.local()?).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_sync_takes_agents_and_sockets_along() -> anyhow::Result<()> {
    let mut server = Plan::new(BINARY).with_agents().start().await?;
    server.agents_idle().await?;
    let runtime = server.facts()?.api_socket.with_file_name("");
    let client = server.local()?;
    let Some(fault) = Fault::of(&server, "fdatasync", 1).await? else {
        return skip::loudly("a failing disk", "strace is not installed");
    };
    let said = client.post_raw("/api/conversations", &serde_json::json!({}), &[]).await;
    ensure!(!said.is_ok_and(|reply| reply.status < 300), "acknowledged after a failed sync");
    let (status, took) = server.ended().await?;
    println!("ended with {status} {took:?} after the client knew");
    assert_eq!(status.code(), Some(74), "{}", server.log_tail());
    drop(fault);
    let nobody = async || Ok(processes::of_home(server.home().root()).is_empty().then_some(()));
    wait::until("its agents to be gone", SOON, nobody).await?;
    ensure!(!runtime.exists(), "{} is left", runtime.display());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_write_costs_one_message_at_most_and_the_next_are_taken() -> anyhow::Result<()> {
    let mut server = Plan::new(BINARY).start().await?;
    let client = server.local()?;
    for (call, length) in [("pwrite64", 10), ("ftruncate", 45_000)] {
        for run in 1..=3 {
            let mut said = Said::begin(&client).await?;
            // The file grows rarely, so that its first growth is waited for each time.
            let nth = if call == "ftruncate" { 1 } else { run };
            let Some(fault) = Fault::of(&server, call, nth).await? else {
                return skip::loudly("a failing disk", "strace is not installed");
            };
            while !fault.has_come() {
                said.say(&client, length).await;
                ensure!(said.acked.len() < 400, "{call} {run} never failed");
            }
            println!("{call} {run}: {} taken, {} refused", said.acked.len(), said.refused.len());
            ensure!(said.refused.len() <= 1, "{:?}", said.refused.len());
            if !said.refused.is_empty() {
                says(&client, "failing").await.with_context(|| server.log_tail())?;
            }
            for _ in 0..3 {
                assert_eq!(said.say(&client, 10).await, 202, "{call} {run}");
            }
            says(&client, "ok").await?;
            drop(fault);
            said.is_kept(&client).await?;
            server.kill9()?;
            server.start().await?;
            said.is_kept(&server.local()?).await?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_serves_reads_and_logins_through_a_restart_until_there_is_room()
-> anyhow::Result<()> {
    const WHO: (&str, &str) = ("ada@example.org", "correct horse battery");
    let home = Home::new()?;
    let Some(disk) = SmallDisk::mount(&home, BINARY, 24).await? else {
        return skip::loudly("a full disk", "it takes root, unshare and nsenter");
    };
    let mut server = Plan::new(disk.binary()).start_in(home).await?;
    let client = server.first_user(WHO.0, WHO.1).await?;
    let mut said = Said::begin(&client).await?;
    assert_eq!(said.say(&client, 10).await, 202);

    disk.fill()?;
    let mut refused = 202;
    while refused == 202 {
        refused = said.say(&client, 45_000).await;
    }
    assert_eq!(refused, 507, "{}", server.log_tail());
    says(&client, "full").await?;
    said.is_kept(&client).await?;

    let goes_on = async |client: Client, server: &Server| {
        let out = client.send(Method::POST, "/api/auth/logout", &[], Vec::new()).await?;
        ensure!(out.status == 204, "{}", out.text());
        ensure!(client.get_status("/api/auth/me").await? == 401, "the token lives on");
        server.stranger()?.log_in(WHO.0, WHO.1).await
    };
    let client = goes_on(client, &server).await?;
    server.restart().await?;
    let client = server.stranger()?.with_token(client.token().unwrap_or_default());
    said.is_kept(&client).await?;
    says(&client, "full").await?;
    let client = goes_on(client, &server).await?;

    disk.clear()?;
    says(&client, "ok").await?;
    assert_eq!(said.say(&client, 45_000).await, 202, "{}", server.log_tail());
    said.is_kept(&client).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_for_files_is_told_by_the_write_that_meets_it() -> anyhow::Result<()> {
    let home = Home::new()?;
    let limited = home.root().join("limited");
    fs::write(&limited, format!("#!/bin/sh\nulimit -f 8192\nexec {BINARY} \"$@\"\n"))?; // 4 MiB
    fs::set_permissions(&limited, fs::Permissions::from_mode(0o755))?;
    let server = Plan::new(&limited).start_in(home).await?;
    let client = server.local()?;
    let mut said = Said::begin(&client).await?;
    while said.say(&client, 45_000).await == 202 {
        ensure!(said.acked.len() < 400, "the limit was never met");
    }
    let path = appliance_tests::client::messages_path(&said.conversation);
    let more = serde_json::json!({"content": "x".repeat(45_000)});
    let problem = client.post_raw(&path, &more, &[]).await?.problem()?;
    assert_eq!((problem.status, problem.code.as_str()), (507, "store.full"), "{problem:?}");
    assert!(problem.detail.contains("ulimit -f"), "{problem:?}");
    says(&client, "full").await?;
    said.is_kept(&client).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_or_damaged_store_is_refused_in_words() -> anyhow::Result<()> {
    let mut server = Plan::new(BINARY).start().await?;
    let client = server.local()?;
    let mut said = Said::begin(&client).await?;
    for _ in 0..20 {
        said.say(&client, 1_000).await;
    }
    server.stop().await?;
    let state = server.home().data().join("state.redb");
    let sound = fs::read(&state)?;

    let mut refused = 0;
    for page in (1..sound.len() / 4096).filter(|page| sound[page * 4096] != 0).step_by(5) {
        let mut damaged = sound.clone();
        damaged[page * 4096..(page + 1) * 4096].fill(0);
        fs::write(&state, &damaged)?;
        match server.start().await {
            Ok(()) => server.stop().await?, // it serves what is whole
            Err(error) => {
                let said = format!("{error:#}");
                ensure!(said.contains("exit status: 78"), "page {page}: {said}");
                ensure!(said.contains("damaged") && said.contains("backup"), "page {page}: {said}");
                refused += 1;
            }
        }
        ensure!(!server.home().log_text().contains("panicked"), "{}", server.log_tail());
    }
    assert!(refused > 0);

    fs::remove_file(&state)?;
    let ended = Plan::new(BINARY).program(server.home()).run().await?;
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    ensure!(ended.stderr.contains("is missing") && !state.exists(), "{}", ended.stderr);
    fs::write(&state, &sound)?;
    server.start().await?;
    said.is_kept(&server.local()?).await
}
