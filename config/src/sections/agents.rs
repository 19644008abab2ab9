//! Which agents run.

use crate::{
    key::section,
    value::{needed, one_of},
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
    }
}
