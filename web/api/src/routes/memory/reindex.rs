//! `POST /api/memory/reindex`: builds the indexes anew beside the ones in use. For admins: it is
//! everybody's index, and its work is the machine's.

use axum::{Json, extract::State};
use http::StatusCode;
use web_dto::JobView;

use super::care;
use crate::{
    auth::Admin,
    error::ApiError,
    extract::{IdempotencyKey, Nothing},
    gate::Caller,
    parts::Shared,
    view,
};

/// The route's name in batch keys.
const ROUTE: &str = "memory.reindex";

/// Answers 202 with the job, which goes on; a repeat under the same key answers with how far it is.
///
/// # Errors
/// 403 for people who are no admins; 409 `job.running` while one runs.
pub(crate) async fn post(
    State(app): State<Shared>,
    caller: Caller,
    Admin(user): Admin,
    key: IdempotencyKey,
    _: Nothing,
) -> Result<(StatusCode, Json<JobView>), ApiError> {
    let by = care::by(&user, &caller, key.batch_key(user.id(), ROUTE, &[]));
    let job = app.parts.care.reindex(&by).await?;
    Ok((StatusCode::ACCEPTED, Json(view::job(job))))
}
