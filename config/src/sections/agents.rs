//! Which agents run, and how much each has in hand.

use crate::{
    section::section,
    value::{needed, one_of, whole},
};

/// Which agents the server keeps alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentRun {
    /// All six.
    All,
    /// None: messages wait until one is started by hand.
    None,
}

const RUNS: &[(&str, AgentRun)] = &[("all", AgentRun::All), ("none", AgentRun::None)];

section! {
    /// Which agents run.
    Agents("agents.") {
        /// `all` keeps the six alive; `none` starts none, and messages wait until one is started
        /// with `ai-infra agent start`.
        run: AgentRun = "all" => needed(one_of(RUNS));
        /// How many tasks one agent works on at a time; what comes on top waits its turn. A model
        /// that is slow with one of them holds up no other.
        concurrency: usize = "16" => needed(whole(1..=256));
    }
}
