//! Deleting a conversation for good: what cannot be taken back. A memory's is in `recall`.

use leptos::task::spawn_local;

use super::Portal;
use crate::{api, model::purged};

impl Portal {
    /// Deletes the open conversation with what was remembered of it.
    pub fn purge_conversation(self, id: String) {
        spawn_local(async move {
            match api::purge_conversation(&id).await {
                Ok(gone) => {
                    self.leave(&id);
                    self.ui.say(purged("The conversation", &gone, 0));
                    self.refresh_shelf();
                }
                Err(failure) => self.ui.say(failure.line()),
            }
        });
    }
}
