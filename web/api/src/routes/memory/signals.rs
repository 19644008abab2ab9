//! `GET /api/memory/signals`: what the caller and their tasks told about answers, newest first.

use axum::{Json, extract::State};
use web_dto::SignalList;

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
) -> Result<Json<SignalList>, ApiError> {
    let page = query.of(DEFAULT_LIMIT);
    let found = app.parts.memories.signals(user.id(), page).await?.map(view::signal);
    Ok(Json(SignalList { items: found.items, next_cursor: Cursor::text(found.next) }))
}
