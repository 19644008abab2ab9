//! Learning signals: what people tell about the memories that an answer used.

use serde::{Deserialize, Serialize};

/// Body of `POST /api/memory/signals`. Says about which answer: `message_id`, or `conversation_id`
/// for its last one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewSignal {
    /// `user_rating`, `user_correction`, `user_acceptance`, `task_success`, `task_failure`,
    /// `task_retry`, `task_abandon`, `response_edit`, `follow_up` or `context_switch`.
    pub kind: String,
    /// How strongly, 0..=1, for a rating -1..=1; 1 when left out. A rating takes this or `rating`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<f32>,
    /// The rating as it was given, such as 8 of 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<RatingView>,
    /// The answer it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The conversation whose last answer it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<String>,
    /// The person's words with it, at most 500 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A rating as it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RatingView {
    /// How good, 1..=`of`.
    pub value: u8,
    /// The best there is, 5 or 10; 10 when left out.
    #[serde(default = "ten")]
    pub of: u8,
}

const fn ten() -> u8 {
    10
}

/// One signal as it is kept: answer of `POST /api/memory/signals`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SignalView {
    /// Identity.
    pub id: String,
    /// Which kind.
    pub kind: String,
    /// How strongly, 0..=1, for a rating -1..=1.
    pub strength: f32,
    /// The rating as it was given.
    pub rating: Option<RatingView>,
    /// The person's words with it.
    pub comment: Option<String>,
    /// The task it is about.
    pub task_id: Option<String>,
    /// The answer it is about.
    pub message_id: Option<String>,
    /// The memories whose utility it moved.
    pub memories: Vec<String>,
    /// By how much it moved each; 0 where the person's share for the day was used up.
    pub moved: f32,
    /// When, RFC 3339.
    pub at: String,
}

/// Answer of `GET /api/memory/signals`, newest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SignalList {
    /// One page.
    pub items: Vec<SignalView>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}
