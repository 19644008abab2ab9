//! Which space serves, and the one that is built beside it. Builds nothing: that is [`build`].
//!
//! [`build`]: super::build

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use appliance_core::{
    ErrorKind, Memory, StoreError,
    ports::{Job, VectorHome},
};
use appliance_tasks::{Task, TaskKind, Tasks};

use super::{feed::Feeder, outage::Outage, space::SpaceMaker};

/// The name of the job that builds a space.
pub(crate) const REINDEX: &str = "reindex";

/// Writing down what serves, and removing what serves no more.
const FILES: TaskKind = TaskKind::new("memory.mark");

/// The spaces of one search.
#[derive(Debug)]
pub(crate) struct Spaces {
    pub tasks: Tasks,
    serving: RwLock<Option<Arc<Feeder>>>,
    building: Mutex<Option<Building>>,
    /// Keeps note of what serves.
    pub home: OnceLock<Arc<dyn VectorHome>>,
    pub maker: OnceLock<SpaceMaker>,
    /// Of saving them.
    saving: Outage,
}

/// The space that is built, or was built last.
#[derive(Debug)]
pub(crate) struct Building {
    pub feeder: Arc<Feeder>,
    pub job: Job,
    pub task: Option<Task>,
}

impl Spaces {
    pub(crate) fn of(serving: Option<Feeder>, tasks: Tasks) -> Self {
        Self {
            saving: Outage::default(),
            tasks,
            serving: RwLock::new(serving.map(Arc::new)),
            building: Mutex::default(),
            home: OnceLock::new(),
            maker: OnceLock::new(),
        }
    }

    /// Returns the space that serves.
    pub(crate) fn serving(&self) -> Option<Arc<Feeder>> {
        self.serving.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the space that is built just now, or was built last.
    pub(crate) fn building(&self) -> MutexGuard<'_, Option<Building>> {
        self.building.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells both spaces of a memory that the records have.
    pub(crate) fn heard_of(&self, position: u64, memory: &Memory) {
        if let Some(feeder) = self.serving() {
            feeder.heard_of(position, memory);
        }
        if let Some(building) = &*self.building() {
            building.feeder.heard_of(position, memory);
        }
    }

    /// Says why the vectors could not be saved the last time, if they could not.
    pub(crate) fn fault(&self) -> Option<String> {
        self.saving.stands()
    }

    /// Saves again what could not be saved, once it was left alone for a while.
    pub(crate) async fn mend(&self) {
        if self.saving.stands().is_some() && self.saving.pause().is_none() {
            let _ = self.save().await; // noted where it failed
        }
    }

    /// Keeps both across a restart, and what is known of them.
    pub(crate) async fn save(&self) -> Result<(), StoreError> {
        let done = self.save_both().await;
        match &done {
            Ok(()) => self.saving.works(),
            Err(why) => drop(self.saving.failed("what vectors a restart could go on from", why)),
        }
        done
    }

    async fn save_both(&self) -> Result<(), StoreError> {
        let (serving, building) =
            (self.serving(), self.building().as_ref().map(|it| it.feeder.clone()));
        if let Some(feeder) = &serving {
            feeder.save().await?;
            self.mark(feeder).await?;
        }
        let serves =
            |feeder: &Arc<Feeder>| serving.as_ref().is_some_and(|it| Arc::ptr_eq(it, feeder));
        match building.filter(|feeder| !serves(feeder)) {
            Some(feeder) => feeder.save_progress().await,
            None => Ok(()),
        }
    }

    /// Lets a space that is level and saved serve from now on; returns the one before it.
    pub(crate) async fn swap(
        &self,
        feeder: Arc<Feeder>,
    ) -> Result<Option<Arc<Feeder>>, StoreError> {
        // A crash before the mark leaves the old space serving, one after it the new one.
        self.mark(&feeder).await?;
        let mut serving = self.serving.write().unwrap_or_else(PoisonError::into_inner);
        Ok(serving.replace(feeder))
    }

    /// Removes the vectors of a space that serves no more. Cut off, the next start removes the folder.
    pub(crate) async fn retire(&self, old: &Feeder) {
        let serving = self.serving().and_then(|feeder| feeder.space.folder.clone());
        let folder = old.space.folder.as_ref().filter(|folder| Some(*folder) != serving.as_ref());
        let (Some(home), Some(folder)) = (self.home.get().cloned(), folder.cloned()) else {
            return;
        };
        if let Err(why) = old.space.index.discard().await {
            tracing::warn!(%why, "old vectors stay at the server; delete the collections by hand");
        }
        if let Err(lost) = self.tasks.blocking(FILES, move || home.remove(&folder)).await {
            tracing::warn!(%lost, "old vectors stay until the next start");
        }
    }

    /// Writes down what serves, unless that stands there already.
    async fn mark(&self, feeder: &Feeder) -> Result<(), StoreError> {
        let Some(home) = self.home.get().cloned() else { return Ok(()) };
        let mark = feeder.serving();
        let write = move || {
            if home.serving().as_ref() == Some(&mark) { Ok(()) } else { home.serve(&mark) }
        };
        let written = self.tasks.blocking(FILES, write).await;
        written.unwrap_or_else(|lost| {
            Err(StoreError::new(ErrorKind::Unavailable, "vectors.serve", lost.to_string()))
        })
    }
}
