//! Looks each second whether `state.redb` lies in its place, also while nobody writes; the writer puts
//! back what was taken away. Changes nothing itself.

use std::{sync::Arc, time::Duration};

use appliance_tasks::TaskKind;
use tokio::time::sleep;

use crate::{Store, place::Stands};

/// Looks after the place.
const KEEP: TaskKind = TaskKind::new("records.keep");

/// How often it looks.
const LOOK: Duration = Duration::from_secs(1);

impl Store {
    /// Begins to look after the file's place.
    pub fn begin_keeping(&self) {
        // Not the store itself: it is closed when its last owner lets it go.
        let (place, signs) = (Arc::clone(self.place()), Arc::clone(&self.shared().signs));
        let stop = self.home().stopping();
        let keep = async move {
            let mut stood = true;
            while stop.run_until_cancelled(sleep(LOOK)).await.is_some() {
                let stands = place.stands() == Stands::There;
                if !stands || !stood {
                    signs.call_writer();
                }
                stood = stands;
            }
        };
        drop(self.home().spawn(KEEP, keep)); // it runs on
    }
}
