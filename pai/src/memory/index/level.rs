//! The records and their indexes, and how these are kept level: at a start, and as long as the server
//! runs.
//!
//! A search brings in what is new by itself; done before anybody asks, it has nothing left to do, even
//! after an import of thousands.

use std::{sync::Arc, time::Duration};

use appliance_core::{
    StoreError,
    ports::{Embedder, Memories, SearchError},
};
use appliance_tasks::Tasks;
use tokio::time::timeout;

use super::{feed::Feeder, follow::Follower, space::Space, spaces::Spaces};

/// How often is looked for something new; looking costs next to nothing.
const EVERY: Duration = Duration::from_millis(250);

/// Longest wait after records could not be read.
const LONGEST: Duration = Duration::from_secs(60);

/// Changes from which on a search does not wait until all of them are taken in.
const FAR: u64 = 2_000;

/// How long it waits then.
const GLANCE: Duration = Duration::from_millis(100);

/// Nobody waits for what is taken in as it comes.
pub(crate) const NO_HURRY: Duration = Duration::MAX;

/// What a search finds level that did not wait for long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Glance {
    /// All of it.
    Level,
    /// The shelves; the index of words is being filled again.
    WithoutWords,
    /// Not even the shelves, as after a start.
    Reading,
}

/// The records, with the words and vectors that follow them.
#[derive(Debug, Clone)]
pub(crate) struct Level {
    pub memories: Arc<dyn Memories>,
    pub follower: Arc<Follower>,
    pub spaces: Arc<Spaces>,
}

impl Level {
    pub(crate) fn new(
        memories: Arc<dyn Memories>,
        words: Arc<dyn Embedder>,
        serving: Option<Space>,
        tasks: Tasks,
    ) -> Self {
        let latest = memories.latest();
        let spaces = Spaces::of(serving.map(|space| Feeder::new(space, latest)), tasks);
        let follower = Arc::new(Follower::new(memories.clone(), words));
        Self { memories, follower, spaces: Arc::new(spaces) }
    }

    /// Brings words and shelves level.
    pub(crate) async fn words(&self) -> Result<(), StoreError> {
        let heard = |position, memory: &_| self.spaces.heard_of(position, memory);
        self.follower.level(heard).await?;
        Ok(())
    }

    /// Brings words and shelves level for a search; gives up at once where too much is new, as after a
    /// start. Tells what is level.
    pub(crate) async fn glance(&self) -> Result<Glance, StoreError> {
        let (shelves, texts) = self.follower.behind(self.memories.latest());
        if shelves.max(texts) <= FAR || self.follower.texts.get().is_none() {
            return self.words().await.map(|()| Glance::Level);
        }
        match timeout(GLANCE, self.words()).await {
            Ok(done) => done.map(|()| Glance::Level),
            Err(_) if shelves <= FAR => Ok(Glance::WithoutWords),
            Err(_) => Ok(Glance::Reading),
        }
    }

    /// Brings all of them level.
    pub(crate) async fn all(&self) -> Result<(), SearchError> {
        self.words().await?;
        let Some(feeder) = self.spaces.serving() else { return Ok(()) };
        let goal = self.follower.position();
        feeder.bring_level(self.memories.as_ref(), goal).await.map_err(Into::into)
    }

    /// Takes in what is new as it comes; never returns.
    pub(crate) async fn keep(&self) {
        let mut wait = EVERY;
        loop {
            wait = match self.catch_up().await {
                Ok(()) => EVERY,
                Err(why) => {
                    tracing::warn!(%why, "new memories cannot be read; searches try too");
                    (wait * 2).min(LONGEST)
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Ends the task that builds a space, if one runs.
    pub(crate) async fn close(&self) {
        let task = self.spaces.building().as_mut().and_then(|it| it.task.take());
        let Some(mut task) = task else { return };
        task.abort();
        task.ended().await;
        if let Some(building) = &mut *self.spaces.building()
            && !building.job.ended
        {
            building.job.ended = true;
            "stopped; it goes on at the next start".clone_into(&mut building.job.doing);
        }
    }

    async fn catch_up(&self) -> Result<(), StoreError> {
        self.follower.mend().await;
        self.spaces.mend().await;
        self.words().await?;
        if let Some(feeder) = self.spaces.serving() {
            let goal = self.follower.position();
            feeder.catch_up(self.memories.as_ref(), goal, NO_HURRY).await?;
        }
        Ok(())
    }
}
