//! `GET /api/memory/actions`: what the caller did to memories, newest first, undone or not.

use axum::{Json, extract::State};
use web_dto::ActionList;

use crate::{
    auth::CurrentUser,
    error::ApiError,
    extract::{Cursor, PageOnly, Params},
    parts::Shared,
    view,
};

/// Items a page has unless said otherwise.
const DEFAULT_LIMIT: usize = 20;

/// Answers with one page.
pub(crate) async fn get(
    State(app): State<Shared>,
    user: CurrentUser,
    Params(query): Params<PageOnly>,
) -> Result<Json<ActionList>, ApiError> {
    let page = query.of(DEFAULT_LIMIT);
    let found = app.parts.memories.actions(user.id(), page).await?.map(view::action);
    Ok(Json(ActionList { items: found.items, next_cursor: Cursor::text(found.next) }))
}
