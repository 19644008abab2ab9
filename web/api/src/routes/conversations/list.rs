//! `GET /api/conversations`: the caller's conversations, last changed first.

use appliance_core::ConversationStatus;
use axum::{Json, extract::State};
use serde::Deserialize;
use web_dto::{Code, ConversationList};

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
    limit: Option<usize>,
    cursor: Option<Cursor>,
}

/// Answers with one page; `status` is `active` unless said otherwise.
pub(crate) async fn get(
    State(app): State<Shared>,
    user: CurrentUser,
    Params(query): Params<Query>,
) -> Result<Json<ConversationList>, ApiError> {
    let status = match query.status.as_deref() {
        None => ConversationStatus::Active,
        Some(text) => super::status(text).ok_or_else(|| {
            ApiError::new(Code::QueryInvalid, "`status` is not `active` or `archived`")
        })?,
    };
    let page = page(query.limit, query.cursor, DEFAULT_LIMIT);
    let found = app.parts.conversations.list(user.id(), status, page).await?;
    let found = found.map(view::conversation);
    Ok(Json(ConversationList { items: found.items, next_cursor: Cursor::text(found.next) }))
}
