//! `GET /api/memory/learnings`: what the Algorithm drew from finished tasks, newest first.

use appliance_core::{Collection, SearchFilter};
use axum::{Json, extract::State};
use serde::Deserialize;
use web_dto::{MemoryList, MemoryQueryFilters};

use super::{filter, list::listed};
use crate::{
    auth::CurrentUser,
    error::ApiError,
    extract::{Cursor, Params},
    parts::Shared,
};

/// The query.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    phase: Option<String>,
    outcome: Option<String>,
    limit: Option<usize>,
    cursor: Option<Cursor>,
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
    let asked = MemoryQueryFilters {
        phase: query.phase,
        outcome: query.outcome,
        ..MemoryQueryFilters::default()
    };
    let filter =
        SearchFilter { collection: Some(Collection::Learnings), ..filter::of_query(&asked)? };
    Ok(Json(listed(&app, user.id(), &filter, (query.limit, query.cursor)).await?))
}
