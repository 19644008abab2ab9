//! Why a change lost against another: one variant a rule, made where the rule refuses.
//!
//! What a caller decides by travels in the variant; the text is for operators and is never read by
//! code. Says nothing about what to do: that is the caller's.

use crate::{
    ActionId, ConversationId, MemoryId, MessageId, SessionId, SignalId, StreamName, TaskId,
    TaskStatus, TokenId, UserId,
};

/// The rule that refused a batch whose call was right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// The batch's key stands for another request.
    #[error("the same key was used for another request")]
    KeyReused,
    /// Something of that name is there already.
    #[error("{0} exists already")]
    Exists(Thing),
    /// It is another user's.
    #[error("{0} belongs to another user")]
    NotOwner(Thing),
    /// It is there no more: deleted, purged, used up or expired.
    #[error("{0} is not there any more")]
    Gone(Thing),
    /// Another user has the e-mail.
    #[error("another user has this e-mail")]
    EmailTaken,
    /// The entry is not out under this lease: it was acknowledged or given to another.
    #[error("the lease on entry {seq} of {stream} does not hold")]
    LeaseLost {
        /// The stream.
        stream: StreamName,
        /// The entry.
        seq: u64,
    },
    /// The task stands elsewhere than the change expected.
    #[error("task {id} is {status} at attempt {attempt}, which this change does not follow")]
    TaskMoved {
        /// Which.
        id: TaskId,
        /// Where it stands.
        status: TaskStatus,
        /// Its attempt.
        attempt: u32,
    },
    /// The memory is forgotten; undoing that comes first.
    #[error("memory {0} is forgotten; undo that first")]
    Forgotten(MemoryId),
    /// The memory was pinned or unpinned since it was read.
    #[error("memory {0} was pinned or unpinned meanwhile")]
    PinMoved(MemoryId),
    /// Another signal of the owner judged the same or used the share up since they were read.
    #[error("another signal of user {0} came first")]
    SignalsMoved(UserId),
    /// The user was changed since it was read.
    #[error("user {0} was changed meanwhile")]
    UserMoved(UserId),
    /// The user has as many tokens for programs as a user may have.
    #[error("user {0} has {most} tokens that work, and may have no more", most = crate::MAX_TOKENS)]
    TokensFull(UserId),
    /// Somebody is the first user already.
    #[error("there is a user already")]
    UsersExist,
    /// The memory holds no longer; what took its place is what can be corrected.
    #[error("memory {0} holds no longer; correct its successor")]
    HoldsNoLonger(MemoryId),
    /// A correction cannot be undone while its own correction stands.
    #[error("memory {id} was corrected in turn, by {by}; undo that first")]
    CorrectedInTurn {
        /// What the deed to undo made.
        id: MemoryId,
        /// What took its place.
        by: MemoryId,
    },
    /// The deed was undone already.
    #[error("action {0} was undone already")]
    AlreadyUndone(ActionId),
}

/// What a conflict is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    /// A user.
    User(UserId),
    /// A conversation.
    Conversation(ConversationId),
    /// A message.
    Message(MessageId),
    /// A task.
    Task(TaskId),
    /// A login.
    Session(SessionId),
    /// A login's token.
    SessionToken,
    /// A one-time link.
    SetupLink,
    /// A token for a program.
    Token(TokenId),
    /// The name of a token.
    TokenName,
    /// A memory.
    Memory(MemoryId),
    /// A deed.
    Action(ActionId),
    /// A signal.
    Signal(SignalId),
}

impl std::fmt::Display for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(id) => write!(f, "user {id}"),
            Self::Conversation(id) => write!(f, "conversation {id}"),
            Self::Message(id) => write!(f, "message {id}"),
            Self::Task(id) => write!(f, "task {id}"),
            Self::Session(id) => write!(f, "session {id}"),
            Self::SessionToken => f.write_str("the session's token"),
            Self::SetupLink => f.write_str("the set-up link"),
            Self::Token(id) => write!(f, "token {id}"),
            Self::TokenName => f.write_str("a token of that name"),
            Self::Memory(id) => write!(f, "memory {id}"),
            Self::Action(id) => write!(f, "action {id}"),
            Self::Signal(id) => write!(f, "signal {id}"),
        }
    }
}
