//! `POST /api/conversations/{id}/purge`: takes a conversation away for good, with what was remembered
//! of it. `DELETE` only puts it away.

use appliance_core::{
    Actor, ConversationId,
    ports::{By, Cause},
};
use axum::{Json as Answer, extract::State};
use web_dto::{PurgeConfirmed, PurgedView};

use crate::{
    auth::CurrentUser,
    error::ApiError,
    extract::{Id, IdempotencyKey, Json},
    gate::Caller,
    parts::Shared,
    purged,
};

/// The route's name in batch keys.
const ROUTE: &str = "conversations.purge";

/// Answers with the memories that went with it. One that is gone already, or was never there, is
/// passed over.
///
/// # Errors
/// 422 without `confirm`.
pub(crate) async fn post(
    State(app): State<Shared>,
    caller: Caller,
    user: CurrentUser,
    key: IdempotencyKey,
    Id(id): Id<ConversationId>,
    Json(body): Json<PurgeConfirmed>,
) -> Result<Answer<PurgedView>, ApiError> {
    purged::confirmed(body.confirm)?;
    let (owner, ip) = (user.id(), caller.ip.map(|ip| ip.to_string()));
    let cause = Cause::request(key.batch_key(owner, ROUTE, &[&id.to_string()]));
    let by = By { owner, actor: Actor::User(owner), ip, cause };
    let done = app.parts.purging.purge_conversation(&by, id).await?;
    Ok(Answer(purged::view(&app, &done).await))
}
