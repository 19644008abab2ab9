//! What the caring routes share: who acts, and because of which request.

use std::net::IpAddr;

use appliance_core::{
    ActionId, Actor, BatchKey, MemoryAction, UserId,
    ports::{By, Cause},
};

use crate::{auth::CurrentUser, error::ApiError, gate::Caller, parts::App};

/// Returns who does it: the caller, to memories of their own, once under `key`.
pub(super) fn by(user: &CurrentUser, caller: &Caller, key: Option<BatchKey>) -> By {
    of(user.id(), caller.ip, key)
}

/// Returns the same for a person known by their id.
pub(super) fn of(owner: UserId, ip: Option<IpAddr>, key: Option<BatchKey>) -> By {
    let (ip, cause) = (ip.map(|ip| ip.to_string()), Cause::request(key));
    By { owner, actor: Actor::User(owner), ip, cause }
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
