//! The frames of `/ws`: the plan's names, with a place in the stream so that a gap is noticed.
//!
//! A client that sees another `epoch`, or a `seq` that does not follow, refetches over REST and
//! goes on from the `live_seq` it got there. The server says so itself with `resync`.

use serde::{Deserialize, Serialize};

/// What a client sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientFrame {
    /// `subscribe`, `unsubscribe`, `send_message` or `ping`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is about.
    #[serde(default)]
    pub payload: ClientPayload,
    /// Comes back in the answer; for `send_message` also the idempotency key.
    #[serde(default)]
    pub id: String,
}

/// The payload of a [`ClientFrame`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientPayload {
    /// For subscribe and unsubscribe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// For the conversation channel and `send_message`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<String>,
    /// For `send_message`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// For `send_message`; not taken yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<String>,
    /// For subscribe: the last place seen; a gap to it is answered with `resync`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume_from: Option<Place>,
}

/// What can be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// One conversation.
    Conversation,
    /// All agents.
    Agents,
    /// The user's own tasks.
    Tasks,
}

/// A place in a channel's stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The server's life.
    pub epoch: u64,
    /// Position within it.
    pub seq: u64,
}

/// What the server sends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServerFrame {
    /// `type` and `payload`.
    #[serde(flatten)]
    pub payload: ServerPayload,
    /// The client frame this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where it stands in its channel; absent on answers.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// RFC 3339.
    pub timestamp: String,
}

/// The frames by their `type`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "payload", rename_all = "snake_case")]
pub enum ServerPayload {
    /// First frame after the connection is accepted.
    Connected(ConnectedPayload),
    /// Answer to subscribe, and to unsubscribe with `active: false`.
    Subscribed(SubscribedPayload),
    /// A whole message; also the answer to `send_message`, with the client's id.
    Message(MessagePayload),
    /// A piece of an answer.
    MessageChunk(ChunkPayload),
    /// The answer is stored.
    MessageComplete(MessagePayload),
    /// An agent changed.
    AgentStatus(AgentStatusPayload),
    /// A task changed.
    TaskUpdate(TaskUpdatePayload),
    /// Events were lost or belong to another life: refetch.
    Resync(ResyncPayload),
    /// Something is wrong with a client frame, or the session has ended.
    Error(ErrorPayload),
    /// Answer to ping.
    Pong,
}

/// Who is connected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectedPayload {
    /// The account.
    pub user_id: String,
    /// The server's life.
    pub epoch: u64,
}

/// What is followed now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscribedPayload {
    /// The channel.
    pub channel: Channel,
    /// Which conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<String>,
    /// False after unsubscribe.
    pub active: bool,
    /// Events after this place follow.
    pub from: Place,
}

/// A whole message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagePayload {
    /// Identity.
    pub message_id: String,
    /// Its thread.
    pub conversation_id: String,
    /// Position in the thread, from 1: an answer stands right behind its question. 0 in the answer to
    /// `send_message`.
    #[serde(default)]
    pub seq: u64,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
    /// `user`, `assistant` or `system`.
    pub role: String,
    /// The text.
    pub content: String,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// True for every stored message.
    pub is_complete: bool,
    /// What it used.
    #[serde(default)]
    pub citations: Vec<crate::CitationView>,
    /// The model that wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The task that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// As in [`MessageView`](crate::MessageView).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_off: Option<String>,
    /// Whether its owner called the answer off before it was whole.
    #[serde(default)]
    pub stopped: bool,
}

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkPayload {
    /// The id the answer will have.
    pub message_id: String,
    /// The message that it answers; it stands right behind it.
    #[serde(default)]
    pub answers: String,
    /// Its thread.
    pub conversation_id: String,
    /// The piece.
    pub content: String,
    /// Who writes it.
    pub agent: String,
    /// Which attempt; a higher one resets the bubble.
    pub attempt: u32,
    /// Bytes (UTF-8) of the answer before this piece.
    pub offset: u64,
    /// Always false.
    pub is_complete: bool,
}

/// An agent's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentStatusPayload {
    /// Its name.
    pub agent: String,
    /// As in [`AgentView`](crate::AgentView).
    pub status: String,
    /// What it has worked on longest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_task: Option<TaskRef>,
    /// All that it has in hand, that one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TaskRef>,
    /// Everything else the agents page shows.
    pub detail: crate::AgentView,
}

/// A task in passing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRef {
    /// Identity.
    pub id: String,
    /// `message` or `answer`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// A task's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskUpdatePayload {
    /// Identity.
    pub task_id: String,
    /// The thread its answer belongs to.
    #[serde(default)]
    pub conversation_id: String,
    /// The id its answer will have.
    #[serde(default)]
    pub answer_id: String,
    /// The task that waits for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_task_id: Option<String>,
    /// As in [`TaskView`](crate::TaskView).
    pub status: String,
    /// Who works on it.
    pub agent: String,
    /// How often it was handed out.
    pub attempt: u32,
    /// The phase of the Algorithm it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// What its next try waits for, or that of a part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<crate::WaitView>,
    /// Its answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
}

/// Why to refetch, and from where the stream goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResyncPayload {
    /// The channel.
    pub channel: Channel,
    /// Which conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<String>,
    /// `epoch`, `gap` or `lagged`.
    pub reason: String,
    /// Events after this place follow.
    pub from: Place,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorPayload {
    /// A [`Code`](crate::Code).
    pub code: String,
    /// What happened, with the way out.
    pub message: String,
}

/// Body of `POST /api/live`, which takes the place of `/ws` where that is blocked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// The line, as the server named it; left out, another is opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// What the client says. A request that says something is answered at once and hears nothing; one
    /// that says nothing waits for what there is to hear.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub say: Vec<ClientFrame>,
}

/// Answer of `POST /api/live`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// The line; a client names it in every further request.
    pub line: String,
    /// What was heard, as it comes over `/ws`; empty after a while without anything.
    pub frames: Vec<ServerFrame>,
}
