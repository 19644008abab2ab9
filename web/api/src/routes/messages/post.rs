//! `POST /api/conversations/{id}/messages`: takes a message in and answers before any agent has run.
//!
//! The reply arrives over `/ws`; this handler only commits and publishes.

use appliance_core::ConversationId;
use axum::{Json as Answer, extract::State};
use http::StatusCode;
use web_dto::{Accepted, NewMessage};

use crate::{
    auth::CurrentUser,
    error::ApiError,
    extract::{Id, IdempotencyKey, Json},
    gate::Caller,
    intake::{self, Offered},
    parts::Shared,
};

/// Answers 202 once the message is on disk.
///
/// # Errors
/// 422 `message.empty`, `message.too_long`, `attachments.unsupported`, `idempotency.reused`; 404.
#[tracing::instrument(name = "api.messages.post", skip_all, fields(message.id))]
pub(crate) async fn post(
    State(app): State<Shared>,
    caller: Caller,
    user: CurrentUser,
    Id(conversation_id): Id<ConversationId>,
    key: IdempotencyKey,
    Json(body): Json<NewMessage>,
) -> Result<(StatusCode, Answer<Accepted>), ApiError> {
    let offered = Offered {
        owner: user.id(),
        ip: caller.ip,
        conversation_id,
        content: body.content,
        attachments: body.attachments.len(),
        key,
    };
    let accepted = intake::take(&app, offered).await?;
    tracing::Span::current().record("message.id", accepted.message_id.to_string());
    Ok((
        StatusCode::ACCEPTED,
        Answer(Accepted {
            message_id: accepted.message_id.to_string(),
            task_id: accepted.task_id.to_string(),
            answer_id: accepted.answer_id.to_string(),
        }),
    ))
}
