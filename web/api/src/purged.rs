//! What the two purging routes share: the confirmation they ask for, the windows that showed what went,
//! and the answer they give.

use std::collections::BTreeSet;

use appliance_core::ports::Purged;
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

/// Shows what went, once no agent's window does any more, and how much may hold words of it because it
/// cannot be read.
pub(crate) async fn view(app: &App, purged: &Purged) -> PurgedView {
    app.parts.fleet.forget_windows().await;
    let damaged = app.parts.damage.damage().found.into_iter();
    let places: BTreeSet<String> = damaged.map(|it| it.place).collect();
    PurgedView {
        memories: purged.memories.iter().map(ToString::to_string).collect(),
        untraced: purged.untraced.len() as u64,
        unread: places.len() as u64,
    }
}
