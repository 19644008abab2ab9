//! `POST /api/memory/forget`: forgets many memories in one deed, all of them or none.

use std::net::IpAddr;

use appliance_core::{MemoryId, UserId};
use axum::{Json as Answer, extract::State};
use web_dto::{ActionView, Code, ForgetMemories, MAX_FORGOTTEN};

use super::care;
use crate::{
    auth::CurrentUser,
    error::ApiError,
    extract::{IdempotencyKey, Json},
    gate::Caller,
    parts::{App, Shared},
    view,
};

/// The route's name in batch keys.
const ROUTE: &str = "memory.forget";

/// Answers with the deed.
///
/// # Errors
/// 422 `body.invalid` that points at the id; 404 when one is not the caller's.
pub(crate) async fn post(
    State(app): State<Shared>,
    caller: Caller,
    user: CurrentUser,
    key: IdempotencyKey,
    Json(body): Json<ForgetMemories>,
) -> Result<Answer<ActionView>, ApiError> {
    let ids = named(&body)?;
    Ok(Answer(forgotten(&app, (user.id(), caller.ip), &key, ids).await?))
}

/// Understands the ids; each counts once.
pub(crate) fn named(body: &ForgetMemories) -> Result<Vec<MemoryId>, ApiError> {
    if body.ids.is_empty() || body.ids.len() > MAX_FORGOTTEN {
        let got = body.ids.len();
        let detail = format!("{got} ids; 1 to {MAX_FORGOTTEN} are taken at once");
        return Err(ApiError::field(Code::BodyInvalid, "/ids", detail));
    }
    let mut ids = Vec::with_capacity(body.ids.len());
    for (n, text) in body.ids.iter().enumerate() {
        let id: MemoryId = text
            .parse()
            .map_err(|_| ApiError::field(Code::BodyInvalid, &format!("/ids/{n}"), "not a UUID"))?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// Forgets `ids`, every one of which must be `owner`'s.
pub(crate) async fn forgotten(
    app: &App,
    (owner, ip): (UserId, Option<IpAddr>),
    key: &IdempotencyKey,
    ids: Vec<MemoryId>,
) -> Result<ActionView, ApiError> {
    let named: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    let key = key.batch_key(owner, ROUTE, &named);
    Ok(view::action(app.parts.care.forget(&care::of(owner, ip, key), ids).await?))
}
