//! From start to end: what the service manager hears, what answers without a login, how it drains.

use std::{os::unix::fs::PermissionsExt, path::Path, time::Duration};

use anyhow::{Context, ensure};
use appliance_tests::{
    Home, Plan, Program, client::Method, notify::NotifySocket, processes, skip, wait,
};
use web_dto::{AgentsHealth, Channel, Live, Ready, ServerInfo, ServerPayload};

const BINARY: &str = env!("CARGO_BIN_EXE_ai-infra");

#[tokio::test(flavor = "multi_thread")]
async fn notify_socket_sees_ready_watchdog_and_stopping() -> anyhow::Result<()> {
    let home = Home::new()?;
    let socket = NotifySocket::bind(home.root())?;
    let plan = Plan::new(BINARY)
        .variable("NOTIFY_SOCKET", &socket.path())
        .variable("WATCHDOG_USEC", "2000000");
    let mut server = plan.start_in(home).await?;
    let mut heard = socket.lines();
    assert!(heard.iter().any(|line| line == "READY=1"), "{heard:?}");

    tokio::time::sleep(Duration::from_millis(3_300)).await;
    let beats = socket.lines().iter().filter(|line| *line == "WATCHDOG=1").count();
    assert!((2..=8).contains(&beats), "{beats} beats in 3.3 s at a limit of 2 s");

    server.stop().await?;
    heard.extend(socket.lines());
    assert!(heard.iter().any(|line| line == "STOPPING=1"), "{heard:?}");
    let at = |wanted: &str| heard.iter().position(|line| line == wanted);
    assert!(at("READY=1") < at("STOPPING=1"), "{heard:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watchdog_meant_for_another_process_is_not_fed() -> anyhow::Result<()> {
    let home = Home::new()?;
    let socket = NotifySocket::bind(home.root())?;
    let plan = Plan::new(BINARY)
        .variable("NOTIFY_SOCKET", &socket.path())
        .variable("WATCHDOG_USEC", "400000")
        .variable("WATCHDOG_PID", "1");
    let mut server = plan.start_in(home).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    server.stop().await?;
    let heard = socket.lines();
    assert!(heard.iter().any(|line| line == "READY=1"), "{heard:?}");
    assert!(!heard.iter().any(|line| line == "WATCHDOG=1"), "{heard:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn health_answers_without_login() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).start().await?;
    let stranger = server.stranger()?;
    let live: Live = stranger.get("/api/health/live").await?;
    assert_eq!(live.status, "ok");
    let ready: Ready = stranger.get("/api/health/ready").await?;
    assert!(["ok", "degraded"].contains(&ready.status.as_str()), "{ready:?}");
    assert_eq!(ready.checks.get("records").map(String::as_str), Some("ok"), "{ready:?}");
    let agents: AgentsHealth = stranger.get("/api/health/agents").await?;
    assert_eq!(agents.agents.len(), 6, "{agents:?}");
    let info: ServerInfo = stranger.get("/api/info").await?;
    assert_eq!(
        (info.name.as_str(), info.needs_setup, info.model.as_str()),
        ("ai-infra", true, "demo")
    );
    assert_eq!(stranger.get_status("/api/conversations").await?, 401, "the rest asks for a login");
    let metrics = server.local()?.send(Method::GET, "/metrics", &[], Vec::new()).await?.text();
    for name in ["api_requests_total", "api_request_duration_seconds_bucket"] {
        assert!(metrics.contains(&format!("\n{name}{{")), "{name} is missing in\n{metrics}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_under_load_drains() -> anyhow::Result<()> {
    let mut server = Plan::new(BINARY).with_agents().words_per_second(40).start().await?;
    server.agents_idle().await?;
    let client = server.local()?;
    let mut feed = client.feed().await?;
    let mut said = Vec::new();
    for agent in ["code", "data", "qa"] {
        let conversation = client.converse().await?;
        feed.follow(Channel::Conversation, Some(&conversation), None).await?;
        let accepted = client.say(&conversation, &format!("/ask {agent} count to 60")).await?;
        said.push((conversation, accepted));
    }
    feed.until("a chunk", |frame| matches!(frame.payload, ServerPayload::MessageChunk(_))).await?;
    let pid = server.pid()?;
    let family = processes::descendants(&[pid]);

    let (status, took) = server.terminate().await?;
    assert!(status.success(), "{status}\n{}", server.log_tail());
    assert!(took <= Duration::from_secs(30), "the drain took {took:?}");
    let gone = wait::until("the end of every child", Duration::from_secs(2), async || {
        Ok(family.iter().all(|process| !processes::is_alive(process.pid)).then_some(()))
    });
    gone.await?;
    let left = processes::of_home(server.home().root());
    assert!(left.is_empty(), "left behind: {left:?}");

    server.start().await?;
    let client = server.local()?;
    for (conversation, accepted) in &said {
        client
            .answer(conversation, accepted, Duration::from_secs(30))
            .await
            .with_context(|| server.log_tail())?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_sigterm_ends_it_at_once_and_leaves_nothing() -> anyhow::Result<()> {
    let mut server = Plan::new(BINARY).with_agents().words_per_second(2).start().await?;
    server.agents_idle().await?;
    let client = server.local()?;
    let mut feed = client.feed().await?;
    let conversation = client.converse().await?;
    feed.follow(Channel::Conversation, Some(&conversation), None).await?;
    let accepted = client.say(&conversation, "/ask code count to 60").await?;
    feed.until("a chunk", |frame| matches!(frame.payload, ServerPayload::MessageChunk(_))).await?;
    let place = server.facts()?.api_socket.parent().context("a runtime directory")?.to_owned();

    let status = server.terminate_twice().await?;
    assert_eq!(status.code(), Some(128 + 15), "{}", server.log_tail());
    let gone = wait::until("the end of every process", Duration::from_secs(2), async || {
        let left = processes::of_home(server.home().root());
        ensure!(left.is_empty(), "left behind: {left:?}");
        Ok(Some(()))
    });
    gone.await?;
    let stays = std::fs::read_dir(&place).map(|all| all.flatten().map(|it| it.path()).collect());
    let stays: Vec<_> = stays.unwrap_or_default();
    assert!(!place.exists(), "{} stays with {stays:?}\n{}", place.display(), server.log_tail());

    server.set_variable("AI_INFRA__MODEL__DEMO_WORDS_PER_SECOND", "0");
    server.start().await?;
    let client = server.local()?;
    let answer = client.answer(&conversation, &accepted, Duration::from_secs(30));
    answer.await.with_context(|| server.log_tail())?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hang_up_ends_it_unless_it_was_told_to_ignore_it() -> anyhow::Result<()> {
    let mut server = Plan::new(BINARY).under(&["/usr/bin/nohup"]).start().await?;
    processes::kill(server.pid()?, processes::Signal::HUP);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let live: Live = server.stranger()?.get("/api/health/live").await?;
    ensure!(live.status == "ok", "{live:?}");
    server.stop().await?;

    let mut server = Plan::new(BINARY).start().await?;
    processes::kill(server.pid()?, processes::Signal::HUP);
    let (status, _) = server.ended().await?;
    ensure!(status.success(), "{status}");
    Ok(())
}

/// A namespace of its own in which what is started is process 1.
const FIRST: &[&str] =
    &["/usr/bin/unshare", "--fork", "--pid", "--mount-proc", "--kill-child=SIGKILL"];

/// What the server's process is there: it runs below the first.
const SECOND: u32 = 2;

#[tokio::test(flavor = "multi_thread")]
async fn as_the_first_process_it_reaps_what_others_leave_and_ends_as_told() -> anyhow::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return skip::loudly("a process 1 of a test's own", "only root may make its namespace");
    }
    let home = Home::new()?;
    let plan = Plan::new(BINARY).with_agents().variable("ANTHROPIC_API_KEY", "sk-canary-first");
    let mut outer = plan.program(&home).under(FIRST).command().spawn()?;
    let facts = wait::until("the server to be ready", Duration::from_secs(60), async || {
        Ok(home.serve_json(SECOND).map(|(_, facts)| facts))
    });
    let socket = facts.await?.tmux_socket.context("it has a tmux")?.display().to_string();
    let family = || processes::descendants(&[outer.id().unwrap_or_default()]);
    let first = family().first().context("a process 1")?.clone();
    ensure!(!first.environment.contains("sk-canary"), "process 1 keeps no key");
    let tmux = |family: Vec<processes::Process>| {
        let is_it = |it: &processes::Process| {
            it.arguments.contains("tmux") && it.arguments.contains(&socket)
        };
        family.into_iter().filter(is_it).map(|it| it.pid).min()
    };
    let windows = async || Ok((family().len() >= 8).then(|| tmux(family())).flatten());
    let old = wait::until("the windows of six agents", Duration::from_secs(60), windows).await?;
    processes::kill(old, processes::Signal::KILL);
    let again = async || Ok(tmux(family()).filter(|new| *new != old && family().len() >= 8));
    wait::until("the agents to be back", Duration::from_secs(60), again).await?;
    wait::until("nobody to be left defunct", Duration::from_secs(10), async || {
        let left = family().into_iter().filter(|it| processes::is_defunct(it.pid)).count();
        Ok((left == 0).then_some(()))
    })
    .await?;

    processes::kill(first.pid, processes::Signal::TERM);
    let status = tokio::time::timeout(Duration::from_secs(35), outer.wait()).await??;
    ensure!(status.code() == Some(0), "{status}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn six_agents_in_tmux() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).with_agents().start().await?;
    let agents = server.agents_idle().await?;
    let expected = "0 supervisor\n1 code\n2 data\n3 infra\n4 research\n5 qa\n6 monitor\n7 logs\n";
    // The last two windows come up after the agents, so the list is looked at until it is whole.
    let whole = wait::until("eight windows in order", Duration::from_secs(10), async || {
        let windows =
            server.tmux(&["list-windows", "-F", "#{window_index} #{window_name}"]).await?;
        ensure!(windows == expected, "{windows}");
        Ok(Some(()))
    });
    whole.await?;

    let client = server.local()?;
    let conversation = client.converse().await?;
    let accepted = client.say(&conversation, "/ask qa is the heron a bird?").await?;
    client.answer(&conversation, &accepted, Duration::from_secs(20)).await?;
    for agent in &agents {
        let target = format!("ai-infrastructure:{}", agent.name);
        let screen = server.tmux(&["capture-pane", "-p", "-t", &target]).await?;
        let title = agent.name.to_uppercase();
        assert!(screen.contains(&title), "window {} shows\n{screen}", agent.name);
    }
    let screen = server.tmux(&["capture-pane", "-p", "-t", "ai-infrastructure:qa"]).await?;
    assert!(screen.contains("heron"), "qa's window shows what it works on:\n{screen}");
    let shows = async |window: &str, words: &'static [&'static str]| {
        let target = format!("ai-infrastructure:{window}");
        let what = format!("{words:?} in window {window}");
        let seen = wait::until(&what, Duration::from_secs(5), async || {
            let screen = server.tmux(&["capture-pane", "-p", "-t", &target]).await?;
            Ok(words.iter().all(|word| screen.contains(word)).then_some(()))
        });
        seen.await
    };
    shows("monitor", &["supervisor", "code", "data", "infra", "research", "qa", "idle"]).await?;
    shows("logs", &["delegated"]).await?;
    let socket = server.facts()?.tmux_socket.clone().context("a tmux socket")?;
    let directory = socket.parent().context("a runtime directory")?;
    let mode = std::fs::metadata(directory)?.permissions().mode() & 0o777;
    assert_eq!(mode, 0o700, "nobody else may enter {}", directory.display());
    Ok(())
}

#[tokio::test]
async fn the_binary_is_static() -> anyhow::Result<()> {
    if cfg!(not(all(target_os = "linux", target_env = "gnu"))) {
        return skip::loudly("the_binary_is_static", "only linux-gnu links glibc into the binary");
    }
    let ldd = Program::bare(Path::new("/usr/bin/ldd"))
        .environment(vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())])
        .arguments([BINARY]);
    let ended = ldd.run().await?;
    let told = format!("{}{}", ended.stdout, ended.stderr);
    ensure!(told.contains("statically linked"), "ldd says: {told}");
    Ok(())
}
