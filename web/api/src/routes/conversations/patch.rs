//! `PATCH /api/conversations/{id}`: renames a conversation, puts it away or brings it back.

use appliance_core::{Batch, Condition, ConversationId, ConversationStatus, UserId, Write};
use axum::{Json as Answer, extract::State};
use web_dto::{Code, ConversationPatch, ConversationView};

use crate::{
    audit::Line,
    auth::CurrentUser,
    error::ApiError,
    extract::{Id, Json},
    gate::Caller,
    intake::require_conversation,
    parts::{App, Shared},
    view,
};

/// Answers with the conversation as it stands afterwards.
pub(crate) async fn patch(
    State(app): State<Shared>,
    caller: Caller,
    user: CurrentUser,
    Id(id): Id<ConversationId>,
    Json(body): Json<ConversationPatch>,
) -> Result<Answer<ConversationView>, ApiError> {
    super::check_title(body.title.as_deref())?;
    let status = match body.status.as_deref() {
        None => None,
        Some(text) => Some(super::status(text).ok_or_else(|| {
            ApiError::field(Code::BodyInvalid, "/status", "status is not `active` or `archived`")
        })?),
    };
    let change = Change { title: body.title, status };
    let line = Line::data(user.id(), caller.ip, "conversation.patch").on("conversation", &id);
    apply(&app, user.id(), id, change, line).await?;
    Ok(Answer(view::conversation(require_conversation(&app, user.id(), id).await?)))
}

/// What changes about a conversation.
pub(super) struct Change {
    pub(super) title: Option<String>,
    pub(super) status: Option<ConversationStatus>,
}

/// Changes a conversation of `owner`.
pub(super) async fn apply(
    app: &App,
    owner: UserId,
    id: ConversationId,
    change: Change,
    line: Line,
) -> Result<(), ApiError> {
    require_conversation(app, owner, id).await?;
    let at = app.parts.mint.clock().now();
    let batch = Batch::new()
        .when(Condition::ConversationOf { id, owner })
        .write(Write::ChangeConversation { id, title: change.title, status: change.status, at })
        .write(line.write(&app.parts.mint));
    app.parts.records.apply(batch).await?;
    Ok(())
}
