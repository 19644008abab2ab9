//! What readers, takers and the writer share: the open file, and where it stands. Writes nothing.

use std::{
    io,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use appliance_core::{Clock, HistoryId, StoreError};
use storage_rules::{
    Counters, Fault as RuleFault, View, bus::tables, counters, damage::Register, tiers::manifest,
};

use crate::{
    OpenError,
    bus::Bus,
    caught::caught,
    cold::Archive,
    database::{Opened, Opener},
    fault::Fault,
    handle::Handle,
    medium::Beside,
    reserve::Reserve,
    signs::Signs,
    snapshot::Snapshot,
};

/// What readers, takers and the writer share.
pub(crate) struct Shared {
    /// The file; empty after closing, exchanged when a call to the disk failed.
    pub db: RwLock<Option<Handle>>,
    /// The one door to time.
    pub clock: Arc<dyn Clock>,
    /// The memory side of the bus.
    pub bus: Bus,
    /// The texts that are not in the file.
    pub archive: Arc<Archive>,
    /// What was found damaged in this life.
    pub damage: Arc<Register>,
    /// Which history the file holds.
    pub history: HistoryId,
    /// Signs of life.
    pub signs: Arc<Signs>,
    /// Room kept for what is essential.
    pub reserve: Arc<Reserve>,
    /// The highest position of the memories' change log.
    pub latest_memory: AtomicU64,
    /// The newest id's unix milliseconds.
    pub newest_millis: AtomicU64,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("latest_memory", &self.latest_memory).finish_non_exhaustive()
    }
}

/// Called once with the reason when the store takes nothing any more: nobody knows what is on disk.
pub type OnEnd = Arc<dyn Fn(&str) + Send + Sync>;

/// What is there once the file is open.
pub(crate) struct Begun {
    /// What readers, takers and the writer share.
    pub shared: Arc<Shared>,
    /// Where the file stands.
    pub counters: Counters,
    /// Why the file is there to be read only, if it is.
    pub held: Option<io::Error>,
}

impl Shared {
    /// Opens the file and reads where it stands.
    pub fn open(
        opener: &Opener,
        clock: Arc<dyn Clock>,
        beside: Beside,
        archive: Arc<Archive>,
    ) -> Result<Begun, OpenFault> {
        let Opened { db, held, raised, mended } = opener().map_err(OpenFault::Open)?;
        let read = || -> Result<_, Fault> {
            let file = Snapshot::of(&db)?;
            Ok((counters::read(&file)?, tables::load(&file)?, manifest::history(&file)?))
        };
        let (counters, lines, history) = caught(read)
            .unwrap_or_else(|why| Err(Fault::caught(why)))
            .map_err(OpenFault::Content)?;
        let Beside { signs, reserve } = beside;
        let shared = Self {
            db: RwLock::new(Some(db)),
            clock,
            bus: Bus::new(lines),
            damage: Arc::clone(archive.damage()),
            archive,
            history,
            signs,
            reserve,
            latest_memory: AtomicU64::new(counters.memory),
            newest_millis: AtomicU64::new(counters.newest_millis),
        };
        raised.into_iter().for_each(|damaged| shared.damage.note(damaged));
        mended.into_iter().for_each(|mended| shared.damage.note_mended(mended));
        Ok(Begun { shared: Arc::new(shared), counters, held })
    }

    /// Returns the file as it is open now.
    pub fn opened(&self) -> RwLockReadGuard<'_, Option<Handle>> {
        self.db.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how far the store has come.
    pub fn note(&self, counters: &Counters) {
        self.latest_memory.store(counters.memory, Ordering::Release);
        self.newest_millis.store(counters.newest_millis, Ordering::Release);
    }

    /// Reads from one consistent view, inline.
    pub fn read<T>(
        &self,
        op: &'static str,
        ask: impl FnOnce(&dyn View) -> Result<T, RuleFault>,
    ) -> Result<T, StoreError> {
        let guard = self.opened();
        let found = match guard.as_ref() {
            // redb panics on some damaged pages.
            Some(db) => caught(|| Ok(ask(&Snapshot::of(db)?.noting(&self.damage))?))
                .unwrap_or_else(|why| Err(Fault::caught(why))),
            None => Err(Fault::Closed),
        };
        drop(guard);
        found.map_err(|fault| {
            if fault.is_of_handle() {
                self.signs.call_writer(); // who opens the file anew
            }
            fault.damaged().into_iter().for_each(|damaged| self.damage.note(damaged));
            fault.at(op)
        })
    }
}

/// Why the file cannot be used.
#[derive(Debug)]
pub(crate) enum OpenFault {
    /// It does not open.
    Open(OpenError),
    /// It opens and what is in it cannot be read.
    Content(Fault),
}
