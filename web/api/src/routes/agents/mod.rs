//! The six agents: how they are, and steering them.

mod control;
mod get;
mod list;
mod log;

pub(crate) use control::{restart, start, stop};
pub(crate) use get::get;
pub(crate) use list::get as list;
pub(crate) use log::get as log;

use appliance_core::AgentStatus;
use web_dto::AgentView;

use crate::{
    auth::CurrentUser,
    error::ApiError,
    parts::App,
    view::{self, AgentSight},
};

/// Returns the status as `user` may see it: another person's task is not shown.
pub(crate) async fn seen(
    app: &App,
    user: &CurrentUser,
    status: AgentStatus,
) -> Result<AgentView, ApiError> {
    let mut sight = AgentSight { tasks: status.tasks.clone(), inside: user.is_admin() };
    if !user.is_admin() {
        sight.tasks.clear();
        for id in &status.tasks {
            let task = app.parts.tasks.get(*id).await?;
            sight.tasks.extend(task.filter(|task| task.owner == user.id()).map(|task| task.id));
        }
    }
    Ok(view::agent(status, &sight))
}
