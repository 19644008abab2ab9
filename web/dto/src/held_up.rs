//! What keeps an answer from being begun, in words. Asks nobody and knows no clock.

use crate::{AgentView, TaskView, agent_title};

/// An agent that takes no work, and so holds up what is sent to it; nothing of that is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldUp {
    /// Its name on the wire.
    pub agent: String,
    /// Says what it is, as a sentence.
    pub words: String,
    /// Whether a person can start it.
    pub can_start: bool,
    /// Whether it still finishes what it has in hand.
    pub finishes: bool,
}

impl HeldUp {
    /// Returns what holds up the work of `agent`; `None` when it takes some or will in a moment.
    #[must_use]
    pub fn by(agent: &AgentView) -> Option<Self> {
        let why = |instead: &str| agent.problem.clone().unwrap_or_else(|| instead.to_owned());
        let (what, can_start) = match agent.status.as_str() {
            "stopped" => ("is stopped".to_owned(), true),
            "stopping" => ("is finishing what it has in hand, and then stops".to_owned(), false),
            "error" => (format!("is not running: {}", why("it is started again")), true),
            "starting" if agent.problem.is_some() => {
                (format!("is not running: {}", why("")), false)
            }
            _ => return None,
        };
        let name = agent_title(&agent.name).unwrap_or(&agent.name);
        let (words, finishes) = (format!("{name} {what}."), agent.status == "stopping");
        Some(Self { agent: agent.name.clone(), words, can_start, finishes })
    }
}

impl TaskView {
    /// Returns the part that is waited for: the newest open one, else the task itself; `None` when it
    /// has ended.
    #[must_use]
    pub fn in_hand(&self) -> Option<&Self> {
        let open = |task: &&Self| !task.is_over();
        open(&self).then(|| self.children.iter().rfind(open).unwrap_or(self))
    }

    /// Whether nothing more happens to it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.status.as_str(), "completed" | "failed" | "cancelled")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(status: &str, problem: Option<&str>) -> AgentView {
        AgentView {
            name: "qa".to_owned(),
            status: status.to_owned(),
            description: String::new(),
            pid: None,
            current_task: None,
            tasks: Vec::new(),
            heartbeat_age_seconds: None,
            restarts: 0,
            started_at: None,
            problem: problem.map(str::to_owned),
            attach: None,
        }
    }

    #[test]
    fn an_agent_that_takes_no_work_says_so() {
        let told = |status, problem| {
            HeldUp::by(&agent(status, problem)).map(|held| (held.words, held.can_start))
        };
        assert_eq!(told("stopped", None), Some(("QA is stopped.".to_owned(), true)));
        let died = "it died; it is started again in 10 s";
        assert_eq!(told("error", Some(died)), Some((format!("QA is not running: {died}."), true)));
        assert_eq!(told("starting", Some("by hand")).map(|it| it.1), Some(false));
        assert_eq!(told("stopping", None).map(|it| it.1), Some(false));
        let finishes = |status| HeldUp::by(&agent(status, None)).is_some_and(|held| held.finishes);
        assert!(finishes("stopping") && !finishes("stopped"));
        for status in ["starting", "running", "idle", "busy", "unknown"] {
            assert_eq!(told(status, None), None, "{status}");
        }
    }

    fn task(status: &str, children: Vec<TaskView>) -> TaskView {
        TaskView {
            id: status.to_owned(),
            conversation_id: String::new(),
            answer_id: String::new(),
            parent_task_id: None,
            agent: "qa".to_owned(),
            kind: "answer".to_owned(),
            priority: 5,
            status: status.to_owned(),
            attempt: 0,
            phase: None,
            wait: None,
            input: String::new(),
            output: None,
            error: None,
            created_at: String::new(),
            started_at: None,
            completed_at: None,
            children,
        }
    }

    #[test]
    fn the_newest_open_part_is_in_hand() {
        let part = |status| task(status, Vec::new());
        let id = |task: &TaskView| task.in_hand().map(|it| it.id.clone());
        assert_eq!(id(&part("pending")).as_deref(), Some("pending"));
        let parts = vec![part("in_progress"), part("failed")];
        assert_eq!(id(&task("waiting", parts)).as_deref(), Some("in_progress"));
        assert_eq!(id(&task("cancelled", vec![part("pending")])), None);
    }
}
