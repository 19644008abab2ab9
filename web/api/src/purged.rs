//! What the two purging routes share: the confirmation they ask for and the answer they give.

use appliance_core::ports::Purged;
use web_dto::{Code, PurgedView};

use crate::error::ApiError;

/// Refuses unless the caller said that it is meant.
///
/// # Errors
/// 422 that names the field.
pub(crate) fn confirmed(confirm: bool) -> Result<(), ApiError> {
    let why = "purging cannot be undone; say `\"confirm\": true` when it is meant";
    if confirm { Ok(()) } else { Err(ApiError::field(Code::BodyInvalid, "/confirm", why)) }
}

/// Shows what went.
pub(crate) fn view(purged: &Purged) -> PurgedView {
    PurgedView { memories: purged.memories.iter().map(ToString::to_string).collect() }
}
