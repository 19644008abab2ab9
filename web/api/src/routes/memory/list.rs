//! `GET /api/memory`: the caller's memories that pass the filters, newest first.

use appliance_core::{SearchFilter, UserId};
use axum::{Json, extract::State};
use serde::Deserialize;
use web_dto::{MemoryList, MemoryQueryFilters};

use super::filter;
use crate::{
    auth::CurrentUser,
    error::ApiError,
    extract::{Cursor, Params, page},
    parts::{App, Shared},
    view,
};

/// Items a page has unless said otherwise.
const DEFAULT_LIMIT: usize = 20;

/// The query: the filters and where in the list. Flat, since a URL knows no nesting.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    limit: Option<usize>,
    cursor: Option<Cursor>,
    collection: Option<String>,
    tier: Option<String>,
    agent: Option<String>,
    conversation_id: Option<String>,
    from: Option<String>,
    until: Option<String>,
    min_utility: Option<f32>,
    phase: Option<String>,
    outcome: Option<String>,
    source: Option<String>,
    domain: Option<String>,
    as_of: Option<String>,
}

/// Answers with one page.
///
/// # Errors
/// 422 `query.invalid` that names the parameter.
pub(crate) async fn get(
    State(app): State<Shared>,
    user: CurrentUser,
    Params(query): Params<Query>,
) -> Result<Json<MemoryList>, ApiError> {
    let (limit, cursor) = (query.limit, query.cursor);
    Ok(Json(passing(&app, user.id(), &query.filters(), (limit, cursor)).await?))
}

/// Reads one page of what passes the filters that a client gave.
pub(crate) async fn passing(
    app: &App,
    owner: UserId,
    filters: &MemoryQueryFilters,
    place: (Option<usize>, Option<Cursor>),
) -> Result<MemoryList, ApiError> {
    listed(app, owner, &filter::of_query(filters)?, place).await
}

/// Reads one page of `owner`'s memories.
pub(super) async fn listed(
    app: &App,
    owner: UserId,
    filter: &SearchFilter,
    (limit, cursor): (Option<usize>, Option<Cursor>),
) -> Result<MemoryList, ApiError> {
    let page = page(limit, cursor, DEFAULT_LIMIT);
    let found = app.parts.memories.list(owner, filter, page).await?.map(view::memory);
    Ok(MemoryList { items: found.items, next_cursor: Cursor::text(found.next) })
}

impl Query {
    fn filters(self) -> MemoryQueryFilters {
        MemoryQueryFilters {
            collection: self.collection,
            tier: self.tier,
            agent: self.agent,
            conversation_id: self.conversation_id,
            from: self.from,
            until: self.until,
            min_utility: self.min_utility,
            phase: self.phase,
            outcome: self.outcome,
            source: self.source,
            domain: self.domain,
            as_of: self.as_of,
        }
    }
}
