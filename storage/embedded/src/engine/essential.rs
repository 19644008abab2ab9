//! What must go on when the disk is full: that people can come in, leave, and lock others out.
//! Reads writes and judges them; changes nothing.

use appliance_core::{Batch, Write};

/// Tells whether `batch` begins or ends a login, or ends a token, and does nothing beyond what belongs to that.
pub(super) fn is_essential(batch: &Batch) -> bool {
    let is_login = |write: &Write| {
        use Write::{PutSession, RevokeSession, RevokeToken};
        matches!(write, PutSession(_) | RevokeSession { .. } | RevokeToken { .. })
    };
    let belongs = |write: &Write| {
        is_login(write)
            || matches!(write, Write::PutUser(_) | Write::TakeSetupLink(_) | Write::AppendAudit(_))
    };
    batch.writes.iter().any(is_login) && batch.writes.iter().all(belongs)
}
