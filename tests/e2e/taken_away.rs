//! What is taken from under a running server: its sockets, their directory, its program, its time.

use std::{fs, path::PathBuf, time::Duration};

use anyhow::{Context, ensure};
use appliance_tests::{
    Home, Plan, Server,
    processes::{self, Signal},
    wait,
};

const BINARY: &str = env!("CARGO_BIN_EXE_ai-infra");

/// How long an answer, or the way back to order, may take on a busy machine.
const SOON: Duration = Duration::from_secs(30);

async fn answers(server: &Server) -> anyhow::Result<()> {
    let client = server.local()?;
    let conversation = client.converse().await?;
    let accepted = client.say(&conversation, "/ask qa is the heron a bird?").await?;
    let answer = client.answer(&conversation, &accepted, SOON);
    answer.await.map(drop).with_context(|| server.log_tail())
}

async fn pids(server: &Server) -> anyhow::Result<Vec<Option<u32>>> {
    Ok(server.agents_idle().await?.into_iter().map(|agent| agent.pid).collect())
}

/// Waits until every socket is there, and the card.
async fn stands(server: &Server) -> anyhow::Result<()> {
    let facts = server.facts()?;
    let sockets = [Some(facts.api_socket.clone()), Some(facts.agent_socket.clone())];
    let mut all: Vec<PathBuf> =
        sockets.into_iter().chain([facts.tmux_socket.clone()]).flatten().collect();
    all.push(facts.api_socket.with_file_name("serve.json"));
    let whole = wait::until("all sockets and the card", SOON, async || {
        Ok(all.iter().all(|path| path.exists()).then_some(()))
    });
    whole.await.with_context(|| server.log_tail())
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_that_are_removed_are_made_again_and_agents_stay() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).with_agents().start().await?;
    let before = pids(&server).await?;
    let facts = server.facts()?.clone();
    for socket in [&facts.api_socket, &facts.agent_socket] {
        fs::remove_file(socket)?;
    }
    stands(&server).await?;
    answers(&server).await?;
    fs::remove_dir_all(facts.api_socket.parent().context("a runtime directory")?)?;
    stands(&server).await?;
    answers(&server).await?;
    server.tmux(&["list-windows"]).await?;
    assert_eq!(pids(&server).await?, before, "nobody was started anew");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_cannot_be_made_again_ends_the_server_with_its_reason() -> anyhow::Result<()> {
    let home = Home::new()?;
    let mut child = Plan::new(BINARY).program(&home).command().spawn()?;
    let pid = child.id().context("it runs")?;
    let place = wait::until("a running server", SOON, async || {
        Ok(home.serve_json(pid).map(|(place, _)| place))
    })
    .await?;
    fs::remove_dir_all(&place)?;
    fs::write(&place, "somebody else's")?;
    let status = tokio::time::timeout(SOON, child.wait()).await??;
    let _cleared = fs::remove_file(&place);
    assert_eq!(status.code(), Some(70));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_start_from_the_open_program_when_its_file_is_gone() -> anyhow::Result<()> {
    let home = Home::new()?;
    let program = home.root().join("program");
    fs::copy(BINARY, &program)?;
    let server = Plan::new(&program).with_agents().start_in(home).await?;
    for step in ["removed", "replaced"] {
        let before = pids(&server).await?;
        match step {
            "removed" => fs::remove_file(&program)?,
            _ => fs::write(&program, "#!/bin/false\n")?,
        }
        for pid in before.iter().flatten() {
            processes::kill(*pid, Signal::KILL);
        }
        let again = wait::until("six new agents", SOON, async || {
            let now = pids(&server).await?;
            ensure!(now.iter().all(|pid| !before.contains(pid)), "{now:?}");
            Ok(Some(()))
        });
        again.await.with_context(|| format!("{step}: {}", server.log_tail()))?;
        answers(&server).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "stops the server for longer than an agent may be silent: 70 s"]
async fn a_server_that_was_stopped_holds_it_against_nobody() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).with_agents().words_per_second(20).start().await?;
    let before = pids(&server).await?;
    let client = server.local()?;
    let conversation = client.converse().await?;
    let pid = server.pid()?;
    processes::kill(pid, Signal::STOP);
    tokio::time::sleep(Duration::from_secs(70)).await;
    processes::kill(pid, Signal::CONT);
    let accepted = client.say(&conversation, "/ask code count to 5").await?;
    client.answer(&conversation, &accepted, SOON).await.with_context(|| server.log_tail())?;
    assert_eq!(pids(&server).await?, before, "{}", server.log_tail());
    ensure!(server.log_tail().contains("the server itself was stopped"), "{}", server.log_tail());
    Ok(())
}
