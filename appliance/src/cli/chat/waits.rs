//! What an answer waits for while nobody works on it: said on standard error, on a terminal in a line
//! that counts down, elsewhere once for each wait.
//!
//! Looks at the record now and then, beside the feed that the answer comes by. A look that fails says
//! nothing: whoever follows the answer meets the same trouble and tells it.

use std::{
    convert::Infallible,
    io::{self, IsTerminal as _},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use rustix::termios;
use tokio::time::sleep;
use web_dto::{AgentList, HeldUp, TaskView, WaitView};

use crate::cli::{Client, Context, print};

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(1);

/// The line on the terminal that counts down, while there is one.
#[derive(Debug, Default)]
pub struct Line {
    is_shown: AtomicBool,
    /// Whether there is text of the answer.
    has_text: AtomicBool,
}

impl Line {
    /// Takes the line away, so that something else can be written in its place.
    pub fn clear(&self) {
        if self.is_shown.swap(false, Ordering::Relaxed) {
            eprint!("\r\u{1b}[K");
        }
    }

    /// Takes the line away for the text of the answer.
    pub fn give_way(&self) {
        self.has_text.store(true, Ordering::Relaxed);
        self.clear();
    }

    /// Whether `held` keeps the answer waiting: an agent that finishes what it has in hand writes it.
    fn waits_for(&self, held: &HeldUp) -> bool {
        !(held.finishes && self.has_text.load(Ordering::Relaxed))
    }

    fn write(&self, words: &str) {
        self.is_shown.store(true, Ordering::Relaxed);
        let told = termios::tcgetwinsize(io::stderr()).map_or(0, |size| usize::from(size.ws_col));
        let columns = if told == 0 { 80 } else { told };
        // A line that is broken in two would leave its first half behind.
        let words: String = words.chars().take(columns - 1).collect();
        eprint!("\r\u{1b}[K{words}");
    }
}

/// What a task waits for.
#[derive(Debug, PartialEq, Eq)]
enum Waits {
    /// An agent that takes no work.
    For(String),
    /// The time of another try: who, and until when.
    Until(String, WaitView),
}

/// Says what the task waits for, as long as it does; ends with the future it runs beside.
pub async fn tell(context: &Context, client: &Client, task: &str, line: &Line) -> Infallible {
    let counts = io::stderr().is_terminal() && !context.quiet();
    let mut said = None;
    loop {
        sleep(EVERY).await;
        let Ok(now) = look(client, task, line).await else { continue };
        let (key, words) = now.as_ref().map(told).unzip();
        match (&now, words) {
            (Some(Waits::Until(..)), Some(words)) if counts => line.write(&words),
            (_, words) => {
                line.clear();
                if let Some(words) = words.filter(|_| key != said) {
                    context.say(&words);
                }
            }
        }
        said = key;
    }
}

async fn look(client: &Client, task: &str, line: &Line) -> anyhow::Result<Option<Waits>> {
    let task: TaskView = client.get(&format!("/api/tasks/{task}")).await?;
    let Some(part) = task.in_hand() else { return Ok(None) };
    let all: AgentList = client.get("/api/agents").await?;
    let agent = all.agents.iter().find(|agent| agent.name == part.agent);
    if let Some(held) = agent.and_then(HeldUp::by).filter(|held| line.waits_for(held)) {
        return Ok(Some(Waits::For(held_up(&held))));
    }
    Ok(part.wait.clone().map(|wait| Waits::Until(part.agent.clone(), wait)))
}

/// Tells one wait from another, and what is said of it.
fn told(waits: &Waits) -> (String, String) {
    match waits {
        Waits::For(words) => (words.clone(), words.clone()),
        Waits::Until(agent, wait) => (wait.due.clone(), wait.words(agent, wait.left_ms)),
    }
}

fn held_up(held: &HeldUp) -> String {
    let words = print::line(&held.words, usize::MAX);
    let start = format!(" Start it: ai-infra agent start {}", held.agent);
    let start = if held.can_start { start } else { String::new() };
    format!("{words}{start}\n  your message waits for it; Ctrl-C calls it off")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(words: &str, can_start: bool, finishes: bool) -> HeldUp {
        HeldUp { agent: "qa".to_owned(), words: words.to_owned(), can_start, finishes }
    }

    #[test]
    fn what_is_held_up_is_said_with_the_way_out() {
        let held = |words: &str, can_start| held_up(&held(words, can_start, false));
        let told = held("QA is stopped.", true);
        assert!(told.starts_with("QA is stopped. Start it: ai-infra agent start qa\n"), "{told}");
        let told = held("QA is not running: \u{1b}[2J.", false);
        assert!(!told.contains("Start it") && !told.contains('\u{1b}'), "{told}");
    }

    #[test]
    fn what_is_being_written_does_not_wait_for_who_writes_it() {
        let line = Line::default();
        assert!(line.waits_for(&held("stopping", false, true)));
        line.give_way();
        assert!(!line.waits_for(&held("stopping", false, true)));
        assert!(line.waits_for(&held("stopped", true, false)));
    }

    #[test]
    fn the_same_wait_is_said_once_however_much_of_it_is_left() {
        let wait = |due: &str, left_ms| {
            let (reason, due) = ("rate_limited".to_owned(), due.to_owned());
            told(&Waits::Until("qa".to_owned(), WaitView { reason, due, left_ms, tries: 1 }))
        };
        let (key, words) = wait("10:00", 18_000);
        assert_eq!(words, "QA: rate-limited, next try in 18 s");
        assert_eq!(key, wait("10:00", 17_000).0);
        assert_ne!(key, wait("10:40", 17_000).0);
    }
}
