//! Where the fleet's processes live and show themselves: the private role behind the fleet.
//!
//! Implementations: `TmuxSession` (windows a person can attach to) and `PlainChildren` (for hosts
//! without tmux; output goes to files). Does not decide when anything is started.

use std::{ffi::OsString, fmt};

use async_trait::async_trait;

/// Why the terminal could not do it, in its own words.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// There is no such program on this host.
    #[error("{0} is not installed, or not in /usr/bin and the like")]
    Missing(&'static str),
    /// The program said no.
    #[error("{0}")]
    Said(String),
    /// The system said no.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

/// What is to run in a window.
#[derive(Debug, Clone)]
pub(super) struct Run {
    /// Which window.
    pub index: u16,
    /// What the window is called.
    pub name: String,
    /// The program and its arguments.
    pub argv: Vec<OsString>,
}

/// A place for processes.
#[async_trait]
pub(super) trait Terminal: fmt::Debug + Send + Sync {
    /// Clears away what an earlier server left.
    async fn open(&self) -> Result<(), Fault>;

    /// Starts a process in its window, instead of what was there, and returns its id.
    async fn start(&self, run: &Run) -> Result<u32, Fault>;

    /// Returns the last `lines` of what the window shows.
    async fn text(&self, run: &Run, lines: usize) -> Result<String, Fault>;

    /// Lets go of all that the window shows and has shown.
    async fn forget(&self, run: &Run) -> Result<(), Fault>;

    /// Returns when the place itself is gone; never, if it cannot go.
    async fn gone(&self);

    /// Makes again what clients reach it by, if that was taken away. Cheap when it was not.
    fn mend(&self);

    /// Ends everything in it.
    async fn close(&self);

    /// Ends everything in it at once, without asking; blocks for a moment at most.
    fn kill(&self);

    /// Returns the command that shows a window to a person, if there is one.
    fn attach(&self, run: &Run) -> Option<String>;
}

/// Returns the last `lines` of `text`, without the empty rest of a screen.
pub(super) fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::tail;

    #[test]
    fn a_tail_has_no_more_lines_than_asked_for() {
        assert_eq!(tail("a\nb  \nc\n\n\n", 2), "b\nc");
        assert_eq!(tail("a", 5), "a");
        assert_eq!(tail("\n\n", 5), "");
    }
}
