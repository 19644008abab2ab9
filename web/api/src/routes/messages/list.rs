//! `GET /api/conversations/{id}/messages`: a page of a thread, oldest first within the page.
//!
//! Invariant: the live feed's position is read *before* the records. Every event up to it was
//! published after its record was committed, so whatever it tells is in the page; what comes
//! between is seen twice, never missed.

use appliance_core::{ConversationId, MessageId, PageRequest, Topic, UserId};
use axum::{Json, extract::State};
use serde::Deserialize;
use web_dto::{Code, MessageList};

use crate::{
    auth::CurrentUser,
    error::ApiError,
    extract::{Id, Params},
    intake::require_conversation,
    parts::{App, Shared},
    view,
};

/// Items a page has unless said otherwise.
const DEFAULT_LIMIT: usize = 50;

/// The query.
#[derive(Debug, Deserialize)]
pub(crate) struct Query {
    limit: Option<usize>,
    before: Option<String>,
}

/// Answers with the newest page, or the one before the message `before`.
pub(crate) async fn get(
    State(app): State<Shared>,
    user: CurrentUser,
    Id(id): Id<ConversationId>,
    Params(query): Params<Query>,
) -> Result<Json<MessageList>, ApiError> {
    let owner = user.id();
    require_conversation(&app, owner, id).await?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let Some(before) = query.before else {
        return Ok(Json(newest(&app, owner, id, limit).await?));
    };
    let before = seq_of(&app, owner, id, &before).await?;
    let (epoch, live_seq) = app.parts.live.position(Topic::Conversation(id));
    let page = PageRequest::new(limit, Some(before));
    Ok(Json(MessageList { epoch, live_seq, ..thread(&app, owner, id, page).await? }))
}

/// Returns the newest page with the answers in flight.
pub(crate) async fn newest(
    app: &App,
    owner: UserId,
    id: ConversationId,
    limit: usize,
) -> Result<MessageList, ApiError> {
    let (epoch, _) = app.parts.live.position(Topic::Conversation(id));
    let (in_flight, live_seq) = app.parts.live.in_flight(id);
    let thread = thread(app, owner, id, PageRequest::new(limit, None)).await?;
    let mut in_flight: Vec<_> = in_flight.into_iter().map(view::in_flight).collect();
    // An answer that was completed in between is in the page already.
    in_flight.retain(|answer| thread.messages.iter().all(|stored| stored.id != answer.message_id));
    Ok(MessageList { in_flight, epoch, live_seq, ..thread })
}

async fn thread(
    app: &App,
    owner: UserId,
    id: ConversationId,
    page: PageRequest,
) -> Result<MessageList, ApiError> {
    let found = app.parts.conversations.messages(owner, id, page).await?;
    let more = found.next.is_some();
    let mut messages: Vec<_> = found.items.into_iter().map(view::message).collect();
    messages.reverse();
    let next_before = messages.first().filter(|_| more).map(|oldest| oldest.id.clone());
    Ok(MessageList { messages, in_flight: Vec::new(), next_before, epoch: 0, live_seq: 0 })
}

async fn seq_of(
    app: &App,
    owner: UserId,
    id: ConversationId,
    before: &str,
) -> Result<u64, ApiError> {
    let message: MessageId = before
        .parse()
        .map_err(|bad| ApiError::new(Code::QueryInvalid, format!("`before`: {bad}")))?;
    let found = app.parts.conversations.message(owner, message).await?;
    found
        .filter(|message| message.conversation_id == id)
        .map(|message| message.seq)
        .ok_or_else(|| ApiError::not_found("message in this conversation"))
}
