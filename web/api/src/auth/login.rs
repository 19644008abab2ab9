//! Which login a request came by, so that what one has opened is not taken for another's. Checks none.

use appliance_core::{SessionId, TokenId};

/// A login, whatever else is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Login {
    /// The local socket, which is one.
    LocalSocket,
    /// This session.
    Session(SessionId),
    /// This token.
    Token(TokenId),
}
