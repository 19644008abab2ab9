//! The tasks behind a conversation: what was read and what the feed told since, as one tree.
//!
//! Times are the server's words (RFC 3339); nothing here knows what time it is, but is told it where the
//! server says how long something lasts.

use web_dto::{TaskUpdatePayload, TaskView, WaitView};

/// The seven phases of the Algorithm, in order, as people read them.
pub const PHASES: [&str; 7] = ["Observe", "Think", "Plan", "Build", "Execute", "Verify", "Learn"];

/// Most tasks kept; the oldest go first.
const MOST: usize = 400;

/// One task.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Job {
    /// Identity.
    pub id: String,
    /// The task that waits for it.
    pub parent: Option<String>,
    /// The thread it belongs to.
    pub conversation_id: String,
    /// The id its answer will have.
    pub answer_id: String,
    /// Who works on it.
    pub agent: String,
    /// As on the wire.
    pub status: String,
    /// The phase it is in, 0..=6.
    pub phase: Option<usize>,
    /// How often it was handed out.
    pub attempt: u32,
    /// What its next try waits for.
    pub wait: Option<WaitView>,
    /// Until when, in ms by this clock: the server says how long, as it tells it.
    pub until_ms: u64,
    /// What it was asked; empty when only the feed told of it.
    pub input: String,
    /// When it was begun, as far as known.
    pub started: Option<String>,
    /// When it ended.
    pub ended: Option<String>,
}

impl Job {
    /// Whether something may still happen to it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.status.as_str(), "completed" | "failed" | "cancelled")
    }

    /// Its state in a word.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match self.status.as_str() {
            "pending" | "assigned" => "waits",
            "in_progress" => "works",
            "waiting" => "delegated",
            "completed" => "done",
            "failed" => "failed",
            "cancelled" => "stopped",
            _ => "unknown",
        }
    }

    fn wait_for(&mut self, wait: Option<&WaitView>, now_ms: u64) {
        self.until_ms = wait.map_or(0, |wait| now_ms.saturating_add(wait.left_ms));
        self.wait = wait.cloned();
    }
}

/// All tasks that are known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Board {
    jobs: Vec<Job>,
}

impl Board {
    /// Takes in a task as the server tells it at `now_ms`, with its parts.
    pub fn load(&mut self, view: &TaskView, now_ms: u64) {
        for part in &view.children {
            self.load(part, now_ms);
        }
        let job = self.entry(&view.id);
        job.parent.clone_from(&view.parent_task_id);
        job.conversation_id.clone_from(&view.conversation_id);
        job.answer_id.clone_from(&view.answer_id);
        job.agent.clone_from(&view.agent);
        job.input.clone_from(&view.input);
        job.started.clone_from(&view.started_at);
        job.ended.clone_from(&view.completed_at);
        // What the feed told may be newer than what was being read.
        if job.status.is_empty() || job.is_open() {
            job.status.clone_from(&view.status);
            job.attempt = view.attempt;
            job.wait_for(view.wait.as_ref(), now_ms);
            job.phase = later(job.phase, view.phase.as_deref());
        }
    }

    /// Takes in what the feed tells at `at`, which is `now_ms` by this clock.
    pub fn patch(&mut self, update: &TaskUpdatePayload, at: &str, now_ms: u64) {
        let job = self.entry(&update.task_id);
        if job.attempt != update.attempt {
            job.phase = None;
        }
        job.parent.clone_from(&update.parent_task_id);
        job.conversation_id.clone_from(&update.conversation_id);
        job.answer_id.clone_from(&update.answer_id);
        job.agent.clone_from(&update.agent);
        job.attempt = update.attempt;
        job.status.clone_from(&update.status);
        job.wait_for(update.wait.as_ref(), now_ms);
        job.phase = later(job.phase, update.phase.as_deref());
        if job.status == "in_progress" && job.started.is_none() {
            job.started = Some(at.to_owned());
        }
        if !job.is_open() && job.ended.is_none() {
            job.ended = Some(at.to_owned());
        }
    }

    /// The open tasks of a conversation that no other task waits for: what Stop calls off.
    #[must_use]
    pub fn to_stop(&self, conversation: &str) -> Vec<String> {
        let roots = self.jobs.iter().filter(|job| {
            job.conversation_id == conversation && job.parent.is_none() && job.is_open()
        });
        roots.map(|job| job.id.clone()).collect()
    }

    /// The answers that are still to come in a conversation: the task, and the id its answer will have.
    #[must_use]
    pub fn awaited(&self, conversation: &str) -> Vec<(String, String)> {
        let roots = self.jobs.iter().filter(|job| {
            job.conversation_id == conversation && job.parent.is_none() && job.is_open()
        });
        roots.map(|job| (job.id.clone(), job.answer_id.clone())).collect()
    }

    /// The task whose answer has this id, and its parts in the order they were made.
    #[must_use]
    pub fn tree(&self, answer: &str) -> Option<(Job, Vec<Job>)> {
        let is_root = |job: &&Job| job.answer_id == answer && job.parent.is_none();
        let root = self.jobs.iter().find(is_root)?;
        let part = |job: &&Job| job.parent.as_ref() == Some(&root.id);
        let mut parts: Vec<Job> = self.jobs.iter().filter(part).cloned().collect();
        parts.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        Some((root.clone(), parts))
    }

    /// The part of an answer that is waited for: the newest open one, else the task itself.
    #[must_use]
    pub fn in_hand(&self, answer: &str) -> Option<Job> {
        let (root, parts) = self.tree(answer)?;
        root.is_open().then(|| parts.into_iter().rfind(Job::is_open).unwrap_or(root))
    }

    /// The phase an answer is in: that of the part in hand, else of the task itself.
    #[must_use]
    pub fn phase(&self, answer: &str) -> Option<usize> {
        let (root, parts) = self.tree(answer)?;
        // Phases are shown while they last and not stored one by one: what is done went through all.
        if root.status == "completed" {
            return Some(PHASES.len() - 1);
        }
        parts.last().and_then(|part| part.phase).or(root.phase)
    }

    fn entry(&mut self, id: &str) -> &mut Job {
        let at = self.jobs.iter().position(|job| job.id == id).unwrap_or_else(|| {
            if self.jobs.len() >= MOST {
                self.jobs.remove(0);
            }
            self.jobs.push(Job { id: id.to_owned(), ..Job::default() });
            self.jobs.len() - 1
        });
        &mut self.jobs[at]
    }
}

/// Phases only go forward within an attempt: a frame may be older than a page.
fn later(known: Option<usize>, told: Option<&str>) -> Option<usize> {
    let told = told.and_then(|name| PHASES.iter().position(|p| p.eq_ignore_ascii_case(name)));
    known.max(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(id: &str, parent: Option<&str>, status: &str, phase: &str) -> TaskUpdatePayload {
        TaskUpdatePayload {
            task_id: id.into(),
            conversation_id: "c".into(),
            answer_id: "a".into(),
            parent_task_id: parent.map(str::to_owned),
            status: status.into(),
            agent: if parent.is_some() { "code" } else { "supervisor" }.into(),
            attempt: 1,
            phase: Some(phase.into()),
            wait: None,
            output: None,
        }
    }

    #[test]
    fn the_feed_alone_makes_a_tree_with_times_and_phases() {
        let mut board = Board::default();
        board.patch(&update("t1", None, "waiting", "execute"), "10:00", 0);
        board.patch(&update("t2", Some("t1"), "in_progress", "observe"), "10:01", 0);
        board.patch(&update("t2", Some("t1"), "in_progress", "build"), "10:02", 0);
        let (root, parts) = board.tree("a").unwrap();
        assert_eq!((root.state(), parts.len()), ("delegated", 1));
        assert_eq!(parts[0].started.as_deref(), Some("10:01"), "begun once");
        assert_eq!(board.phase("a"), Some(3), "the part's phase, not the root's");
        assert_eq!(board.to_stop("c"), ["t1"], "a part is stopped with its whole");
        assert_eq!(board.in_hand("a").unwrap().id, "t2", "the part is waited for");
        assert_eq!(
            (board.awaited("c"), board.awaited("d")),
            (vec![("t1".into(), "a".into())], vec![])
        );

        board.patch(&update("t2", Some("t1"), "completed", "learn"), "10:03", 0);
        board.patch(&update("t1", None, "completed", "learn"), "10:04", 0);
        let (root, parts) = board.tree("a").unwrap();
        assert_eq!((parts[0].state(), root.ended.as_deref()), ("done", Some("10:04")));
        assert!(board.to_stop("c").is_empty() && board.in_hand("a").is_none());
        assert!(board.awaited("c").is_empty());
        assert!(board.tree("other").is_none());
    }

    #[test]
    fn a_page_that_was_read_earlier_does_not_take_the_feeds_word_back() {
        let mut board = Board::default();
        board.patch(&update("t1", None, "completed", "learn"), "10:04", 0);
        let page = TaskView {
            id: "t1".into(),
            conversation_id: "c".into(),
            answer_id: "a".into(),
            parent_task_id: None,
            agent: "supervisor".into(),
            kind: "message".into(),
            priority: 5,
            status: "in_progress".into(),
            attempt: 1,
            phase: Some("observe".into()),
            wait: None,
            input: "why?".into(),
            output: None,
            error: None,
            created_at: "09:59".into(),
            started_at: Some("10:00".into()),
            completed_at: Some("10:04".into()),
            children: Vec::new(),
        };
        board.load(&page, 0);
        let (root, _) = board.tree("a").unwrap();
        assert_eq!((root.status.as_str(), root.input.as_str()), ("completed", "why?"));
        assert_eq!(root.phase, Some(6));
    }

    #[test]
    fn a_wait_ends_when_it_was_told_to_however_late_it_is_looked_at() {
        let mut board = Board::default();
        let (reason, due) = ("overloaded".into(), "10:00".into());
        let wait = Some(WaitView { reason, due, left_ms: 18_000, tries: 1 });
        let waits = TaskUpdatePayload { wait, ..update("t1", None, "pending", "observe") };
        board.patch(&waits, "09:59", 5_000);
        assert_eq!(board.in_hand("a").unwrap().until_ms, 23_000);
    }

    #[test]
    fn a_new_attempt_begins_its_phases_anew() {
        let mut board = Board::default();
        board.patch(&update("t2", None, "in_progress", "verify"), "1", 0);
        board.patch(
            &TaskUpdatePayload { attempt: 2, ..update("t2", None, "in_progress", "think") },
            "2",
            0,
        );
        assert_eq!(board.phase("a"), Some(1));
    }
}
