//! Conversations: list, open, read, rename, put away.

mod archive;
mod get;
mod list;
mod patch;
mod post;
mod purge;

pub(crate) use archive::delete as archive;
pub(crate) use get::get;
pub(crate) use list::get as list;
pub(crate) use patch::patch;
pub(crate) use post::post;
pub(crate) use purge::post as purge;

use appliance_core::{ConversationStatus, conversation::MAX_TITLE_CHARS};
use web_dto::Code;

use crate::error::ApiError;

/// Reads the statuses that clients may name.
fn status(text: &str) -> Option<ConversationStatus> {
    match text {
        "active" => Some(ConversationStatus::Active),
        "archived" => Some(ConversationStatus::Archived),
        _ => None,
    }
}

fn check_title(title: Option<&str>) -> Result<(), ApiError> {
    let Some(title) = title else { return Ok(()) };
    let chars = title.chars().count();
    if chars <= MAX_TITLE_CHARS && !title.trim().is_empty() {
        return Ok(());
    }
    let detail = format!(
        "the title has {chars} characters; it takes 1 to {MAX_TITLE_CHARS}, not only blanks"
    );
    Err(ApiError::field(Code::BodyInvalid, "/title", detail))
}
