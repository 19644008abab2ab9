//! What `top` draws: whole for a reader that is no terminal, and fitted to a screen, however small.
//! Asks nobody, and writes nothing.

use std::collections::BTreeMap;

use web_dto::{AgentList, AgentView, Ready};

use crate::cli::{agent, print};

/// Columns from which everything fits.
const WIDE: usize = 100;

/// Columns below which only what an agent does is left.
const NARROW: usize = 60;

/// What is drawn.
pub(super) struct Seen {
    pub(super) agents: AgentList,
    pub(super) ready: Ready,
    /// How much waits for whom.
    pub(super) queues: BTreeMap<String, u64>,
}

impl Seen {
    fn waits_for(&self, agent: &AgentView) -> u64 {
        self.queues.get(&agent.name).copied().unwrap_or(0)
    }
}

/// Reads how much waits for whom from the server's metrics; urgent and other work together.
pub(super) fn queues(metrics: &str) -> BTreeMap<String, u64> {
    let mut queues = BTreeMap::new();
    for line in metrics.lines() {
        let Some(rest) = line.strip_prefix("redis_queue_depth{queue=\"ai:agent:") else { continue };
        let Some((stream, depth)) = rest.split_once("\"} ") else { continue };
        let agent = stream.split(':').next().unwrap_or(stream);
        *queues.entry(agent.to_owned()).or_default() += depth.trim().parse::<u64>().unwrap_or(0);
    }
    queues
}

/// Everything, for a reader that is no terminal.
pub(super) fn whole(seen: &Seen) -> String {
    let mut out = agent::table(&seen.agents.agents);
    out += "\n\nwaiting:";
    for agent in &seen.agents.agents {
        out += &format!("  {} {}", print::visible(&agent.name), seen.waits_for(agent));
    }
    out + "\n" + &server(seen) + "\n"
}

/// What fits into a screen of so many columns and rows: what matters least is left out, and no line is
/// longer than the screen, because a terminal would go on with it in the next.
pub(super) fn fitted(seen: &Seen, columns: usize, rows: usize) -> String {
    let head = heads(columns);
    let cells = |agent| head.iter().map(|of| cell(of, seen, agent)).collect();
    let agents = print::table(head, seen.agents.agents.iter().map(cells).collect());
    let mut lines: Vec<String> = agents.lines().map(str::to_owned).collect();
    // One line is the server's, and one says how to leave.
    lines.truncate(rows.saturating_sub(2));
    if rows > lines.len() + 3 {
        lines.push(String::new());
    }
    lines.push(server(seen));
    lines.iter().map(|line| cut(line, columns) + "\n").collect()
}

fn heads(columns: usize) -> &'static [&'static str] {
    match columns {
        WIDE.. => &["AGENT", "STATE", "WAIT", "PID", "HEARTBEAT", "RESTARTS", "TASK OR PROBLEM"],
        NARROW.. => &["AGENT", "STATE", "WAIT", "HEARTBEAT", "TASK OR PROBLEM"],
        _ => &["AGENT", "STATE", "WAIT", "TASK"],
    }
}

fn cell(head: &str, seen: &Seen, agent: &AgentView) -> String {
    let dash = || "-".to_owned();
    match head {
        "AGENT" => agent.name.clone(),
        "STATE" => agent.status.clone(),
        "WAIT" => seen.waits_for(agent).to_string(),
        "PID" => agent.pid.map_or_else(dash, |pid| pid.to_string()),
        "HEARTBEAT" => agent::heartbeat(agent).unwrap_or_else(dash),
        "RESTARTS" => agent.restarts.to_string(),
        _ => agent::doing(agent).unwrap_or_else(dash),
    }
}

fn server(seen: &Seen) -> String {
    let mut out = format!("server: {}", print::visible(&seen.ready.status));
    let wrong = seen.ready.checks.iter().filter(|(_, said)| said.as_str() != "ok");
    for (part, said) in wrong {
        out += &format!("   {}: {}", print::visible(part), print::visible(said));
    }
    out
}

fn cut(line: &str, columns: usize) -> String {
    line.chars().take(columns).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_counted_over_both_streams_of_an_agent() {
        let metrics = "# TYPE redis_queue_depth gauge\n\
            redis_queue_depth{queue=\"ai:agent:code\"} 3\n\
            redis_queue_depth{queue=\"ai:agent:code:urgent\"} 2\n\
            redis_queue_depth{queue=\"ai:agent:qa\"} 0\nother 7\n";
        let found = queues(metrics);
        assert_eq!((found["code"], found["qa"], found.len()), (5, 0, 2));
    }

    fn seen() -> Seen {
        let agent = |name: &str| AgentView {
            name: name.to_owned(),
            status: "quarantined".to_owned(),
            description: String::new(),
            pid: Some(4_194_304),
            current_task: None,
            tasks: Vec::new(),
            heartbeat_age_seconds: Some(7.4),
            restarts: 12,
            started_at: None,
            problem: Some("its process ended 5 times without five healthy minutes".to_owned()),
            attach: None,
        };
        let names = ["supervisor", "code", "data", "infra", "research", "qa"];
        let said = ["degraded: the disk is full", "degraded: no tmux"];
        let checks = ["records", "agents"].into_iter().zip(said);
        let checks = checks.map(|(part, said)| (part.to_owned(), said.to_owned())).collect();
        Seen {
            agents: AgentList { agents: names.map(agent).into() },
            ready: Ready { status: "degraded".to_owned(), checks, last_commit_age_ms: None },
            queues: BTreeMap::from([("qa".to_owned(), 31)]),
        }
    }

    #[test]
    fn every_agent_is_seen_on_a_small_screen_and_no_line_is_longer_than_it() {
        for (columns, rows) in [(200, 50), (80, 24), (80, 9), (40, 10), (60, 9)] {
            let drawn = fitted(&seen(), columns, rows);
            let lines: Vec<&str> = drawn.lines().collect();
            // The last row says how to leave.
            assert!(lines.len() < rows, "{columns}x{rows}:\n{drawn}");
            assert!(lines.iter().all(|line| line.chars().count() <= columns), "{drawn}");
            for agent in ["supervisor", "code", "data", "infra", "research", "qa"] {
                assert!(lines.iter().any(|line| line.starts_with(agent)), "{agent}:\n{drawn}");
            }
            assert!(lines.iter().any(|line| line.starts_with("server: degraded")), "{drawn}");
            let waits = |line: &&str| line.starts_with("qa") && line.contains(" 31 ");
            assert!(lines.iter().any(waits), "{drawn}");
        }
        assert!(fitted(&seen(), 1, 1).lines().count() <= 1);
    }
}
