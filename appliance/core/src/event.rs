//! Live events: what happens now, for whoever watches now. Lossy by design; stores nothing.
//!
//! Every fact in an event is also a record (or becomes one when the task completes), so a watcher
//! that missed some refetches. Order within a topic is its `seq`; a restart begins a new `epoch`.

use serde::{Deserialize, Serialize};

use crate::{AgentName, AgentStatus, ConversationId, Message, MessageId, Task, UserId};

/// What a watcher can follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// One conversation's messages and chunks.
    Conversation(ConversationId),
    /// All agents' states.
    Agents,
    /// All of one user's tasks.
    Tasks(UserId),
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum EventBody {
    /// A whole message was stored (a person's message, or a note of the appliance).
    Message(Message),
    /// A piece of an answer in flight.
    Chunk {
        /// The answer's id.
        message_id: MessageId,
        /// The message that it answers.
        answers: MessageId,
        /// Who writes it.
        agent: AgentName,
        /// Which attempt; a higher one resets the bubble.
        attempt: u32,
        /// Bytes of the answer before this piece.
        offset: u64,
        /// The piece.
        text: String,
    },
    /// The answer is stored; this is its record.
    Complete(Message),
    /// An agent changed its state.
    Agent(AgentStatus),
    /// A task changed its state.
    Task(Task),
}

/// An event with its place in its topic.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveEvent {
    /// What it is part of.
    pub topic: Topic,
    /// This life of the server; a foreign one means: refetch.
    pub epoch: u64,
    /// Position in the topic, from 1, without gaps.
    pub seq: u64,
    /// What happened.
    pub body: EventBody,
}

/// An answer that is being written right now; lets a reload go on in mid-stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InFlight {
    /// The answer's id.
    pub message_id: MessageId,
    /// The message that it answers.
    pub answers: MessageId,
    /// Who writes it.
    pub agent: AgentName,
    /// Which attempt.
    pub attempt: u32,
    /// All of it so far.
    pub text: String,
}
