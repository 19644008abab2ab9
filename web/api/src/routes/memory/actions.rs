//! `GET /api/memory/actions`: what the caller did to memories, newest first, undone or not.

use axum::{Json, extract::State};
use serde::Deserialize;
use web_dto::ActionList;

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
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    limit: Option<usize>,
    cursor: Option<Cursor>,
}

/// Answers with one page.
pub(crate) async fn get(
    State(app): State<Shared>,
    user: CurrentUser,
    Params(query): Params<Query>,
) -> Result<Json<ActionList>, ApiError> {
    let page = page(query.limit, query.cursor, DEFAULT_LIMIT);
    let found = app.parts.memories.actions(user.id(), page).await?.map(view::action);
    Ok(Json(ActionList { items: found.items, next_cursor: Cursor::text(found.next) }))
}
