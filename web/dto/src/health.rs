//! Health and identity of the server on the wire.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Answer of `GET /api/health/live`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// Always `ok`: the process answers.
    pub status: String,
    /// RFC 3339.
    pub timestamp: String,
}

/// Answer of `GET /api/health/ready`; 200 when `ok` or `degraded`, 503 when it cannot serve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// `ok`, `degraded` or `unavailable`.
    pub status: String,
    /// One entry a part (`records`, `rows`, `bus`, `memory`, `agents`, `clock`): `ok` or an opaque
    /// code; `rows` is `checking` until they were compared after a start.
    /// That of `records` says how writes fare: `slow`, `full`, `failing`, `damaged`; with `ended` and
    /// `hung` none is taken any more.
    pub checks: BTreeMap<String, String>,
    /// How long ago the last change came to be on disk; absent before the first of this life.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_commit_age_ms: Option<u64>,
}

/// Answer of `GET /api/health/agents`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentsHealth {
    /// One entry an agent: `ok`, `stale` or `unknown`.
    pub agents: BTreeMap<String, String>,
}

/// Answer of `GET /api/health/model`, for operators: what the model's provider said when it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelHealth {
    /// Who serves it, such as `demo` or `anthropic`.
    pub provider: String,
    /// The model, such as `demo`.
    pub model: String,
    /// `ok`; `reachable` where keys and models cannot be asked about; `unauthorised`, `invalid`,
    /// `limited` or `unavailable`.
    pub status: String,
    /// What is wrong, and what to do; empty when all is well.
    #[serde(default)]
    pub said: String,
}

/// Answer of `GET /api/info`: what a face may show about the server before anybody has logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInfo {
    /// `ai-infra`.
    pub name: String,
    /// The version, such as `0.1.0`.
    pub version: String,
    /// Whether the first user still has to be set up.
    pub needs_setup: bool,
    /// The model behind the agents, such as `demo`.
    pub model: String,
    /// Which pages are inside: `full`, or `placeholder` in a build without the portal.
    #[serde(default)]
    pub portal: String,
}
