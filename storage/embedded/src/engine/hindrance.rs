//! Why a batch was not written, in words for who asked and in the kind of error they can act on.

use appliance_core::{ErrorKind, StoreError};

use storage_rules::OP;

use crate::{
    fault::Fault,
    signs::{Failure, Signs},
};

/// What kept a batch from the disk. Nothing of the batch was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hindrance {
    kind: ErrorKind,
    why: String,
    /// More room on the disk ends it.
    waits_for_room: bool,
}

impl Hindrance {
    /// Tells it from the call to the disk that failed first, or else from what redb said; a page that
    /// leads beyond the end is no fault of the disk.
    pub fn of(failure: Option<&Failure>, fault: &Fault) -> Self {
        match failure {
            Some(failure) if failure.kind != std::io::ErrorKind::UnexpectedEof => {
                Self::by(failure.kind, &failure.to_string())
            }
            _ => Self { kind: fault.kind(), why: fault.to_string(), waits_for_room: false },
        }
    }

    /// Tells it from what the system said.
    pub fn by(kind: std::io::ErrorKind, said: &str) -> Self {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        let waits_for_room = kind == StorageFull;
        let (kind, why) = match kind {
            StorageFull => (
                ErrorKind::Full,
                "the disk is full and nothing was written; free some space and try again".to_owned(),
            ),
            QuotaExceeded => (
                ErrorKind::Full,
                "this user's share of the disk is used up and nothing was written; free some space \
                 or raise the quota, and try again"
                    .to_owned(),
            ),
            FileTooLarge => (
                ErrorKind::Full,
                "state.redb may not grow beyond this process's limit for files and nothing was \
                 written; raise it (`ulimit -f`, LimitFSIZE= in the service) and start again"
                    .to_owned(),
            ),
            _ => (
                ErrorKind::Unavailable,
                format!("the disk reported an error and nothing was written ({said}); try again"),
            ),
        };
        Self { kind, why, waits_for_room }
    }

    /// Says that the file does not lie where it should.
    pub const fn of_place(why: String) -> Self {
        Self { kind: ErrorKind::Unavailable, why, waits_for_room: false }
    }

    /// Says that the store takes nothing any more.
    pub fn ended(why: &str) -> Self {
        let why = format!("{why}; restart the server");
        Self { kind: ErrorKind::Unavailable, why, waits_for_room: false }
    }

    /// Tells whether a page could not be read.
    pub fn is_damage(&self) -> bool {
        self.kind == ErrorKind::Corrupt
    }

    /// Tells whether there was no room.
    pub fn is_full(&self) -> bool {
        self.kind == ErrorKind::Full
    }

    /// Tells whether more room on the disk ends it.
    pub const fn waits_for_room(&self) -> bool {
        self.waits_for_room
    }

    /// Notes it for whoever asks how the store is.
    pub fn note(&self, signs: &Signs) {
        if self.is_full() { signs.note_full(&self.why) } else { signs.note_failing(&self.why) }
    }

    /// Builds the refusal.
    pub fn refusal(&self) -> StoreError {
        StoreError::new(self.kind, OP, self.why.clone())
    }
}
