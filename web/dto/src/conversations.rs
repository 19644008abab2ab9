//! Conversations and messages on the wire. Text is passed on byte for byte.

use serde::{Deserialize, Serialize};

/// Body of `POST /api/conversations`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewConversation {
    /// At most 255 characters; left out, the first message names it.
    #[serde(default)]
    pub title: Option<String>,
    /// Whether it is opened for one question: lists keep such ones together.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub once: bool,
}

/// Body of `PATCH /api/conversations/{id}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConversationPatch {
    /// A new title.
    #[serde(default)]
    pub title: Option<String>,
    /// `active` or `archived`.
    #[serde(default)]
    pub status: Option<String>,
}

/// A conversation in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationView {
    /// Identity.
    pub id: String,
    /// What the list shows; `None` until the first message.
    pub title: Option<String>,
    /// `active` or `archived`.
    pub status: String,
    /// Whether it was opened for one question and nothing more was said in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub once: bool,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub updated_at: String,
}

/// Answer of `GET /api/conversations`, last changed first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationList {
    /// The page.
    pub items: Vec<ConversationView>,
    /// Pass as `cursor` for the next page; absent at the end.
    pub next_cursor: Option<String>,
}

/// Answer of `GET /api/conversations/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationDetail {
    /// The conversation.
    #[serde(flatten)]
    pub conversation: ConversationView,
    /// Its last 50 messages and the answers in flight.
    #[serde(flatten)]
    pub thread: MessageList,
}

/// Body of `POST /api/conversations/{id}/messages`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    /// The text; 1 to [`MAX_MESSAGE_CHARS`](crate::MAX_MESSAGE_CHARS) characters, kept byte for byte.
    pub content: String,
    /// Ids of uploads. Uploads are not taken yet: anything but an empty list is refused.
    #[serde(default)]
    pub attachments: Vec<String>,
}

/// Answer 202 to a message: it is on disk and on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The stored message.
    pub message_id: String,
    /// The task that answers it.
    pub task_id: String,
    /// The id its answer will have.
    pub answer_id: String,
}

/// A memory that an answer used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CitationView {
    /// 1-based, as `[1]` in the text.
    pub number: u32,
    /// The memory.
    pub memory_id: String,
    /// The words used.
    pub quote: String,
}

/// A message as it was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageView {
    /// Identity.
    pub id: String,
    /// Its thread.
    pub conversation_id: String,
    /// Position in the thread, from 1: an answer stands right behind its question. There are gaps where
    /// an answer is still to come.
    pub seq: u64,
    /// `user`, `assistant`, `system` or `tool`.
    pub role: String,
    /// The text.
    pub content: String,
    /// Who wrote it, for answers.
    pub agent: Option<String>,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
    /// The task that made it.
    pub task_id: Option<String>,
    /// What it used.
    pub citations: Vec<CitationView>,
    /// The model that wrote it.
    pub model: Option<String>,
    /// Why the answer is not whole: `broke_off`, `fell_silent` or `limit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_off: Option<String>,
    /// Whether its owner called the answer off before it was whole.
    #[serde(default)]
    pub stopped: bool,
    /// RFC 3339.
    pub created_at: String,
}

/// An answer that is being written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InFlightView {
    /// The id the answer will have.
    pub message_id: String,
    /// The message that it answers; it stands right behind it.
    #[serde(default)]
    pub answers: String,
    /// Who writes it.
    pub agent: String,
    /// Which attempt.
    pub attempt: u32,
    /// All of it so far.
    pub text: String,
}

/// Answer of `GET /api/conversations/{id}/messages`: oldest first within the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageList {
    /// The page.
    pub messages: Vec<MessageView>,
    /// Answers being written, as of `seq`; only on the newest page.
    pub in_flight: Vec<InFlightView>,
    /// Pass as `before` for the page before this one; absent at the beginning.
    pub next_before: Option<String>,
    /// The live feed's epoch that `live_seq` belongs to.
    pub epoch: u64,
    /// The live feed's position this page was read at: frames up to it are already in it.
    pub live_seq: u64,
}
