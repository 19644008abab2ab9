//! Building a space beside the one that serves: page by page from where it stands, until it is level;
//! then it serves.
//!
//! What is away is waited for, however long. Invariant: the old space serves until the new one is
//! level and saved, and the mark is written before anybody is served by it; so whatever is cut off,
//! one of them is whole.

use std::{sync::Arc, time::Duration};

use appliance_core::{
    StoreError,
    ports::{CareError, Job},
};
use appliance_tasks::TaskKind;

use super::{
    feed::{Behind, Feeder},
    level::Level,
    space::Space,
    spaces::{Building, REINDEX},
};

/// The task. It goes on after a restart, so a shutdown does not wait for it.
const BUILD: TaskKind = TaskKind::new("memory.build").aborted();

/// Pages after which what was built is saved: a restart goes on from there.
const SAVE_EVERY: usize = 32;

/// How long is waited after a failure, doubled each time up to [`LONGEST`].
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

impl Level {
    /// Starts a task that builds `space`; returns at once.
    pub(crate) fn begin(&self, space: Space) -> Result<Job, CareError> {
        let mut building = self.spaces.building();
        if building.as_ref().is_some_and(|it| !it.job.ended) {
            return Err(CareError::Busy(REINDEX));
        }
        let feeder = Arc::new(Feeder::begun(space, self.memories.latest()));
        let job = Job {
            name: REINDEX.to_owned(),
            doing: format!("building vectors of {}", feeder.space.embedder.model()),
            done: 0,
            total: self.follower.count() as u64,
            ended: false,
            failed: false,
        };
        let task = Some(self.spaces.tasks.spawn(BUILD, self.clone().build(feeder.clone())));
        *building = Some(Building { feeder, job: job.clone(), task });
        Ok(job)
    }

    /// Builds until it is done. Dropped at an await, it goes on at the next start from what was saved.
    async fn build(self, feeder: Arc<Feeder>) {
        let mut wait = FIRST;
        loop {
            let why = match self.go_on(&feeder).await {
                Ok(()) => return self.say(&feeder, "built, and serving".to_owned(), true),
                Err(why) => why,
            };
            tracing::warn!(%why, "vectors cannot be built just now; trying again in {wait:?}");
            self.say(&feeder, format!("waiting: {why}"), false);
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST);
        }
    }

    async fn go_on(&self, feeder: &Arc<Feeder>) -> Result<(), Behind> {
        self.words().await.map_err(Behind::Records)?;
        let goal = self.follower.position();
        let doing = format!("building vectors of {}", feeder.space.embedder.model());
        let mut pages = 0;
        while feeder.page(self.memories.as_ref(), goal).await? {
            self.say(feeder, doing.clone(), false);
            pages += 1;
            if pages % SAVE_EVERY == 0 {
                feeder.save_progress().await.map_err(Behind::Index)?;
            }
            tokio::task::yield_now().await;
        }
        self.finish(feeder).await.map_err(Behind::Index)
    }

    /// What is committed meanwhile, the next search brings in.
    async fn finish(&self, feeder: &Arc<Feeder>) -> Result<(), StoreError> {
        feeder.save().await?;
        let old = self.spaces.swap(feeder.clone()).await?;
        if let Some(old) = old {
            self.spaces.retire(&old).await;
        }
        let model = feeder.space.embedder.model();
        tracing::info!(model, memories = feeder.count(), "new vectors serve from now on");
        Ok(())
    }

    fn say(&self, feeder: &Feeder, doing: String, ended: bool) {
        let (done, all) = (feeder.count() as u64, self.follower.count() as u64);
        if let Some(building) = &mut *self.spaces.building() {
            let total = if ended { done } else { all.max(done) };
            building.job =
                Job { name: REINDEX.to_owned(), doing, done, total, ended, failed: false };
        }
    }
}
