//! The agents' rail: who there is, what each is doing, and the letter and hue it goes by.

use web_dto::{AgentStatusPayload, AgentView, HeldUp, agent_title};

/// How an agent shows: its name, a letter, and the hue's name in the style sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Face {
    /// What people call it.
    pub name: &'static str,
    /// The letter on its badge, so that colour never stands alone.
    pub letter: &'static str,
    /// The value of `data-agent`, which picks the hue.
    pub hue: &'static str,
}

/// Returns the face of the agent with this name on the wire; the appliance's own for any other.
#[must_use]
pub fn face(agent: &str) -> Face {
    let (letter, hue) = match agent {
        "supervisor" => ("S", "supervisor"),
        "code" => ("C", "code"),
        "data" => ("D", "data"),
        "infra" => ("I", "infra"),
        "research" => ("R", "research"),
        "qa" => ("Q", "qa"),
        _ => ("A", "none"),
    };
    Face { name: agent_title(agent).unwrap_or("ai-infra"), letter, hue }
}

/// The agents in window order, patched by every status frame.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rail {
    /// Latest state of each.
    pub agents: Vec<AgentView>,
}

impl Rail {
    /// Takes in what the feed tells.
    pub fn patch(&mut self, status: &AgentStatusPayload) {
        self.put(status.detail.clone());
    }

    /// Puts a fresher state in its place; an agent not seen before goes to the end.
    pub fn put(&mut self, fresh: AgentView) {
        match self.agents.iter_mut().find(|agent| agent.name == fresh.name) {
            Some(agent) => *agent = fresh,
            None => self.agents.push(fresh),
        }
    }

    /// What holds up the work of the agent with this name.
    #[must_use]
    pub fn held_up(&self, name: &str) -> Option<HeldUp> {
        self.agents.iter().find(|agent| agent.name == name).and_then(HeldUp::by)
    }

    /// How many can take work.
    #[must_use]
    pub fn ready(&self) -> usize {
        let ready =
            |agent: &&AgentView| matches!(agent.status.as_str(), "running" | "idle" | "busy");
        self.agents.iter().filter(ready).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(name: &str, status: &str) -> AgentView {
        AgentView {
            name: name.into(),
            status: status.into(),
            description: String::new(),
            pid: None,
            current_task: None,
            tasks: Vec::new(),
            heartbeat_age_seconds: None,
            restarts: 0,
            started_at: None,
            problem: None,
            attach: None,
        }
    }

    fn status(name: &str, status: &str) -> AgentStatusPayload {
        AgentStatusPayload {
            agent: name.into(),
            status: status.into(),
            current_task: None,
            tasks: Vec::new(),
            detail: view(name, status),
        }
    }

    #[test]
    fn a_status_frame_changes_one_agent_and_keeps_the_order() {
        let mut rail = Rail { agents: vec![view("supervisor", "idle"), view("code", "idle")] };
        rail.patch(&status("supervisor", "busy"));
        rail.patch(&status("code", "error"));
        let states: Vec<_> =
            rail.agents.iter().map(|a| (a.name.as_str(), a.status.as_str())).collect();
        assert_eq!(states, [("supervisor", "busy"), ("code", "error")]);
        assert_eq!(rail.ready(), 1);
    }

    #[test]
    fn every_agent_has_its_own_letter_and_hue() {
        let names = ["supervisor", "code", "data", "infra", "research", "qa"];
        let letters: std::collections::BTreeSet<_> = names.iter().map(|n| face(n).letter).collect();
        let hues: std::collections::BTreeSet<_> = names.iter().map(|n| face(n).hue).collect();
        assert_eq!((letters.len(), hues.len()), (6, 6));
        assert_eq!(face("somebody").hue, "none");
    }
}
