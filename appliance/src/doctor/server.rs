//! The server and what only it can tell: store, agents, readiness. Without one, the store itself.

use std::sync::Arc;

use appliance_config::Settings;
use appliance_core::ports::{DamageReport, Damaged, StoreDamage as _};
use appliance_tasks::Tasks;
use storage_embedded::{DataDir, OpenError, Store};
use web_dto::{AgentList, AgentView, DamagedView, MemoryStatsView, Ready, ServerInfo};

use super::{Check, Reach, rows};
use crate::{cli::Client, clock::SystemClock, exit};

/// Checks the server, or the store when no server runs.
pub async fn checks(settings: &Settings, client: Reach<'_>) -> Vec<Check> {
    let client = match client {
        Ok(client) => client,
        Err(error) => return vec![Check::fail("server", format!("{error:#}"), "")],
    };
    match client.get::<ServerInfo>("/api/info").await {
        Ok(info) => {
            let said = format!("answers, version {}, model {}", info.version, info.model);
            let mut checks = vec![Check::ok("server", said)];
            checks.extend(ready(client).await);
            checks.extend(memory(client).await);
            checks.extend(agents(client).await);
            checks
        }
        Err(error) if exit::is_absent(&error) => offline(settings).await,
        Err(error) => vec![Check::fail("server", format!("{error:#}"), "see `ai-infra logs`")],
    }
}

async fn ready(client: &Client) -> Vec<Check> {
    let ready = match client.get_any::<Ready>("/api/health/ready").await {
        Ok(ready) => ready,
        Err(error) => {
            return vec![Check::fail("ready", format!("{error:#}"), "see `ai-infra logs`")];
        }
    };
    let wrong: Vec<String> = ready
        .checks
        .iter()
        .filter(|(_, said)| said.as_str() != "ok")
        .map(|(part, said)| format!("{part}: {said}"))
        .collect();
    if wrong.is_empty() {
        return vec![Check::ok("ready", "every part answers")];
    }
    let remedy = match ready.checks.get("clock").map(String::as_str) {
        Some("ahead") => {
            "if the clock is right, say so with `ai-infra clock confirm`; `ai-infra logs` says more"
        }
        Some("behind") => {
            "the clock was set back: set it right, or what is new is dated before what is there"
        }
        _ => "see `ai-infra logs` for the cause",
    };
    if ready.status == "unavailable" {
        return vec![Check::fail("ready", wrong.join(", "), remedy)];
    }
    vec![Check::warn("ready", wrong.join(", "), remedy)]
}

/// What memory itself says of its indexes and rows; nothing when all is well.
async fn memory(client: &Client) -> Vec<Check> {
    let stats = match client.get::<MemoryStatsView>("/api/memory/stats").await {
        Ok(stats) => stats,
        Err(error) => {
            return vec![Check::fail("memory", format!("{error:#}"), "see `ai-infra logs`")];
        }
    };
    let remedy = "searches answer meanwhile and say what they lack; it mends itself, or \
                  `ai-infra logs` says why it cannot";
    let indexes = stats.ailing.map(|why| Check::warn("indexes", why, remedy));
    indexes.into_iter().chain(rows::checks(stats.damaged, stats.mended)).collect()
}

async fn agents(client: &Client) -> Vec<Check> {
    match client.get::<AgentList>("/api/agents").await {
        Ok(all) => vec![fleet(&all.agents)],
        Err(error) => vec![Check::fail("agents", format!("{error:#}"), "")],
    }
}

fn fleet(agents: &[AgentView]) -> Check {
    let states: Vec<String> = agents.iter().map(|a| format!("{} {}", a.name, a.status)).collect();
    let Some(ill) = agents.iter().find(|agent| agent.status == "error") else {
        return Check::ok("agents", states.join(", "));
    };
    let why = ill.problem.as_deref().unwrap_or("no reason told");
    Check::warn(
        "agents",
        format!("{}; {}: {why}", states.join(", "), ill.name),
        format!("see `ai-infra agent log {0}`, then `ai-infra agent restart {0}`", ill.name),
    )
}

/// Looks into the data directory, with its lock held, while no server runs.
async fn offline(settings: &Settings) -> Vec<Check> {
    let start = "start it with: ai-infra serve";
    let mut checks = vec![Check::warn("server", "none runs for this data directory", start)];
    let dir = settings.data.dir.as_path();
    if !dir.is_dir() {
        return checks;
    }
    let opened = DataDir::open(dir).and_then(|claimed| {
        let clock = SystemClock::new(settings.clock.offset_seconds);
        Store::open(&claimed, clock, Tasks::new()).map(Arc::new)
    });
    checks.extend(match opened {
        Ok(store) => compared(&store).await,
        Err(error @ OpenError::Held { .. }) => vec![Check::fail(
            "store",
            format!("{error}; but no server answers at the socket"),
            "wait a moment; if it stays, look at that process, and end it",
        )],
        Err(error) => vec![unusable(error)],
    });
    checks
}

/// Compares the rows of a store that no server has open.
async fn compared(store: &Store) -> Vec<Check> {
    if let Err(error) = store.compare().await {
        return vec![unusable(error)];
    }
    let (found, mended) = told(store.damage());
    if found.is_empty() {
        let well = Check::ok("store", "opens, and its rows agree");
        return std::iter::once(well).chain(rows::checks(found, mended)).collect();
    }
    rows::checks(found, mended)
}

fn unusable(error: impl std::fmt::Display) -> Check {
    Check::fail("store", error.to_string(), "keep a copy before anything else")
}

fn told(report: DamageReport) -> (Vec<DamagedView>, Vec<DamagedView>) {
    let view = |all: Vec<Damaged>| {
        let view = |it: Damaged| {
            let memory = it.memory.map(|id| id.to_string());
            DamagedView { place: it.place, what: it.what, memory }
        };
        all.into_iter().map(view).collect()
    };
    (view(report.found), view(report.mended))
}

#[cfg(test)]
mod tests {
    use super::{super::report::Level, *};

    fn agent(name: &str, status: &str) -> AgentView {
        AgentView {
            name: name.to_owned(),
            status: status.to_owned(),
            description: String::new(),
            pid: None,
            current_task: None,
            tasks: Vec::new(),
            heartbeat_age_seconds: None,
            restarts: 0,
            started_at: None,
            problem: (status == "error").then(|| "died five times".to_owned()),
            attach: None,
        }
    }

    #[test]
    fn an_agent_in_error_is_named_with_its_reason_and_remedy() {
        let check = fleet(&[agent("code", "idle"), agent("qa", "error")]);
        assert_eq!(check.level, Level::Warn);
        assert!(check.said.contains("qa: died five times"));
        assert!(check.remedy.contains("agent restart qa"));
        assert_eq!(fleet(&[agent("code", "stopped")]).level, Level::Ok);
    }
}
