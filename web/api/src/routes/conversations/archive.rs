//! `DELETE /api/conversations/{id}`: puts a conversation away. Nothing is lost; PATCH brings it back.

use appliance_core::{ConversationId, ConversationStatus};
use axum::extract::State;
use http::StatusCode;

use super::patch::{Change, apply};
use crate::{
    audit::Line, auth::CurrentUser, error::ApiError, extract::Id, gate::Caller, parts::Shared,
};

/// Answers 204.
pub(crate) async fn delete(
    State(app): State<Shared>,
    caller: Caller,
    user: CurrentUser,
    Id(id): Id<ConversationId>,
) -> Result<StatusCode, ApiError> {
    let change = Change { title: None, status: Some(ConversationStatus::Archived) };
    let line = Line::data(user.id(), caller.ip, "conversation.archive").on("conversation", &id);
    apply(&app, user.id(), id, change, line).await?;
    Ok(StatusCode::NO_CONTENT)
}
