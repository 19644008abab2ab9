//! `GET /api/conversations/{id}`: a conversation with its last messages and the answers in flight.

use appliance_core::ConversationId;
use axum::{Json, extract::State};
use web_dto::ConversationDetail;

use crate::{
    auth::CurrentUser, error::ApiError, extract::Id, intake::require_conversation, parts::Shared,
    routes::messages, view,
};

/// Messages shown.
const LAST: usize = 50;

/// Answers with the conversation if it is the caller's.
pub(crate) async fn get(
    State(app): State<Shared>,
    user: CurrentUser,
    Id(id): Id<ConversationId>,
) -> Result<Json<ConversationDetail>, ApiError> {
    let conversation = require_conversation(&app, user.id(), id).await?;
    let thread = messages::newest(&app, user.id(), id, LAST).await?;
    Ok(Json(ConversationDetail { conversation: view::conversation(conversation), thread }))
}
