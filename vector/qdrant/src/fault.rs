//! Everything that can go wrong on the way to the server, turned into [`StoreError`] here alone.

use appliance_core::{ErrorKind, StoreError};
use qdrant_client::QdrantError;

/// gRPC's codes, as far as they are told apart here; the client does not hand its own out.
mod code {
    pub const CANCELLED: i32 = 1;
    pub const UNKNOWN: i32 = 2;
    pub const INVALID_ARGUMENT: i32 = 3;
    pub const DEADLINE_EXCEEDED: i32 = 4;
    pub const NOT_FOUND: i32 = 5;
    pub const PERMISSION_DENIED: i32 = 7;
    pub const UNIMPLEMENTED: i32 = 12;
    pub const UNAVAILABLE: i32 = 14;
    pub const UNAUTHENTICATED: i32 = 16;
}

/// Longest excerpt of the server's own words, in characters.
const WORDS: usize = 300;

/// A failed call. No variant holds the key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("the address of Qdrant cannot be used: {0}; correct memory.qdrant.url or QDRANT_HOST")]
    Address(String),
    #[error("the key of Qdrant holds characters that no key has; copy QDRANT_API_KEY again")]
    BadKey,
    #[error(
        "Qdrant at {url} cannot be reached: {words}; start it, check that memory.qdrant.url or \
         QDRANT_HOST and QDRANT_GRPC_PORT name its gRPC port, or set memory.vectors: builtin"
    )]
    Away { url: String, words: String },
    #[error("Qdrant cannot be reached: {0}")]
    Unreached(String),
    #[error("Qdrant refuses the key: {0}; set QDRANT_API_KEY to the server's key")]
    Key(String),
    #[error("Qdrant has lost a collection: {0}; restart, and it is filled anew from the records")]
    Lost(String),
    #[error("Qdrant does not know a call: {0}; it takes version 1.10 or later")]
    Old(String),
    #[error("Qdrant finds a call wrong: {0}")]
    Wrong(String),
    #[error("Qdrant failed: {0}")]
    Failed(String),
    #[error(
        "the collection {name} holds vectors of {found}, and not of {wanted}; choose another \
         memory.qdrant.prefix, or delete the collection"
    )]
    Others { name: String, found: String, wanted: String },
}

impl Fault {
    /// Names the server in what cannot be told without it.
    pub(crate) fn to(self, url: &str) -> Self {
        match self {
            Self::Unreached(words) => Self::Away { url: url.to_owned(), words },
            other => other,
        }
    }

    pub(crate) fn at(self, op: &'static str) -> StoreError {
        let kind = match &self {
            Self::Address(_) | Self::BadKey | Self::Wrong(_) | Self::Others { .. } => {
                ErrorKind::Invalid
            }
            _ => ErrorKind::Unavailable,
        };
        StoreError::new(kind, op, self)
    }
}

impl From<QdrantError> for Fault {
    fn from(error: QdrantError) -> Self {
        let (QdrantError::ResponseError { status }
        | QdrantError::ResourceExhaustedError { status, .. }) = error
        else {
            return match error {
                QdrantError::InvalidUri(error) => Self::Address(error.to_string()),
                error => Self::Failed(short(&error.to_string())),
            };
        };
        // The message alone: the status also carries headers.
        let words = short(status.message());
        match status.code() as i32 {
            code::UNAUTHENTICATED | code::PERMISSION_DENIED => Self::Key(words),
            code::NOT_FOUND => Self::Lost(words),
            code::UNIMPLEMENTED => Self::Old(words),
            code::INVALID_ARGUMENT => Self::Wrong(words),
            code::CANCELLED | code::DEADLINE_EXCEEDED | code::UNAVAILABLE => Self::Unreached(words),
            // What gRPC says of a connection that breaks or speaks something else.
            code::UNKNOWN if words.contains("transport") => Self::Unreached(words),
            // What the client says of a connection that does not come about.
            _ if words.starts_with("Failed to connect") => Self::Unreached(words),
            _ => Self::Failed(words),
        }
    }
}

fn short(words: &str) -> String {
    let words: String = words.escape_debug().take(WORDS).collect();
    if words.is_empty() { "no reason given".to_owned() } else { words }
}
