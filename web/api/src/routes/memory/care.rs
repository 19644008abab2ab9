//! What the caring routes share: who acts, and a deed that is answered once a key.

use std::{future::Future, net::IpAddr};

use appliance_core::{ActionId, Actor, BatchKey, MemoryAction, UserId, ports::By};

use crate::{
    auth::CurrentUser,
    error::ApiError,
    gate::Caller,
    once::{Once, once},
    parts::App,
};

/// Returns who does it: the caller, to memories of their own.
pub(super) fn by(user: &CurrentUser, caller: &Caller) -> By {
    of(user.id(), caller.ip)
}

/// Returns the same for a person known by their id.
pub(super) fn of(owner: UserId, ip: Option<IpAddr>) -> By {
    By { owner, actor: Actor::User(owner), ip: ip.map(|ip| ip.to_string()) }
}

/// Does `deed` unless it was done under `key`; answers with the deed either way.
pub(super) async fn act(
    app: &App,
    owner: UserId,
    key: Option<BatchKey>,
    deed: impl Future<Output = Result<MemoryAction, ApiError>>,
) -> Result<MemoryAction, ApiError> {
    match once(app, key, deed, |action| action.id.bytes()).await? {
        Once::Now(action) => Ok(action),
        Once::Before(id) => noted(app, owner, ActionId::from_bytes(id)).await,
    }
}

/// Reads a deed of `owner`.
///
/// # Errors
/// 404 when it is another's or was never done.
pub(super) async fn noted(
    app: &App,
    owner: UserId,
    id: ActionId,
) -> Result<MemoryAction, ApiError> {
    let found = app.parts.memories.action(owner, id).await?;
    found.ok_or_else(|| ApiError::not_found("deed"))
}
