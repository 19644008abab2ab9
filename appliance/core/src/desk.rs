//! The words spoken over `agent.sock` between the server's desk and an agent's process.
//!
//! An agent names what it works on by its [`Lease`]; who it is, the server knows from the kernel
//! (the peer's process id), so there is no sender to forge and no key to steal. Carries nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    AgentName, AgentState, Citation, CutOff, Envelope, IncarnationId, Message, Phase, StreamName,
    Task, TaskId, WaitReason,
};

/// An agent's first words.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Hello {
    /// Which of the six it is.
    pub agent: AgentName,
}

/// The server's answer: who you are in this life and how to behave.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Welcome {
    /// This life.
    pub incarnation: IncarnationId,
    /// The role's own prompt (Markdown), from `config/prompts`.
    pub prompt: String,
    /// The workers a supervisor can route to, with what each is for.
    pub workers: Vec<WorkerCard>,
    /// The model to name in requests, such as `demo`.
    pub model: String,
    /// Most tokens an answer may have.
    pub max_tokens: u32,
    /// Most tasks that it works on at a time.
    pub concurrency: usize,
}

/// A worker as its supervisor sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerCard {
    /// Its name.
    pub name: AgentName,
    /// What it is for, a few sentences; routing compares messages with this text.
    pub description: String,
}

/// The claim to one delivery. Void once the lease has run out or its holder has died.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lease {
    /// The stream the entry came from.
    pub stream: StreamName,
    /// Its position there.
    pub seq: u64,
    /// The fence: how often it had been delivered when this lease was given.
    pub deliveries: u32,
    /// The task it is about.
    pub task_id: TaskId,
}

/// What an agent is given to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Work {
    /// The claim; goes with every later command.
    pub lease: Lease,
    /// What was sent.
    pub envelope: Envelope,
    /// The task as it stands now, its attempt already counted.
    pub task: Task,
    /// The conversation's last messages before the one to answer, oldest first, as far as they were
    /// there when it was handed out.
    pub history: Vec<Message>,
}

/// Asks for a worker to take the task on; the caller's lease ends and its task waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Delegate {
    /// The supervisor's claim.
    pub lease: Lease,
    /// Who shall do it.
    pub worker: AgentName,
    /// What to work on: usually the task's own input.
    pub input: String,
    /// Why this worker, one line for the log.
    pub reason: String,
}

/// Ends the task with an answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Complete {
    /// The claim.
    pub lease: Lease,
    /// The answer, byte for byte.
    pub text: String,
    /// The memories it used.
    pub citations: Vec<Citation>,
    /// The model that wrote it.
    pub model: String,
    /// Why it is not whole, if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_off: Option<CutOff>,
}

/// Gives the task back for another try, or ends it, with what there is of an answer or without.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fail {
    /// The claim.
    pub lease: Lease,
    /// One sentence for the person who asked: what failed and what to do.
    pub error: String,
    /// True when trying again may help: the entry is handed out again until its deliveries end.
    pub retry: bool,
    /// What another try has to wait for; the task is then given back for so long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// What there is of an answer; it becomes the answer where there is no other try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<Box<Begun>>,
}

/// What there is of an answer that broke off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// The text so far, byte for byte.
    pub text: String,
    /// The memories it used.
    pub citations: Vec<Citation>,
    /// The model that wrote it.
    pub model: String,
    /// Why there is not more of it.
    pub cut_off: CutOff,
}

/// What another try has to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// What for.
    pub reason: WaitReason,
    /// How long, when that was said.
    pub after: Option<Duration>,
}

/// A sign of progress: a phase, a piece of the answer, or both.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Progress {
    /// The claim.
    pub lease: Lease,
    /// The phase the agent has entered.
    pub phase: Option<Phase>,
    /// The next piece of the answer.
    pub chunk: Option<Chunk>,
}

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// Bytes of the answer before this piece.
    pub offset: u64,
    /// The piece.
    pub text: String,
}

/// Asks what is remembered for the task's owner.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Recall {
    /// The claim; the server takes the owner from its task.
    pub lease: Lease,
    /// What to look for.
    pub query: String,
    /// Most hits wanted, 1..=50.
    pub limit: usize,
}

/// Asks for something to be done to the memories of the task's owner. Safe to repeat: the n-th deed
/// of a task is done once, however often the task is handed out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CareCommand {
    /// The claim; the server takes owner and provenance from its task.
    pub lease: Lease,
    /// Which of the task's deeds it is, from 1, counted anew on every delivery.
    pub number: u32,
    /// What.
    pub care: Care,
}

/// What an agent can ask to be done to memories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Care {
    /// Keep a text.
    Remember {
        /// The text, byte for byte.
        text: String,
        /// Where it was read, when it is no person's or agent's own word, such as
        /// `web: example.com`; it is kept under this label.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        untrusted: Option<String>,
    },
    /// Show it to nobody any more.
    Forget {
        /// Which memories.
        what: Meant,
    },
    /// Put something in the place of what is wrong.
    Correct {
        /// Which memory.
        what: Meant,
        /// What is so.
        to: String,
    },
    /// Take the conversation's last deed back that stands.
    Undo,
    /// Rate the conversation's last answer.
    Rate {
        /// 1 to 10, 10 is best.
        value: u8,
        /// The person's words with it.
        comment: Option<String>,
    },
}

/// Which memories a person means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meant {
    /// "That": what the conversation's last answer cited, or else what the person said before.
    That,
    /// What is remembered about this.
    About(String),
}

/// What became of a [`CareCommand`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CareDone {
    /// It is kept, under this id; an older one when the same was kept already.
    Remembered(crate::MemoryId),
    /// These are shown to nobody any more.
    Forgotten(Vec<Cared>),
    /// One holds in the place of the other.
    Corrected {
        /// What was wrong.
        old: Cared,
        /// What is so.
        new: Cared,
    },
    /// The conversation's last deed is taken back; these are as they were before it.
    Undone(Vec<Cared>),
    /// The rating is noted.
    Rated,
    /// No memory or answer is meant that this could be done to; nothing was done.
    NothingMeant,
}

/// A memory that something was done to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cared {
    /// Which.
    pub memory_id: crate::MemoryId,
    /// What it says.
    pub text: String,
}

/// A heartbeat, every ten seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// What the agent is doing.
    pub state: AgentState,
    /// The tasks it has in hand, the one leased first first.
    pub task_ids: Vec<TaskId>,
}

/// The paths of the desk's commands under `agent.sock`; all `POST` with JSON both ways.
///
/// A command without an answer gives 204; [`LEASE_NEXT`](paths::LEASE_NEXT) gives 204 when there is
/// no work. Errors are problem documents: 409 `lease.lost`, 403 `agent.stranger`.
pub mod paths {
    /// [`Hello`](super::Hello) -> [`Welcome`](super::Welcome).
    pub const HELLO: &str = "/agent/v1/hello";
    /// [`Beat`](super::Beat) -> `{"go_on": bool}`.
    pub const BEAT: &str = "/agent/v1/beat";
    /// [`LeaseNext`](super::LeaseNext) -> [`Work`](super::Work), or 204.
    pub const LEASE_NEXT: &str = "/agent/v1/lease-next";
    /// [`Lease`](super::Lease) -> 204.
    pub const RENEW: &str = "/agent/v1/renew";
    /// [`Delegate`](super::Delegate) -> [`Task`](crate::Task).
    pub const DELEGATE: &str = "/agent/v1/delegate";
    /// [`Complete`](super::Complete) -> 204.
    pub const COMPLETE: &str = "/agent/v1/complete";
    /// [`Fail`](super::Fail) -> 204.
    pub const FAIL: &str = "/agent/v1/fail";
    /// [`Progress`](super::Progress) -> 204.
    pub const PROGRESS: &str = "/agent/v1/progress";
    /// [`Lease`](super::Lease) -> array of [`Message`](crate::Message): what
    /// [`Work::history`](super::Work::history) is by now.
    pub const THREAD: &str = "/agent/v1/thread";
    /// [`Recall`](super::Recall) -> array of [`MemoryHit`](crate::MemoryHit).
    pub const RECALL: &str = "/agent/v1/recall";
    /// [`CareCommand`](super::CareCommand) -> [`CareDone`](super::CareDone).
    pub const CARE: &str = "/agent/v1/care";
    /// The gateway: the Messages API, streamed. Header `x-ai-infra-task` names the task.
    pub const MESSAGES: &str = "/llm/v1/messages";
}

/// Answer to [`paths::BEAT`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct BeatAnswer {
    /// False: finish the work in hand and exit.
    pub go_on: bool,
}

/// Body of [`paths::LEASE_NEXT`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LeaseNext {
    /// How long to wait for work, milliseconds, at most 20,000.
    pub wait_ms: u64,
    /// What the caller has in hand; all else that it was given never reached it, and is handed out
    /// again.
    pub held: Vec<Lease>,
}
