//! `GET /api/tasks/{id}`: one task with the tasks it waits for.

use appliance_core::TaskId;
use axum::{Json, extract::State};
use web_dto::TaskView;

use crate::{auth::CurrentUser, error::ApiError, extract::Id, parts::Shared, view};

/// Answers with the task if it is the caller's.
pub(crate) async fn get(
    State(app): State<Shared>,
    user: CurrentUser,
    Id(id): Id<TaskId>,
) -> Result<Json<TaskView>, ApiError> {
    let own = |task: &appliance_core::Task| task.owner == user.id();
    let task = app.parts.tasks.get(id).await?.filter(own);
    let task = task.ok_or_else(|| ApiError::not_found("task"))?;
    let children = app.parts.tasks.children(id).await?.into_iter().filter(own).collect();
    Ok(Json(view::whole(task, children, app.parts.mint.clock().now())))
}
