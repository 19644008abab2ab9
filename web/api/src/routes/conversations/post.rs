//! `POST /api/conversations`: opens a conversation.

use appliance_core::{Batch, ConversationId, Write, intake};
use axum::{
    Json as Answer,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use web_dto::NewConversation;

use crate::{
    audit::Line,
    auth::CurrentUser,
    error::ApiError,
    extract::{IdempotencyKey, Json},
    gate::Caller,
    parts::Shared,
    view,
};

/// The route's name in batch keys.
const ROUTE: &str = "conversations.post";

/// Answers 201 with the conversation; a repeat under the same key answers with the first one.
pub(crate) async fn post(
    State(app): State<Shared>,
    caller: Caller,
    user: CurrentUser,
    key: IdempotencyKey,
    Json(body): Json<NewConversation>,
) -> Result<Response, ApiError> {
    super::check_title(body.title.as_deref())?;
    let owner = user.id();
    let title = body.title.as_deref().unwrap_or_default();
    // As it was before there was another kind: a key from then still means the same.
    let key = match body.once {
        false => key.batch_key(owner, ROUTE, &[title]),
        true => key.batch_key(owner, ROUTE, &[title, "once"]),
    };
    let mut opened = intake::conversation(&app.parts.mint, owner, body.title);
    opened.once = body.once;
    let line = Line::data(owner, caller.ip, "conversation.post").on("conversation", &opened.id);
    let batch = Batch {
        key,
        conditions: Vec::new(),
        writes: vec![Write::PutConversation(opened.clone()), line.write(&app.parts.mint)],
        ids: vec![opened.id.bytes()],
    };
    let applied = app.parts.records.apply(batch).await?;
    if let (true, Some(first)) = (applied.repeated, applied.ids.first()) {
        let first = ConversationId::from_bytes(*first);
        opened = crate::intake::require_conversation(&app, owner, first).await?;
    }
    let base = app.parts.settings.base_path();
    let place = HeaderValue::from_str(&format!("{base}/api/conversations/{}", opened.id)).ok();
    let mut response = (StatusCode::CREATED, Answer(view::conversation(opened))).into_response();
    if let Some(place) = place {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}
