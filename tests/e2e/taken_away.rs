//! What is taken from under a running server: its sockets, their directory, its program, its records,
//! its time.

use std::{
    fs,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _},
    path::PathBuf,
    time::Duration,
};

use anyhow::{Context, ensure};
use appliance_tests::{
    Home, Plan, Server,
    processes::{self, Signal},
    wait,
};
use serde_json::{Value, json};
use web_dto::{MemoryList, Ready};

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
async fn what_is_laid_in_the_place_of_the_key_or_a_socket_is_set_right() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).start().await?;
    let socket = server.facts()?.api_socket.clone();
    let key = socket.with_file_name("people.key");
    let held = fs::read(&key)?;
    for step in ["other words", "open to all", "a folder", "a folder for a socket"] {
        match step {
            "other words" => fs::write(&key, "somebody else's")?,
            "open to all" => fs::set_permissions(&key, fs::Permissions::from_mode(0o644))?,
            "a folder" => fs::remove_file(&key).and_then(|()| fs::create_dir(&key))?,
            _ => fs::remove_file(&socket).and_then(|()| fs::create_dir(&socket))?,
        }
        let right = wait::until("the key and the socket", SOON, async || {
            let is_held = fs::read(&key).is_ok_and(|found| found == held);
            let is_own = fs::metadata(&key).is_ok_and(|found| found.mode() & 0o077 == 0);
            let is_socket = fs::metadata(&socket).is_ok_and(|it| it.file_type().is_socket());
            Ok((is_held && is_own && is_socket).then_some(()))
        });
        right.await.with_context(|| format!("{step}: {}", server.log_tail()))?;
        server.local()?.get::<MemoryList>("/api/memory").await.context(step)?;
    }
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
    // As it wakes it may just be closing a connection that nobody used for so long.
    let client = server.local()?;
    let accepted = client.say(&conversation, "/ask code count to 5").await?;
    client.answer(&conversation, &accepted, SOON).await.with_context(|| server.log_tail())?;
    assert_eq!(pids(&server).await?, before, "{}", server.log_tail());
    ensure!(server.log_tail().contains("the server itself was stopped"), "{}", server.log_tail());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_records_file_is_put_back_and_another_in_its_place_is_left_alone_and_named()
-> anyhow::Result<()> {
    let mut server = Plan::new(BINARY).start().await?;
    let client = server.local()?;
    let items = json!({"items": [{"text": "the ferry leaves at noon"}]});
    let _: Value = client.post("/api/memory", &items).await?;
    let file = server.home().data().join("state.redb");
    fs::remove_file(&file)?;
    let is_back = async || Ok(file.exists().then_some(()));
    wait::until("the records to be put back", SOON, is_back).await?;

    let other = file.with_file_name("other");
    fs::write(&other, "somebody's own")?;
    fs::rename(&other, &file)?;
    let records = async |code: &str| {
        let ready: Ready = client.get("/api/health/ready").await?;
        Ok((ready.checks["records"] == code).then_some(()))
    };
    wait::until("readiness to say so", SOON, async || records("failing").await).await?;
    let doctor = server.command(["doctor"]).run().await?;
    ensure!(doctor.stdout.contains("another file was laid"), "{doctor:?}");
    let refused: anyhow::Result<Value> = client.post("/api/memory", &items).await;
    ensure!(refused.is_err(), "a memory was taken in");
    ensure!(fs::read(&file)? == b"somebody's own", "it was written over");

    fs::remove_file(&file)?;
    wait::until("writes to go on", SOON, async || records("ok").await).await?;
    let more = json!({"items": [{"text": "the tram leaves at one"}]});
    let _: Value = client.post("/api/memory", &more).await?;
    server.stop().await?;
    server.start().await?;
    let kept: MemoryList = server.local()?.get("/api/memory").await?;
    ensure!(kept.items.len() == 2, "{kept:?}");
    server.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_directory_that_was_moved_away_can_be_moved_back() -> anyhow::Result<()> {
    let mut server = Plan::new(BINARY).start().await?;
    let client = server.local()?;
    let items = json!({"items": [{"text": "the ferry leaves at noon"}]});
    let _: Value = client.post("/api/memory", &items).await?;
    let data = server.home().data();
    let away = data.with_file_name("data2");
    fs::rename(&data, &away)?;
    let records = async |code: &str| {
        let ready: Ready = client.get("/api/health/ready").await?;
        Ok((ready.checks["records"] == code).then_some(()))
    };
    wait::until("readiness to say so", SOON, async || records("failing").await).await?;
    // The indexes miss their files within a second, and would make new ones.
    tokio::time::sleep(Duration::from_secs(5)).await;
    ensure!(!data.exists(), "something was made: {:?}", fs::read_dir(&data)?.collect::<Vec<_>>());
    fs::rename(&away, &data)?;
    wait::until("writes to go on", SOON, async || records("ok").await).await?;
    let more = json!({"items": [{"text": "the tram leaves at one"}]});
    let _: Value = client.post("/api/memory", &more).await?;
    let place = server.facts()?.api_socket.parent().context("a runtime directory")?.to_owned();
    server.stop().await?;
    let state = data.join("state.redb");
    fs::rename(&state, data.join("moved"))?;
    fs::create_dir(&state)?;
    let refused = format!("{:#}", server.start().await.err().context("it started on a folder")?);
    ensure!(refused.contains("78") && refused.contains("is a folder where a file"), "{refused}");
    ensure!(!place.exists(), "{} stays", place.display());
    fs::remove_dir(&state)?;
    fs::rename(data.join("moved"), &state)?;
    server.start().await?;
    let kept: MemoryList = server.local()?.get("/api/memory").await?;
    ensure!(kept.items.len() == 2, "{kept:?}");
    server.stop().await
}
