//! `POST /api/memory/check`: says of each text whether `POST /api/memory` would keep it. Keeps none.

use axum::{Json as Answer, extract::State};
use web_dto::{CheckedMemories, NewMemories};

use super::understood;
use crate::{auth::CurrentUser, error::ApiError, extract::Json, parts::Shared};

/// Answers with every item that would be refused, not with the first alone.
///
/// # Errors
/// 422 `body.invalid` when there are no items or too many.
pub(crate) async fn post(
    State(app): State<Shared>,
    user: CurrentUser,
    Json(body): Json<NewMemories>,
) -> Result<Answer<CheckedMemories>, ApiError> {
    understood::bounded(&body.items)?;
    let wrong = understood::wrong(&app, user.id(), &body.items).await?;
    Ok(Answer(CheckedMemories { wrong }))
}
