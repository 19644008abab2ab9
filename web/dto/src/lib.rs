//! What travels between the server and its faces (portal, CLI, scripts): structs and small rules.
//!
//! Plain serde, no I/O, no domain types, compiles to WebAssembly. The server turns its own types
//! into these at the edge, so a stored type can change without a client noticing. Ids and times
//! are text here: UUIDs and RFC 3339.

mod agents;
mod auth;
mod clients;
mod clock;
mod conversations;
mod cut_off;
mod health;
mod held_up;
mod memory;
mod problem;
mod purge;
mod settings;
mod socket;
mod tasks;
mod tokens;

pub use agents::{AgentList, AgentLog, AgentView, agent_title};
pub use auth::{LoggedIn, Login, Me, SetUp, SetUpCheck, SetupLinkView};
pub use clients::{McpClient, Paste, Reached};
pub use clock::ClockView;
pub use conversations::{
    Accepted, CitationView, ConversationDetail, ConversationList, ConversationPatch,
    ConversationView, InFlightView, MessageList, MessageView, NewConversation, NewMessage,
};
pub use cut_off::cut_off_words;
pub use health::{AgentsHealth, Live, ModelHealth, Ready, ServerInfo};
pub use held_up::HeldUp;
pub use memory::{
    ActionList, ActionView, CheckedMemories, CollectionView, CorrectMemory, Corrected, DamagedView,
    EXPORT_FORMAT, ExportMark, ExportPlace, ForgetMemories, HotShareView, JobView, LabelsView,
    MAX_FORGOTTEN, MAX_NEW_MEMORIES, MemoryHitView, MemoryList, MemoryListQuery, MemoryQuery,
    MemoryQueryFilters, MemoryResults, MemoryStatsView, MemoryView, NewMemories, NewMemory,
    NewSignal, PinMemory, RatingView, Remembered, SignalList, SignalView, TierView, UndoAction,
    WrongMemory,
};
pub use problem::{CODES, Code, FieldError, Problem};
pub use purge::{PurgeConfirmed, PurgeMemories, PurgedView};
pub use settings::{SettingList, SettingView};
pub use socket::{
    AgentStatusPayload, Channel, ChunkPayload, ClientFrame, ClientPayload, ConnectedPayload,
    ErrorPayload, Heard, Listen, MessagePayload, Place, ResyncPayload, ServerFrame, ServerPayload,
    SubscribedPayload, TaskRef, TaskUpdatePayload,
};
pub use tasks::{TaskList, TaskView, WaitView};
pub use tokens::{
    MAX_TOKEN_DAYS, MAX_TOKEN_NAME_CHARS, MintedToken, NewToken, TOKEN_SCOPES, TokenList, TokenView,
};

/// Most characters a message may have; the server answers 422 `message.too_long` to one more.
pub const MAX_MESSAGE_CHARS: usize = 50_000;

/// How long a repeated `Idempotency-Key` is known: sent again later, a message is another one.
pub const KEY_LIFE_SECONDS: u64 = 24 * 60 * 60;

/// Most bytes a request body may have; the server answers 413 `body.too_large` to one more.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Fewest characters a password may have (NIST SP 800-63B-4, section 3.1.1.2).
pub const MIN_PASSWORD_CHARS: usize = 12;
