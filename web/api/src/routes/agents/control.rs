//! `POST /api/agents/{name}/start|stop|restart`: steering an agent; for admins.

use appliance_core::{AgentName, Batch, Control, EventType, RiskLevel};
use axum::{Json, extract::State};
use web_dto::AgentView;

use crate::{
    audit::Line,
    auth::{Admin, CurrentUser},
    error::ApiError,
    extract::{AgentPath, Nothing},
    gate::Caller,
    parts::{App, Shared},
};

/// Starts an agent that is stopped; lifts quarantine.
pub(crate) async fn start(
    State(app): State<Shared>,
    caller: Caller,
    Admin(user): Admin,
    AgentPath(name): AgentPath,
    _: Nothing,
) -> Result<Json<AgentView>, ApiError> {
    steer(&app, &user, &caller, name, (Control::Start, "agent.start")).await
}

/// Lets an agent finish its task, then stops it.
pub(crate) async fn stop(
    State(app): State<Shared>,
    caller: Caller,
    Admin(user): Admin,
    AgentPath(name): AgentPath,
    _: Nothing,
) -> Result<Json<AgentView>, ApiError> {
    steer(&app, &user, &caller, name, (Control::Stop, "agent.stop")).await
}

/// Stops and starts an agent.
pub(crate) async fn restart(
    State(app): State<Shared>,
    caller: Caller,
    Admin(user): Admin,
    AgentPath(name): AgentPath,
    _: Nothing,
) -> Result<Json<AgentView>, ApiError> {
    steer(&app, &user, &caller, name, (Control::Restart, "agent.restart")).await
}

async fn steer(
    app: &App,
    user: &CurrentUser,
    caller: &Caller,
    name: AgentName,
    (control, action): (Control, &'static str),
) -> Result<Json<AgentView>, ApiError> {
    let mut line = Line::data(user.id(), caller.ip, action).on("agent", &name);
    line.event = EventType::Agent;
    line.risk = RiskLevel::Medium;
    // Written before it is done, so that nothing is steered without a trace.
    app.parts.records.apply(Batch::new().write(line.write(&app.parts.mint))).await?;
    let status = app.parts.fleet.control(name, control).await?;
    Ok(Json(super::seen(app, user, status).await?))
}
