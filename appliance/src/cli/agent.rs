//! `agent ...`: be one, see them, steer them. The fleet itself lives in the server.

use std::{io::IsTerminal as _, os::unix::process::CommandExt as _, process::ExitCode};

use agents::{lock::Lock, worker};
use anyhow::Context as _;
use appliance_core::AgentName;
use web_dto::{AgentList, AgentLog, AgentView};

use super::{Context, arguments::Agent, print};
use crate::{
    clock::SystemClock,
    exit::{self, Failure},
    telemetry,
};

/// Runs one of the agent commands.
///
/// # Errors
/// When no server runs, or it refuses.
pub fn run(context: &Context, command: &Agent) -> anyhow::Result<ExitCode> {
    match *command {
        Agent::Run { name } => be(context, name),
        Agent::List => list(context),
        Agent::Attach { ref window } => attach(context, window),
        Agent::Start { name } => steer(context, name, "start"),
        Agent::Stop { name } => steer(context, name, "stop"),
        Agent::Restart { name } => steer(context, name, "restart"),
        Agent::Log { name, lines } => log(context, name, lines),
    }
}

/// Is the agent until it is told to stop or the server is gone.
fn be(context: &Context, agent: AgentName) -> anyhow::Result<ExitCode> {
    let socket = context.agent_socket()?;
    telemetry::start_quiet(context.variable("AI_INFRA_LOG"))?;
    // Before there is a second thread, and before anything comes in from outside.
    let lock = agents::lock::lock().context("while locking this process")?;
    if lock == Lock::None {
        tracing::warn!(
            "this kernel has no Landlock: nothing keeps this process from people's files"
        );
    }
    context.block_on(async move {
        let (clock, patience) = (SystemClock::new(0), worker::Patience::default());
        let tasks = context.tasks();
        worker::run(worker::Options { agent, socket, clock, patience, tasks })
            .await
            .with_context(|| format!("while being agent {agent}"))?;
        Ok(ExitCode::SUCCESS)
    })
}

fn list(context: &Context) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    let all: AgentList = context.block_on(client.get("/api/agents"))?;
    if context.json() {
        print::json(&all)?;
        return Ok(ExitCode::SUCCESS);
    }
    print::out(&(table(&all.agents) + "\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the agents as a table.
pub fn table(agents: &[AgentView]) -> String {
    let head = ["AGENT", "STATE", "PID", "HEARTBEAT", "RESTARTS", "TASK OR PROBLEM"];
    print::table(&head, agents.iter().map(row).collect())
}

fn row(agent: &AgentView) -> Vec<String> {
    let dash = || "-".to_owned();
    vec![
        agent.name.clone(),
        agent.status.clone(),
        agent.pid.map_or_else(dash, |pid| pid.to_string()),
        heartbeat(agent).unwrap_or_else(dash),
        agent.restarts.to_string(),
        doing(agent).unwrap_or_else(dash),
    ]
}

/// How long ago it gave a sign of life.
pub fn heartbeat(agent: &AgentView) -> Option<String> {
    agent.heartbeat_age_seconds.map(|age| format!("{age:.0} s ago"))
}

/// What is wrong with it, or else what it has in hand.
pub fn doing(agent: &AgentView) -> Option<String> {
    let doing = agent.problem.clone().or_else(|| in_hand(&agent.tasks));
    doing.map(|text| print::line(&text, 60))
}

/// The longest in hand by name, the rest by number.
fn in_hand(tasks: &[String]) -> Option<String> {
    let (first, more) = tasks.split_first()?;
    Some(if more.is_empty() { first.clone() } else { format!("{first} and {} more", more.len()) })
}

fn steer(context: &Context, name: AgentName, verb: &str) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    let path = format!("/api/agents/{name}/{verb}");
    let agent: AgentView = context.block_on(client.post(&path, &serde_json::json!({})))?;
    if context.json() {
        print::json(&agent)?;
    } else {
        context.say(&format!("{}: {}", agent.name, agent.status));
    }
    Ok(ExitCode::SUCCESS)
}

fn log(context: &Context, name: AgentName, lines: u16) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    let path = format!("/api/agents/{name}/log?lines={lines}");
    let log: AgentLog = context.block_on(client.get(&path))?;
    if context.json() {
        print::json(&log)?;
    } else {
        print::out(&format!("{}\n", log.text.trim_end()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Becomes tmux, attached to an agent's window or one that only shows something; without a terminal,
/// prints how.
fn attach(context: &Context, window: &str) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    let agents: AgentList = context.block_on(client.get("/api/agents"))?;
    let agent = agents.agents.iter().find(|agent| agent.name == window);
    if agent.is_none() {
        known(context, window)?;
    }
    let command = match agent {
        Some(agent) => agent.attach.clone(),
        None => agents.agents.iter().find_map(|it| beside(it.attach.as_ref()?, window)),
    };
    let Some(command) = command else { return Err(no_window(window, agent.is_some()).into()) };
    if context.json() {
        match agent {
            Some(agent) => print::json(agent)?,
            None => print::json(&serde_json::json!({ "name": window, "attach": command }))?,
        }
        return Ok(ExitCode::SUCCESS);
    }
    if !std::io::stdout().is_terminal() {
        print::out(&format!("{command}\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let (socket, target) =
        parts(&command).with_context(|| format!("while reading the attach command `{command}`"))?;
    Err(become_tmux(socket, target).into())
}

/// Refuses a name that no window has.
fn known(context: &Context, window: &str) -> anyhow::Result<()> {
    let windows = context.settings(Vec::new())?.session.windows;
    let names: Vec<&str> = windows.iter().map(|window| window.name.as_str()).collect();
    if names.contains(&window) {
        return Ok(());
    }
    let what = format!("there is no window `{window}`; there are {}", names.join(", "));
    Err(Failure::new(2, what, "").into())
}

fn no_window(window: &str, is_agent: bool) -> Failure {
    let more = if is_agent { format!(", or: ai-infra agent log {window}") } else { String::new() };
    let what = format!("{window} has no window: it does not run, or the server found no tmux");
    Failure::new(exit::UNAVAILABLE, what, format!("install tmux and restart the server{more}"))
}

/// The command that shows another window of the same session, by its name.
fn beside(command: &str, window: &str) -> Option<String> {
    let (session, _) = command.rsplit_once(':')?;
    Some(format!("{session}:={window}"))
}

/// Takes `tmux -S SOCKET attach -t TARGET` apart; the socket's path may hold spaces.
fn parts(command: &str) -> Option<(&str, &str)> {
    command.strip_prefix("tmux -S ")?.rsplit_once(" attach -t ")
}

#[expect(clippy::disallowed_methods, reason = "starts nothing: this process becomes tmux")]
fn become_tmux(socket: &str, target: &str) -> Failure {
    let mut tmux = std::process::Command::new("tmux");
    // Inside another tmux this variable would make ours refuse.
    let error = tmux.env_remove("TMUX").args(["-S", socket, "attach", "-t", target]).exec();
    Failure::new(exit::UNAVAILABLE, format!("while starting tmux: {error}"), "install tmux")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_attach_command_is_taken_apart_even_with_spaces_in_it() {
        let command = "tmux -S /run/my dir/tmux.sock attach -t ai-infrastructure:3";
        assert_eq!(parts(command), Some(("/run/my dir/tmux.sock", "ai-infrastructure:3")));
        assert_eq!(parts("screen -x"), None);
        let monitor = beside(command, "monitor");
        assert_eq!(
            monitor.as_deref(),
            Some("tmux -S /run/my dir/tmux.sock attach -t ai-infrastructure:=monitor")
        );
    }

    #[test]
    fn a_problem_is_shown_before_a_task_and_cannot_steer_the_terminal() {
        let agent = AgentView {
            name: "code".to_owned(),
            status: "error".to_owned(),
            description: String::new(),
            pid: None,
            current_task: Some("t1".to_owned()),
            tasks: vec!["t1".to_owned(), "t2".to_owned()],
            heartbeat_age_seconds: Some(7.4),
            restarts: 2,
            started_at: None,
            problem: Some("died\u{1b}[2J".to_owned()),
            attach: None,
        };
        let shown = table(std::slice::from_ref(&agent));
        assert!(shown.contains("7 s ago") && shown.contains("died\\u{1b}[2J"), "{shown}");
        assert!(!shown.contains('\u{1b}') && !shown.contains("t1"));
        let well = table(&[AgentView { problem: None, ..agent }]);
        assert!(well.contains("t1 and 1 more"), "{well}");
    }
}
