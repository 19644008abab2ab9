//! A disk in memory: what was synced stays, the rest may be lost. Stands in for the file in tests.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard},
};

use redb::StorageBackend;

use crate::{reserve::Kept, signs::Call};

/// Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub(super) struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// What a reader sees.
    now: Vec<u8>,
    /// What is certain to survive.
    synced: Vec<u8>,
    /// Changes since the last sync, in order.
    loose: Vec<Change>,
    /// Most bytes there is room for.
    room: Option<usize>,
    /// Changes and syncs that still work.
    works: Option<u64>,
    /// One call that fails once, and then no more.
    faulty: Option<Faulty>,
    /// Calls that fail until further notice.
    refused: Option<(Call, io::ErrorKind)>,
    /// What the reserve has not given up yet.
    reserve: usize,
    syncs: u64,
}

#[derive(Debug)]
struct Faulty {
    call: Call,
    after: u64,
    with: io::ErrorKind,
}

/// What the reserve gives up at a time.
const SLICE: usize = 64 * 1024;

#[derive(Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Length(len) => bytes.resize(*len, 0),
            Self::Write(at, data) => {
                let end = at + data.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[*at..end].copy_from_slice(data);
            }
        }
    }
}

impl Disk {
    /// Begins with these bytes on it.
    pub fn holding(bytes: Vec<u8>) -> Self {
        let state = State { now: bytes.clone(), synced: bytes, ..State::default() };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Leaves no room to grow.
    pub fn fill(&self) {
        let mut state = self.state();
        state.room = Some(state.now.len());
    }

    /// Makes room again.
    pub fn empty(&self) {
        self.state().room = None;
    }

    /// Fails every change and sync after `more` of them.
    pub fn break_after(&self, more: u64) {
        self.state().works = Some(more);
    }

    /// Fails one `call` with `error`, after `more` of them.
    pub fn fail_once(&self, call: Call, more: u64, error: io::ErrorKind) {
        self.state().faulty = Some(Faulty { call, after: more, with: error });
    }

    /// Tells whether that call has failed.
    pub fn has_failed(&self) -> bool {
        self.state().faulty.is_none()
    }

    /// Fails every `call` from now on, or no more.
    pub fn refuse(&self, call: Call, on: bool) {
        self.state().refused = on.then_some((call, io::ErrorKind::Other));
    }

    /// Fails every `call` with `error` from now on.
    pub fn refuse_with(&self, call: Call, error: io::ErrorKind) {
        self.state().refused = Some((call, error));
    }

    /// Puts `bytes` into the reserve.
    pub fn keep_back(&self, bytes: usize) {
        self.state().reserve = bytes;
    }

    /// Returns what is certain to survive.
    pub fn bytes(&self) -> Vec<u8> {
        self.state().synced.clone()
    }

    /// Puts other bytes on it, as what was synced.
    pub fn put(&self, bytes: &[u8]) {
        let mut state = self.state();
        (state.now, state.synced) = (bytes.to_vec(), bytes.to_vec());
        state.loose.clear();
    }

    /// Returns how often it was synced.
    pub fn syncs(&self) -> u64 {
        self.state().syncs
    }

    /// Comes back after a power cut: of the unsynced changes some made it, by chance.
    pub fn restart(&self, seed: u64) {
        let mut state = self.state();
        let mut dice = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut bytes = std::mem::take(&mut state.synced);
        for change in std::mem::take(&mut state.loose) {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            if dice.is_multiple_of(2) {
                change.apply(&mut bytes);
            }
        }
        *state = State { now: bytes.clone(), synced: bytes, ..State::default() };
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl Kept for Disk {
    fn give(&self) -> io::Result<bool> {
        let mut state = self.state();
        let given = state.reserve.min(SLICE);
        state.reserve -= given;
        state.room = state.room.map(|room| room + given);
        Ok(given > 0)
    }

    fn restore(&self) -> io::Result<()> {
        Ok(())
    }
}

impl State {
    fn meet(&mut self, call: Call) -> io::Result<()> {
        if let Some((_, error)) = self.refused.filter(|(refused, _)| *refused == call) {
            return Err(error.into());
        }
        let Some(faulty) = self.faulty.as_mut().filter(|faulty| faulty.call == call) else {
            return Ok(());
        };
        if faulty.after > 0 {
            faulty.after -= 1;
            return Ok(());
        }
        let error = io::Error::from(faulty.with);
        self.faulty = None;
        Err(error)
    }

    fn change(&mut self, change: Change) -> io::Result<()> {
        self.meet(if matches!(change, Change::Length(_)) { Call::Resize } else { Call::Write })?;
        self.work()?;
        let end = match &change {
            Change::Length(len) => *len,
            Change::Write(at, data) => at + data.len(),
        };
        if self.room.is_some_and(|room| end > room) {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        change.apply(&mut self.now);
        self.loose.push(change);
        Ok(())
    }

    fn work(&mut self) -> io::Result<()> {
        match &mut self.works {
            Some(0) => Err(io::Error::other("input/output error")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut state = self.state();
        state.meet(Call::Read)?;
        let at = usize::try_from(offset).unwrap();
        match state.now.get(at..at + out.len()) {
            Some(bytes) => {
                out.copy_from_slice(bytes);
                Ok(())
            }
            None => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.state().change(Change::Length(usize::try_from(len).unwrap()))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state();
        state.meet(Call::Sync)?;
        state.work()?;
        state.syncs += 1;
        state.synced = state.now.clone();
        state.loose.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.state().change(Change::Write(usize::try_from(offset).unwrap(), data.to_vec()))
    }
}
