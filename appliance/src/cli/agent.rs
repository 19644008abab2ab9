//! `agent ...`: be one, see them, steer them. The fleet itself lives in the server.

use std::{io::IsTerminal as _, os::unix::process::CommandExt as _, process::ExitCode};

use agents::{lock::Lock, worker};
use anyhow::Context as _;
use appliance_core::AgentName;
use web_dto::{AgentList, AgentLog, AgentView};

use super::{Client, Context, arguments::Agent, print};
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
        Agent::Attach { name } => attach(context, name),
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
    let doing = agent.problem.clone().or_else(|| in_hand(&agent.tasks));
    vec![
        agent.name.clone(),
        agent.status.clone(),
        agent.pid.map_or_else(dash, |pid| pid.to_string()),
        agent.heartbeat_age_seconds.map_or_else(dash, |age| format!("{age:.0} s ago")),
        agent.restarts.to_string(),
        doing.map_or_else(dash, |text| print::line(&text, 60)),
    ]
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

/// Becomes tmux, attached to the agent's window; without a terminal, prints how.
fn attach(context: &Context, name: AgentName) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    let agent = context.block_on(view(&client, name))?;
    let Some(command) = &agent.attach else {
        let hint = format!("install tmux and restart the server, or: ai-infra agent log {name}");
        let what = format!("agent {name} has no window: the server found no tmux");
        return Err(Failure::new(exit::UNAVAILABLE, what, hint).into());
    };
    if context.json() {
        print::json(&agent)?;
        return Ok(ExitCode::SUCCESS);
    }
    if !std::io::stdout().is_terminal() {
        print::out(&format!("{command}\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let (socket, target) =
        window(command).with_context(|| format!("while reading the attach command `{command}`"))?;
    Err(become_tmux(socket, target).into())
}

async fn view(client: &Client, name: AgentName) -> anyhow::Result<AgentView> {
    client.get(&format!("/api/agents/{name}")).await
}

/// Takes `tmux -S SOCKET attach -t TARGET` apart; the socket's path may hold spaces.
fn window(command: &str) -> Option<(&str, &str)> {
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
        assert_eq!(window(command), Some(("/run/my dir/tmux.sock", "ai-infrastructure:3")));
        assert_eq!(window("screen -x"), None);
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
