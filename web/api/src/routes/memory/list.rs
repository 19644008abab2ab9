//! `GET /api/memory`: the caller's memories, newest first.

use axum::{Json, extract::State};
use serde::Deserialize;
use web_dto::MemoryList;

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
    limit: Option<usize>,
    cursor: Option<Cursor>,
}

/// Answers with one page.
pub(crate) async fn get(
    State(app): State<Shared>,
    user: CurrentUser,
    Params(query): Params<Query>,
) -> Result<Json<MemoryList>, ApiError> {
    let page = page(query.limit, query.cursor, DEFAULT_LIMIT);
    let found = app.parts.memories.list(user.id(), page).await?.map(view::memory);
    Ok(Json(MemoryList { items: found.items, next_cursor: Cursor::text(found.next) }))
}
