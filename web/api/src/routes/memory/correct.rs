//! `POST /api/memory/{id}/correct`: puts a text in the place of what is wrong or no longer so.

use appliance_core::{Deed, MemoryId, Provenance};
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
    let owner = user.id();
    let by = care::by(&user, &caller);
    let key = key.batch_key(owner, ROUTE, &[&id.to_string(), &body.text]);
    let deed = async {
        let text = body.text.clone();
        let (_, action) = app.parts.care.correct(&by, id, text, Provenance::default()).await?;
        Ok(action)
    };
    let action = care::act(&app, owner, key, deed).await?;
    let Deed::Correct { new, .. } = &action.deed else {
        return Err(ApiError::new(Code::Internal, "the deed of a correction is another"));
    };
    // As it stands: where the same text was remembered already, that one holds now.
    let kept = app.parts.memories.get(owner, new.id).await?;
    let memory = kept.unwrap_or_else(|| (**new).clone());
    Ok(Answer(Corrected { memory: view::memory(memory), action: view::action(action) }))
}
