//! What an agent's window shows: a heading, one line a step, and the answer's growth.
//!
//! Text of people is shown with its control characters made visible, so that no message can move
//! the cursor or colour the window. With several turns at once, each line of a turn begins with the
//! last letters of its task's id. Shows no key and no prompt. A window that is gone is no reason
//! to stop: write errors are ignored.

use std::{
    io::{IsTerminal, Write, stdout},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use appliance_core::{AgentName, Clock, Phase, Task, TaskId};

const RESET: &str = "\x1b[0m";
const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const YELLOW: &str = "\x1b[33m";
const GREEN: &str = "\x1b[32m";

/// Characters of a message that a line shows.
const SHOWN_CHARS: usize = 72;

/// The window, or one turn's lines in it.
#[derive(Debug, Clone)]
pub(super) struct View {
    agent: AgentName,
    clock: Arc<dyn Clock>,
    /// Whether a line can be written over.
    screen: bool,
    /// Whose lines these are.
    turn: Option<String>,
    /// Whether lines of several turns come in between each other.
    several: Arc<AtomicBool>,
}

impl View {
    /// Opens the view on standard output.
    pub(super) fn new(agent: AgentName, clock: Arc<dyn Clock>) -> Self {
        let (screen, several) = (stdout().is_terminal(), Arc::default());
        Self { agent, clock, screen, turn: None, several }
    }

    /// Returns the lines of one turn.
    pub(super) fn of(&self, task: &Task) -> Self {
        Self { turn: Some(short(task.id)), ..self.clone() }
    }

    /// Notes whether several turns are in hand.
    pub(super) fn have_several(&self, several: bool) {
        self.several.store(several, Ordering::Relaxed);
    }

    /// Shows who this is.
    pub(super) fn heading(&self, description: &str, model: &str) {
        let (colour, pid) = (colour(self.agent), std::process::id());
        let name = self.agent.as_str().to_uppercase();
        write(&format!("\n {colour}{BOLD}{name}{RESET}  {DIM}pid {pid}, model {model}{RESET}\n"));
        write(&format!(" {DIM}{}{RESET}\n\n", shown(description)));
    }

    /// Shows what it does now.
    pub(super) fn line(&self, text: &str) {
        self.stamp(text);
    }

    /// Shows that work was taken.
    pub(super) fn took(&self, task: &Task) {
        let (colour, short, attempt) = (colour(self.agent), short(task.id), task.attempt);
        let again =
            if attempt > 1 { format!(" {YELLOW}attempt {attempt}{RESET}") } else { String::new() };
        let words = shown(&task.input);
        self.stamp(&format!("{colour}{BOLD}task{RESET} {DIM}..{short}{RESET}{again}  \"{words}\""));
    }

    /// Shows a phase of the Algorithm and what it came to.
    pub(super) fn phase(&self, phase: Phase, text: &str) {
        self.stamp(&format!("  {}{phase:<8}{RESET} {text}", colour(self.agent)));
    }

    /// Shows growth on one line that the next replaces; only where there is a screen, and where no
    /// other turn would write over it.
    pub(super) fn growth(&self, text: &str) {
        if self.screen && !self.several.load(Ordering::Relaxed) {
            let now = self.time();
            write(&format!("\r\x1b[2K {DIM}{now}{RESET}            {DIM}{text}{RESET}"));
        }
    }

    /// Shows that the work is done.
    pub(super) fn done(&self, took: Duration, text: &str) {
        self.stamp(&format!("{GREEN}done{RESET} in {:.1} s  {text}", took.as_secs_f64()));
    }

    /// Shows that something went wrong.
    pub(super) fn trouble(&self, text: &str) {
        self.stamp(&format!("{RED}!{RESET} {}", visible(text)));
    }

    fn stamp(&self, text: &str) {
        let clear = if self.screen { "\r\x1b[2K" } else { "" };
        write(&format!("{clear} {DIM}{}{RESET} {}{text}\n", self.time(), self.whose()));
    }

    fn whose(&self) -> String {
        match &self.turn {
            Some(short) if self.several.load(Ordering::Relaxed) => format!("{DIM}{short}{RESET} "),
            _ => String::new(),
        }
    }

    /// The time of day in UTC, as the log has it.
    fn time(&self) -> String {
        let moment = self.clock.now().to_string();
        moment.get(11..19).unwrap_or_default().to_owned()
    }
}

fn write(text: &str) {
    let mut out = stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    drop(written); // nobody looks any more
}

/// The last letters of the id; its first ones are the time and the same for what comes together.
fn short(id: TaskId) -> String {
    let id = id.to_string();
    id[id.len() - 6..].to_owned()
}

fn colour(agent: AgentName) -> &'static str {
    match agent {
        AgentName::Supervisor => "\x1b[38;5;75m",
        AgentName::Code => "\x1b[38;5;114m",
        AgentName::Data => "\x1b[38;5;180m",
        AgentName::Infra => "\x1b[38;5;209m",
        AgentName::Research => "\x1b[38;5;141m",
        AgentName::Qa => "\x1b[38;5;80m",
    }
}

/// Returns the number with its noun.
pub(super) fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// Returns the first words on one line, fit for a terminal.
pub(super) fn shown(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = words.chars().take(SHOWN_CHARS).collect();
    let more = if cut.len() < words.len() { "..." } else { "" };
    format!("{}{more}", visible(&cut))
}

/// Returns the text with control and direction characters written out.
pub(super) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                out.extend(c.escape_unicode());
            }
            '\u{feff}' | '\u{e0000}'..='\u{e007f}' => out.extend(c.escape_unicode()),
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_message_can_steer_the_terminal() {
        assert_eq!(shown("hi\x1b[2Jthere\u{7}"), "hi\\u{1b}[2Jthere\\u{7}");
        assert_eq!(visible("a\rb\u{202e}c\u{9b}d"), "a\\rb\\u{202e}c\\u{9b}d");
        assert_eq!(shown("two\n  lines\té"), "two lines é");
    }

    #[test]
    fn a_long_message_is_shown_by_its_beginning() {
        let long = "word ".repeat(50);
        assert!(shown(&long).ends_with("..."));
        assert_eq!(shown(&long).chars().count(), SHOWN_CHARS + 3);
    }
}
