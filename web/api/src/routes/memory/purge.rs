//! `POST /api/memory/purge`: takes memories away for good, with every trace of what they say.

use axum::{Json as Answer, extract::State};
use web_dto::{ForgetMemories, PurgeMemories, PurgedView};

use super::{care, named};
use crate::{
    auth::CurrentUser, error::ApiError, extract::Json, gate::Caller, parts::Shared, purged,
};

/// Answers with what went. One that is gone already, or was never there, is passed over.
///
/// # Errors
/// 422 without `confirm`, and for no or too many ids.
pub(crate) async fn post(
    State(app): State<Shared>,
    caller: Caller,
    user: CurrentUser,
    Json(body): Json<PurgeMemories>,
) -> Result<Answer<PurgedView>, ApiError> {
    purged::confirmed(body.confirm)?;
    let ids = named(&ForgetMemories { ids: body.ids })?;
    let done = app.parts.purging.purge_memories(&care::by(&user, &caller), ids).await;
    Ok(Answer(purged::view(done?)))
}
