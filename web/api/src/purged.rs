//! What the two purging routes share: the confirmation they ask for, the windows that showed what went,
//! and the answer they give.

use std::collections::BTreeSet;

use appliance_core::{MemoryId, UserId, ports::Purged};
use web_dto::{Code, PurgedView};

use crate::{error::ApiError, parts::App};

/// Refuses unless the caller said that it is meant.
///
/// # Errors
/// 422 that names the field.
pub(crate) fn confirmed(confirm: bool) -> Result<(), ApiError> {
    let why = "purging cannot be undone; say `\"confirm\": true` when it is meant";
    if confirm { Ok(()) } else { Err(ApiError::field(Code::BodyInvalid, "/confirm", why)) }
}

/// Returns those of `ids` that cannot be read now: what says the same elsewhere will not be found.
///
/// # Errors
/// Those of the store.
pub(crate) async fn unread(
    app: &App,
    owner: UserId,
    ids: &[MemoryId],
) -> Result<BTreeSet<MemoryId>, ApiError> {
    app.parts.memories.done_to(owner, ids).await?;
    let damaged = app.parts.damage.damage().found.into_iter().filter_map(|it| it.memory);
    Ok(damaged.filter(|id| ids.contains(id)).collect())
}

/// Shows what went, once no agent's window does any more, of which `unread` could not be read before;
/// and how much may hold words of it because it cannot be read either.
pub(crate) async fn view(app: &App, purged: &Purged, unread: &BTreeSet<MemoryId>) -> PurgedView {
    app.parts.fleet.forget_windows().await;
    let damaged = app.parts.damage.damage().found.into_iter();
    let places: BTreeSet<String> = damaged.map(|it| it.place).collect();
    PurgedView {
        memories: purged.memories.iter().map(ToString::to_string).collect(),
        untraced: purged.memories.iter().filter(|id| unread.contains(id)).count() as u64,
        unread: places.len() as u64,
    }
}
