//! `POST /api/memory/reindex`: builds the indexes anew beside the ones in use. For admins: it is
//! everybody's index, and its work is the machine's.

use axum::{Json, extract::State};
use http::StatusCode;
use web_dto::{Code, JobView};

use super::care;
use crate::{
    auth::Admin,
    error::ApiError,
    extract::IdempotencyKey,
    gate::Caller,
    once::{Once, once},
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
) -> Result<(StatusCode, Json<JobView>), ApiError> {
    let owner = user.id();
    let by = care::by(&user, &caller);
    let deed = async { Ok(app.parts.care.reindex(&by).await?) };
    // A job has no id; that there was one is all that the key has to say.
    let began = once(&app, key.batch_key(owner, ROUTE, &[]), deed, |_| [0; 16]).await?;
    let job = match began {
        Once::Now(job) => Some(job),
        Once::Before(_) => app.parts.care.stats(owner).await?.job,
    };
    let job = job.ok_or_else(|| {
        ApiError::new(Code::Conflict, "the job under this key ended before the server's restart")
    })?;
    Ok((StatusCode::ACCEPTED, Json(view::job(job))))
}
