//! A handle on the file, which may meet a damaged page even when it is closed. Knows no record.

use std::ops::Deref;

use redb::Database;

use crate::caught::caught;

/// redb's database. What it meets when it is dropped is caught: the file is then as after a kill, and
/// is repaired when it is opened.
pub(crate) struct Handle(Option<Database>);

impl Handle {
    /// Holds `db`.
    pub const fn on(db: Database) -> Self {
        Self(Some(db))
    }
}

impl Deref for Handle {
    type Target = Database;

    #[expect(clippy::expect_used, reason = "invariant: only dropping takes it out")]
    fn deref(&self) -> &Database {
        self.0.as_ref().expect("a handle holds a database")
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let db = self.0.take();
        if let Err(why) = caught(|| drop(db)) {
            tracing::warn!(why, "state.redb was not closed cleanly: a page of it cannot be read");
        }
    }
}
