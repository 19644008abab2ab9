//! `GET /api/health/agents`: which agents have been heard of lately.

use axum::{Json, extract::State};
use web_dto::AgentsHealth;

use crate::parts::Shared;

/// Answers with one code an agent.
pub(crate) async fn get(State(app): State<Shared>) -> Json<AgentsHealth> {
    let health = |status| (status_name(&status), super::code(&status).to_owned());
    Json(AgentsHealth { agents: app.parts.fleet.list().into_iter().map(health).collect() })
}

fn status_name(status: &appliance_core::AgentStatus) -> String {
    status.name.to_string()
}
