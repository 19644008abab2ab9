//! The one way to change records: a batch of writes under conditions, applied whole or not at all.
//!
//! Says what to write, not how. Batches that share a transaction are independent: each is checked
//! against what earlier ones wrote, and one that fails is refused while the others commit.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    ActionId, AgentName, ApiToken, AuditEvent, Conversation, ConversationId, ConversationStatus,
    Envelope, Memory, MemoryAction, MemoryId, Message, MessageId, Phase, Session, SessionId,
    SetupLink, Signal, SignalId, SignalType, StreamName, Task, TaskId, TaskOutcome, TaskStatus,
    Timestamp, TokenHash, TokenId, User, UserId, Utility, Wait,
};

/// How long a batch key is remembered at least.
pub const KEY_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the first result under a key is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lifetime {
    /// [`KEY_LIFETIME`]: a person's request.
    Day,
    /// Until the task has ended, and [`KEY_LIFETIME`] at least: what an agent does in it.
    Task(TaskId),
}

/// Names a batch so that repeating it within its lifetime returns the first result.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BatchKey {
    /// The caller's name for it, scoped by the caller (user id, route), at most 200 bytes.
    pub name: String,
    /// SHA-256 of what was asked; the same name with another digest is
    /// [`Conflict::KeyReused`](crate::Conflict::KeyReused).
    pub digest: [u8; 32],
    /// How long it is remembered.
    pub lifetime: Lifetime,
}

impl BatchKey {
    /// Names a request that may be repeated for a day.
    #[must_use]
    pub fn of_a_day(name: impl Into<String>, digest: [u8; 32]) -> Self {
        Self { name: name.into(), digest, lifetime: Lifetime::Day }
    }

    /// Names what is done in a task, which may be handed out again for as long as it is open.
    #[must_use]
    pub fn of_task(task: TaskId, name: impl Into<String>, digest: [u8; 32]) -> Self {
        Self { name: name.into(), digest, lifetime: Lifetime::Task(task) }
    }
}

/// What must hold for a batch to be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The conversation exists, belongs to `owner` and is not deleted.
    ConversationOf {
        /// Which conversation.
        id: ConversationId,
        /// Whose it must be.
        owner: UserId,
    },
    /// The entry is pending in `group` with exactly this many deliveries: the lease still holds.
    Leased {
        /// The stream.
        stream: StreamName,
        /// The consumer group.
        group: String,
        /// The entry.
        seq: u64,
        /// The fence from the [`Delivery`](crate::Delivery).
        deliveries: u32,
    },
    /// The task stands at exactly this attempt and is not final.
    TaskAttempt {
        /// Which task.
        id: TaskId,
        /// The attempt that is about to change it.
        attempt: u32,
    },
    /// The set-up link exists and has not expired at the moment given.
    SetupLinkValid {
        /// SHA-256 of its token.
        token_hash: TokenHash,
        /// Now.
        at: Timestamp,
    },
    /// The memory is shown to its owner, and pinned or not where that is said.
    MemoryShown {
        /// Which memory.
        id: MemoryId,
        /// Whether it must be pinned, must not be, or may be either.
        pinned: Option<bool>,
    },
    /// Of the owner's signals after `after`, none has moved memories by `kind` for this answer, and
    /// all together have moved at most `left`.
    ShareOfUtility {
        /// Whose signals.
        owner: UserId,
        /// The newest one that was read; `None` when there was none.
        after: Option<SignalId>,
        /// The kind that judges the answer.
        kind: SignalType,
        /// The answer that is judged.
        message_id: MessageId,
        /// What others may have moved meanwhile, in ten-thousandths, without its sign.
        left: u64,
    },
    /// The user is there and was changed last at this moment.
    UserUnchanged {
        /// Which user.
        id: UserId,
        /// [`User::updated_at`](crate::User::updated_at) as it was read.
        updated_at: Timestamp,
    },
    /// There is no user yet.
    NoUser,
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// Makes or replaces a user; another user's e-mail is a conflict.
    PutUser(User),
    /// Makes a login.
    PutSession(Session),
    /// Ends a login; ending it twice is fine.
    RevokeSession {
        /// Which login.
        id: SessionId,
        /// When.
        at: Timestamp,
    },
    /// Makes a one-time link; earlier links of the same user fall.
    PutSetupLink(SetupLink),
    /// Uses a link up.
    TakeSetupLink(TokenHash),
    /// Makes a token for a program. Another live one of that user's with the same name is a conflict,
    /// and so are as many live ones as a user may have; an expired one makes way.
    PutToken {
        /// The token.
        token: ApiToken,
        /// Now, by lived time: who has expired at it is not counted.
        at: Timestamp,
    },
    /// Notes that a token was shown; one that is gone is passed over, and time goes on only.
    TouchToken {
        /// Which.
        id: TokenId,
        /// When.
        at: Timestamp,
    },
    /// Takes a token away; one that is gone, or another user's, is passed over.
    RevokeToken {
        /// Which.
        id: TokenId,
        /// Whose it must be.
        owner: UserId,
    },
    /// Makes a conversation; its `updated_seq` is set by the store.
    PutConversation(Conversation),
    /// Renames a conversation or changes its status.
    ChangeConversation {
        /// Which.
        id: ConversationId,
        /// A new title, if any.
        title: Option<String>,
        /// A new status, if any.
        status: Option<ConversationStatus>,
        /// When.
        at: Timestamp,
    },
    /// Appends to its conversation; its `seq` is set by the store, the conversation's `updated_seq`
    /// moves, and a conversation without a title takes one from a user's message.
    AppendMessage(Message),
    /// Makes a task; an existing id is a conflict.
    PutTask(Task),
    /// Moves a task along the legal table; an illegal move is a conflict.
    TransitionTask {
        /// Which.
        id: TaskId,
        /// Where to.
        to: TaskStatus,
        /// The new attempt, when it is handed out.
        attempt: Option<u32>,
        /// The phase it is in now.
        phase: Option<Phase>,
        /// When.
        at: Timestamp,
    },
    /// Moves a task back to `Pending` and puts its next try off: the bus hands none of its entries out
    /// before the wait is over. Any other move ends the wait.
    HoldTask {
        /// Which.
        id: TaskId,
        /// What for, and until when.
        wait: Wait,
        /// When.
        at: Timestamp,
    },
    /// Ends a task (`Completed` or `Failed` by the outcome). Where its parent waits and has no other
    /// open child, the parent hears of it in the same commit; a child's end that does not say how
    /// is invalid.
    CompleteTask {
        /// Which.
        id: TaskId,
        /// How.
        outcome: TaskOutcome,
        /// When.
        at: Timestamp,
        /// For a child: what its parent is told if this was the last it waited for.
        to_parent: Option<Box<ToParent>>,
    },
    /// Appends to a stream.
    AppendBus {
        /// The stream.
        stream: StreamName,
        /// What is sent.
        envelope: Envelope,
    },
    /// Notes that an entry was handed out for the n-th time. Only the bus itself writes this.
    DeliverBus {
        /// The stream.
        stream: StreamName,
        /// The consumer group.
        group: String,
        /// The entry.
        seq: u64,
        /// n.
        deliveries: u32,
    },
    /// Takes an entry off the pending list.
    AckBus {
        /// The stream.
        stream: StreamName,
        /// The consumer group.
        group: String,
        /// The entry.
        seq: u64,
    },
    /// Appends to the audit trail.
    AppendAudit(AuditEvent),
    /// Remembers; its `seq` is set by the store. An existing id of the same owner is replaced.
    /// Where the same text, in the form that `appliance_phrases::form` gives it, is remembered already
    /// and not forgotten for the same owner, kind, author, agent and conversation, that one is kept,
    /// its repeats are counted, and [`Applied::memories`] has its id. What holds no longer is no repeat of
    /// what does: where the very same is known already, said at the same moment and held since the same,
    /// nothing is written and the id is that one's; else it is kept beside it.
    PutMemory(Memory),
    /// Does something to memories that can be undone, and notes it.
    ActOnMemory(MemoryAction),
    /// Undoes a deed; one that was undone already, or is another owner's, is a conflict. A correction is
    /// undone with the deed that forgot its copies ([`ActionId::of_its_copies`]); its own words stay
    /// forgotten.
    UndoMemoryAction {
        /// Which deed.
        id: ActionId,
        /// Whose it must be.
        owner: UserId,
        /// When.
        at: Timestamp,
    },
    /// Keeps a signal and moves the utility of its memories by [`Signal::moved`], within 0..=1;
    /// memories that are gone are passed over. A strength outside its range is invalid.
    PutSignal(Signal),
    /// Notes that memories were found, with the place each had (1 is best), and how useful they have
    /// proven now; memories that are gone are passed over.
    TouchMemories {
        /// Whose.
        owner: UserId,
        /// Which, at which place, how useful.
        touched: Vec<(MemoryId, u32, Utility)>,
        /// When.
        at: Timestamp,
    },
    /// Takes memories away for good, with every trace of what they say: their copies, the messages that
    /// say them and their answers, answers that cite them, what was drawn from those. What they were
    /// corrected to stays. What stood in a thread stays there empty. One that is gone, or another user's,
    /// is passed over.
    PurgeMemories {
        /// Whose.
        owner: UserId,
        /// Which.
        ids: Vec<MemoryId>,
    },
    /// Takes a conversation away for good: messages, tasks, and what was remembered of it. One
    /// that is gone, or another user's, is passed over.
    PurgeConversation {
        /// Which.
        id: ConversationId,
        /// Whose it must be.
        owner: UserId,
    },
    /// Stores whether an agent should run, so that it stays so across a restart.
    PutAgentWanted {
        /// Which agent.
        agent: AgentName,
        /// Whether it should run.
        wanted: bool,
    },
}

/// What the end of a parent's last open child does to the parent.
#[derive(Debug, Clone, PartialEq)]
pub struct ToParent {
    /// For a parent that is a person's message, which was delegated whole and ends with its child's
    /// outcome: what belongs to that end, such as the answer.
    pub ends: Vec<Write>,
    /// For any other parent: sent to its agent, so that it goes on.
    pub wakes: Envelope,
}

/// A change to records: applied whole or not at all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// Makes a repeat return the first result.
    pub key: Option<BatchKey>,
    /// What must hold.
    pub conditions: Vec<Condition>,
    /// What changes, in order; later writes see earlier ones.
    pub writes: Vec<Write>,
    /// The ids the caller answers with (UUID bytes); kept with the key, returned on a repeat.
    pub ids: Vec<[u8; 16]>,
}

impl Batch {
    /// Starts an empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the batch.
    #[must_use]
    pub fn key(mut self, key: BatchKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Adds a condition.
    #[must_use]
    pub fn when(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// Adds a write.
    #[must_use]
    pub fn write(mut self, write: Write) -> Self {
        self.writes.push(write);
        self
    }
}

/// What the store assigned while applying a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Applied {
    /// Position of this commit among all; grows by one a batch.
    pub commit: u64,
    /// Sequences assigned to `AppendMessage`, `AppendBus`, `AppendAudit` and `PutMemory`, in the
    /// order of those writes; `None` for a write that gets none.
    pub sequences: Vec<Option<u64>>,
    /// For each `PutMemory` in order: the memory that now holds the text, which is an older one where
    /// the same was remembered already. For a purge: every memory that went.
    pub memories: Vec<MemoryId>,
    /// For a purge: those of `memories` that were named and whose text could not be read, so that what
    /// says the same elsewhere was not looked for.
    #[serde(default)]
    pub untraced: Vec<MemoryId>,
    /// True when this is the remembered result of an earlier batch with the same key.
    pub repeated: bool,
    /// On a repeat: the [`Batch::ids`] of the first batch under this key.
    pub ids: Vec<[u8; 16]>,
}
