//! `POST /api/memory/{id}/correct`: puts a text in the place of what is wrong or no longer so.

use appliance_core::{MemoryId, ports::Correction};
use axum::{Json as Answer, extract::State};
use web_dto::{Code, CorrectMemory, Corrected};

use super::{care, said};
use crate::{
    auth::CurrentUser,
    error::ApiError,
    extract::{Id, IdempotencyKey, Json},
    gate::Caller,
    parts::Shared,
    view,
};

/// The route's name in batch keys.
const ROUTE: &str = "memory.correct";

/// Answers with what holds now; a search `as_of` an earlier moment still finds what held then.
///
/// # Errors
/// 422 `body.invalid` for the text; 404 for a memory that is not the caller's.
pub(crate) async fn post(
    State(app): State<Shared>,
    caller: Caller,
    user: CurrentUser,
    key: IdempotencyKey,
    Id(id): Id<MemoryId>,
    Json(body): Json<CorrectMemory>,
) -> Result<Answer<Corrected>, ApiError> {
    said::text(&body.text)
        .map_err(|(_, detail)| ApiError::field(Code::BodyInvalid, "/text", detail))?;
    let key = key.batch_key(user.id(), ROUTE, &[&id.to_string(), &body.text]);
    let by = care::by(&user, &caller, key);
    let (memory, action) = app.parts.care.correct(&by, Correction::new(id, body.text)).await?;
    Ok(Answer(Corrected { memory: view::memory(memory), action: view::action(action) }))
}
