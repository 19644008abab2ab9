//! The fleet with a real tmux on a socket of its own: windows, deaths, and what reaches a child.
//!
//! The processes are small scripts; the test says hello for them, as `web/api` does for an agent
//! whose process id the kernel told it.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that meets the unexpected fails"
)]

mod support;

use std::time::Duration;

use agents::fleet::{Service, Which};
use appliance_core::{
    AgentName, AgentState, AgentStatus, Control, EventBody, Topic,
    bus::LEASE,
    desk::Beat,
    ports::{AuditTrail, Fleet, FleetError, Live},
};
use support::{
    House, next,
    rig::{Rig, SCRIPT, command, parts, peer, soon},
};
use tokio::time::Instant;

fn environment_of(pid: u32) -> String {
    String::from_utf8(std::fs::read(format!("/proc/{pid}/environ")).unwrap()).unwrap()
}

/// Tells whether the process has ended; one that nobody has reaped counts.
fn is_gone(pid: u32) -> bool {
    match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => stat.rsplit(')').next().is_some_and(|rest| rest.starts_with(" Z")),
        Err(_) => true,
    }
}

fn signal(pid: u32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

fn idle() -> Beat {
    Beat { state: AgentState::Idle, task_ids: Vec::new() }
}

#[tokio::test]
async fn six_agents_and_two_views_come_up_in_their_windows_with_separate_arguments() {
    let Some(rig) = Rig::start(Which::All).await else { return };
    for agent in AgentName::ALL {
        rig.pid_of(agent, None).await;
    }
    let format = "#{window_index} #{window_name}";
    let wanted = [
        "0 supervisor",
        "1 code",
        "2 data",
        "3 infra",
        "4 research",
        "5 qa",
        "6 monitor",
        "7 logs",
    ];
    soon("eight windows", async || {
        let list = ["list-windows", "-t", "ai-infrastructure", "-F", format];
        let windows = rig.tmux(&list).await;
        (windows.lines().collect::<Vec<_>>() == wanted).then_some(())
    })
    .await;

    let socket = rig.house.dir.path().join("agent.sock");
    let said = format!("I am agent run code --socket {}", socket.display());
    soon("the window's text", async || {
        let text = rig.fleet.window_text(AgentName::Code, 1_000).await.unwrap();
        (text == said).then_some(())
    })
    .await;
    let attach = rig.fleet.list()[1].attach.clone().unwrap();
    assert!(attach.ends_with("attach -t ai-infrastructure:1"), "{attach}");
    rig.tmux(&["copy-mode", "-t", "ai-infrastructure:1"]).await; // somebody scrolls back
    rig.fleet.forget_windows().await;
    assert_eq!(rig.fleet.window_text(AgentName::Code, 1_000).await.unwrap(), "");
    rig.end().await;
}

#[tokio::test]
async fn nothing_of_our_environment_reaches_a_window() {
    let Some(rig) = Rig::start(Which::All).await else { return };
    // Cargo gives every test this one; a secret would travel the same way.
    assert!(environment_of(std::process::id()).contains("CARGO_MANIFEST_DIR="));
    for agent in AgentName::ALL {
        let pid = rig.pid_of(agent, None).await;
        // Between fork and exec it still has the tmux server's.
        let begun = async || environment_of(pid).contains("TMUX=").then_some(());
        soon("the program in its window", begun).await;
        let environment = environment_of(pid);
        let mut names: Vec<&str> =
            environment.split('\0').filter_map(|pair| pair.split('=').next()).collect();
        names.retain(|name| !name.is_empty());
        names.sort_unstable();
        let allowed = [
            "LC_ALL",
            "PATH",
            "PWD",
            "SHELL",
            "SHLVL",
            "TERM",
            "TERM_PROGRAM",
            "TERM_PROGRAM_VERSION",
            "TMUX",
            "TMUX_PANE",
            "COLORTERM",
            "_",
        ];
        assert!(names.iter().all(|name| allowed.contains(name)), "{names:?}");
        assert!(names.contains(&"PATH") && names.contains(&"TMUX"), "{names:?}");
    }
    let server: u32 = rig.tmux(&["display-message", "-p", "#{pid}"]).await.trim().parse().unwrap();
    assert!(!environment_of(server).contains("CARGO"), "the tmux server has ours");
    rig.end().await;
}

#[tokio::test]
async fn a_killed_agent_loses_its_leases_at_once_and_comes_back_in_its_window() {
    let Some(rig) = Rig::start(Which::All).await else { return };
    let pid = rig.pid_of(AgentName::Supervisor, None).await;
    let welcome = rig.fleet.hello(&peer(pid), AgentName::Supervisor).await.unwrap();
    assert_eq!((welcome.workers.len(), welcome.prompt.as_str()), (5, "You are supervisor."));
    let who = rig.fleet.who(&peer(pid)).unwrap();
    rig.house.say("one").await;
    let work = rig.house.lease(who).await;

    let began = Instant::now();
    signal(pid, rustix::process::Signal::KILL);
    let again = rig.pid_of(AgentName::Supervisor, Some(pid)).await;
    assert!(matches!(rig.fleet.who(&peer(pid)), Err(FleetError::Stranger { .. })));
    assert!(matches!(rig.fleet.beat(who, idle()).await, Err(FleetError::Stranger { .. })));

    rig.fleet.hello(&peer(again), AgentName::Supervisor).await.unwrap();
    let heir = rig.fleet.who(&peer(again)).unwrap();
    let same = rig.house.lease(heir).await;
    assert!(began.elapsed() < LEASE / 2, "the lease fell with its holder");
    assert_eq!((same.task.id, same.task.attempt), (work.task.id, 2));
    assert_eq!(rig.fleet.list()[0].restarts, 1);
    rig.end().await;
}

#[tokio::test]
async fn all_windows_come_back_when_the_tmux_server_is_killed() {
    let Some(rig) = Rig::start(Which::All).await else { return };
    for _ in 0..2 {
        let mut before = Vec::new();
        for agent in AgentName::ALL {
            before.push(rig.pid_of(agent, None).await);
        }
        rig.tmux(&["kill-server"]).await;
        for (agent, before) in AgentName::ALL.into_iter().zip(before) {
            rig.pid_of(agent, Some(before)).await;
        }
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        assert!(rig.fleet.list().iter().all(|agent| agent.restarts == 0), "not their fault");
    }
    let count = rig.tmux(&["list-windows", "-t", "ai-infrastructure", "-F", "#{pane_dead}"]).await;
    assert_eq!(count.lines().collect::<Vec<_>>(), ["0"; 8]);
    rig.end().await;
}

#[tokio::test]
async fn a_stopped_agent_stays_stopped_and_can_be_started_again() {
    let Some(rig) = Rig::start(Which::All).await else { return };
    let pid = rig.pid_of(AgentName::Qa, None).await;
    let mut events = rig.house.live.subscribe(Topic::Agents);
    let status = rig.fleet.control(AgentName::Qa, Control::Stop).await.unwrap();
    assert_eq!(status.state, AgentState::Stopping);
    let EventBody::Agent(shown) = next(&mut events).await.body else { panic!("an agent") };
    assert_eq!((shown.name, shown.state), (AgentName::Qa, AgentState::Stopping));
    rig.wait_for_state(AgentName::Qa, AgentState::Stopped).await;
    assert!(!rig.house.store.agent_wanted(AgentName::Qa).await.unwrap(), "remembered");
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    rig.wait_for_state(AgentName::Qa, AgentState::Stopped).await;

    rig.fleet.control(AgentName::Qa, Control::Start).await.unwrap();
    let again = rig.pid_of(AgentName::Qa, Some(pid)).await;
    rig.fleet.control(AgentName::Qa, Control::Restart).await.unwrap();
    rig.pid_of(AgentName::Qa, Some(again)).await;
    assert_eq!(rig.wait_for(AgentName::Qa, |s| s.pid.map(|_| s.restarts)).await, 0);
    rig.end().await;
}

#[tokio::test]
async fn a_crash_loop_waits_and_says_so() {
    let script = "#!/bin/sh\n[ \"$3\" = data ] && exit 1\nwhile :; do sleep 0.05; done\n";
    let Some(rig) = Rig::start_with(Which::All, script).await else { return };
    let twice = |s: &AgentStatus| (s.restarts == 2 && s.pid.is_none()).then(|| s.clone());
    let status = rig.wait_for(AgentName::Data, twice).await;
    assert_eq!(status.state, AgentState::Error);
    assert!(status.problem.unwrap().contains("started again in 10 s"));
    rig.pid_of(AgentName::Code, None).await;
    rig.end().await;
}

#[tokio::test]
async fn an_agent_run_by_hand_is_taken_in_once_and_noticed_when_it_dies() {
    let Some(rig) = Rig::start(Which::None).await else { return };
    let start = || {
        let log = rig.house.dir.path().join("hand.log");
        agents::spawn::child("/bin/sleep".as_ref(), &["60".into()], &log).unwrap()
    };
    let (mut one, mut two) = (start(), start());
    let (first, second) = (one.id().unwrap(), two.id().unwrap());
    rig.fleet.hello(&peer(first), AgentName::Code).await.unwrap();
    let who = rig.fleet.who(&peer(first)).unwrap();
    assert!(rig.fleet.beat(who, idle()).await.unwrap());
    let taken = rig.fleet.hello(&peer(second), AgentName::Code).await;
    assert!(matches!(taken, Err(FleetError::Taken { pid, .. }) if pid == first), "{taken:?}");
    let both = rig.fleet.hello(&peer(first), AgentName::Data).await;
    assert!(matches!(both, Err(FleetError::Stranger { .. })), "one process, one agent");
    rig.fleet.hello(&peer(first), AgentName::Code).await.unwrap();
    assert!(matches!(rig.fleet.beat(who, idle()).await, Err(FleetError::Stranger { .. })));

    one.kill().await.unwrap();
    rig.wait_for_state(AgentName::Code, AgentState::Stopped).await;
    rig.fleet.hello(&peer(second), AgentName::Code).await.unwrap();
    two.kill().await.unwrap();
    rig.wait_for_state(AgentName::Code, AgentState::Stopped).await;
    rig.end().await;
}

#[tokio::test]
async fn a_second_server_on_the_same_socket_takes_the_session_over() {
    let Some(rig) = Rig::start(Which::All).await else { return };
    let before = rig.pid_of(AgentName::Code, None).await;
    rig.stop.cancel();
    let rig = Rig::over(rig.house.clone(), Which::All, SCRIPT).await;
    let after = rig.pid_of(AgentName::Code, None).await;
    assert_ne!(before, after);
    soon("the end of the old one", async || is_gone(before).then_some(())).await;
    rig.end().await;
}

#[tokio::test]
async fn draining_tells_agents_to_finish_and_leaves_nothing_behind() {
    let deaf = "#!/bin/sh\ntrap '' TERM\necho deaf\nwhile :; do sleep 0.05; done\n";
    let Some(rig) = Rig::start_with(Which::All, deaf).await else { return };
    let pid = rig.pid_of(AgentName::Code, None).await;
    for agent in AgentName::ALL {
        rig.pid_of(agent, None).await;
        soon("a deaf agent", async || {
            let text = rig.fleet.window_text(agent, 10).await.unwrap();
            (text == "deaf").then_some(())
        })
        .await;
    }
    rig.fleet.hello(&peer(pid), AgentName::Code).await.unwrap();
    let who = rig.fleet.who(&peer(pid)).unwrap();
    let fleet = rig.fleet.clone();
    let drain = tokio::spawn(async move { fleet.drain(Duration::from_millis(400)).await });
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert!(!rig.fleet.beat(who, idle()).await.unwrap(), "told to finish");
    assert_eq!(drain.await.unwrap(), 6, "none of them listened");
    soon("the end of the agent", async || is_gone(pid).then_some(())).await;
    let mut ask = command("tmux");
    ask.arg("-S").arg(&rig.tmux_socket).arg("list-sessions");
    assert!(!agents::spawn::output(ask).await.unwrap().status.success(), "no server any more");
}

#[tokio::test]
async fn a_socket_path_that_is_too_long_is_a_clear_error() {
    let house = House::build().await;
    let long = house.dir.path().join("x".repeat(100)).join("tmux.sock");
    let parts = parts(&house, "/bin/true".into(), long, Which::None);
    let error = Service::start(parts).await.unwrap_err().to_string();
    assert!(error.contains("at most 100") && error.contains("tmux.sock"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_in_the_midst_of_a_start_leaves_no_tmux() {
    for millis in [0, 2, 5, 12, 30, 80] {
        let Some(rig) = Rig::start(Which::All).await else { return };
        tokio::time::sleep(Duration::from_millis(millis)).await;
        rig.fleet.kill_now();
        tokio::time::sleep(Duration::from_millis(300)).await;
        rig.stop.cancel();
        let answers = std::os::unix::net::UnixStream::connect(&rig.tmux_socket).is_ok();
        assert!(!answers, "a tmux server lives, killed {millis} ms after the start");
    }
}

/// Lists processes whose command line names `folder`.
fn processes_of(folder: &std::path::Path) -> Vec<String> {
    let folder = folder.display().to_string();
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = all.filter_map(|it| std::fs::read(it.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(&folder)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_in_the_midst_of_a_start_leaves_no_process_and_no_tmux() {
    for millis in [0, 1, 2, 3, 5, 8, 12, 16, 20, 30, 45, 60, 80] {
        let Some(rig) = Rig::start(Which::All).await else { return };
        tokio::time::sleep(Duration::from_millis(millis)).await;
        rig.fleet.drain(Duration::from_secs(5)).await;
        // A start that went on regardless would show by now.
        tokio::time::sleep(Duration::from_millis(200)).await;
        rig.stop.cancel();
        // The file itself stays; whoever ends the server removes one that nobody answers at.
        let answers = std::os::unix::net::UnixStream::connect(&rig.tmux_socket).is_ok();
        assert!(!answers, "a tmux server lives, told to stop {millis} ms after the start");
        soon("the end of all processes", async || {
            processes_of(rig.house.dir.path()).is_empty().then_some(())
        })
        .await;
    }
}
