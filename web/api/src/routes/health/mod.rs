//! Health, without a login: opaque codes only, no host, no path, no sentence of a driver. That of the
//! model, which says more, takes an admin.

mod agents;
mod live;
mod model;
mod ready;

pub(crate) use agents::get as agents;
pub(crate) use live::get as live;
pub(crate) use model::get as model;
pub(crate) use ready::get as ready;

use appliance_core::{AgentState, AgentStatus};

/// A heartbeat older than this is stale; one number with the fleet.
const STALE_SECONDS: f64 = 60.0;

/// Returns an agent's health: `ok`, `stale` or `unknown`.
fn code(status: &AgentStatus) -> &'static str {
    match (status.state, status.heartbeat_age_seconds) {
        (AgentState::Error, _) => "stale",
        (_, Some(age)) if (0.0..STALE_SECONDS).contains(&age) => "ok",
        (_, Some(_)) => "stale",
        (_, None) => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use appliance_core::AgentName;

    use super::*;

    #[test]
    fn an_age_is_never_wrapped_at_a_day() {
        let mut status = AgentStatus {
            name: AgentName::Code,
            state: AgentState::Idle,
            description: String::new(),
            pid: None,
            incarnation: None,
            tasks: Vec::new(),
            heartbeat_age_seconds: Some(24.0 * 3600.0 + 10.0),
            restarts: 0,
            started_at: None,
            problem: None,
            attach: None,
        };
        assert_eq!(code(&status), "stale");
        status.heartbeat_age_seconds = Some(59.9);
        assert_eq!(code(&status), "ok");
        status.heartbeat_age_seconds = Some(f64::NAN);
        assert_eq!(code(&status), "stale");
        status.heartbeat_age_seconds = None;
        assert_eq!(code(&status), "unknown");
    }
}
