//! `GET /api/tasks`: the caller's tasks, newest first.

use appliance_core::{AgentName, TaskStatus, ports::TaskFilter};
use axum::{Json, extract::State};
use serde::Deserialize;
use web_dto::{Code, TaskList};

use crate::{
    auth::CurrentUser,
    error::ApiError,
    extract::{Cursor, Params, page},
    parts::Shared,
    view,
};

/// Items a page has unless said otherwise.
const DEFAULT_LIMIT: usize = 20;

/// The query.
#[derive(Debug, Deserialize)]
pub(crate) struct Query {
    status: Option<String>,
    agent: Option<String>,
    limit: Option<usize>,
    cursor: Option<Cursor>,
}

/// Answers with one page.
pub(crate) async fn get(
    State(app): State<Shared>,
    user: CurrentUser,
    Params(query): Params<Query>,
) -> Result<Json<TaskList>, ApiError> {
    let filter = filter(&query)?;
    let page = page(query.limit, query.cursor, DEFAULT_LIMIT);
    let found = app.parts.tasks.list(user.id(), filter, page).await?;
    let now = app.parts.mint.clock().now();
    let mut items = Vec::new();
    for task in found.items {
        let parts = match task.status {
            TaskStatus::Waiting => app.parts.tasks.children(task.id).await?,
            _ => Vec::new(),
        };
        items.push(view::whole(task, parts, now));
    }
    Ok(Json(TaskList { items, next_cursor: Cursor::text(found.next) }))
}

fn filter(query: &Query) -> Result<TaskFilter, ApiError> {
    let wrong = |why: String| ApiError::new(Code::QueryInvalid, why);
    let status =
        query.status.as_deref().map(str::parse::<TaskStatus>).transpose().map_err(wrong)?;
    let agent = query.agent.as_deref().map(str::parse::<AgentName>).transpose();
    Ok(TaskFilter { status, agent: agent.map_err(|unknown| wrong(unknown.to_string()))? })
}
