//! Between redb and the disk: passes every call on, notes which one failed, and makes room from the
//! reserve for what is essential.
//!
//! redb only says that some call failed, and answers nothing after it; what may follow depends on
//! which: after a failed sync nobody knows what is on disk, anything earlier leaves the last commit
//! as it was. Decides nothing: see `engine/mend.rs`.

use std::{io, ops::Bound, sync::Arc};

use redb::{BackendError, StorageBackend};

use crate::{
    fault::{is_beyond_end, is_out_of_room},
    reserve::Reserve,
    signs::{Call, Signs},
};

/// What lies beside every handle on the file: it outlives them.
#[derive(Debug, Clone)]
pub(crate) struct Beside {
    /// Where calls leave their signs.
    pub signs: Arc<Signs>,
    /// Room kept for what is essential.
    pub reserve: Arc<Reserve>,
}

impl Beside {
    /// Begins with no sign and no reserve.
    #[cfg(test)]
    pub fn nothing() -> Self {
        let clock = Arc::new(appliance_core::time::ManualClock::at_millis(0));
        let reserve = Reserve::at(std::path::Path::new("/dev/null"));
        Self { signs: Arc::new(Signs::new(clock)), reserve: Arc::new(reserve) }
    }
}

/// A disk whose calls are watched.
#[derive(Debug)]
pub(crate) struct Watched {
    below: Box<dyn StorageBackend>,
    beside: Beside,
    /// Which handle it belongs to.
    handle: u64,
}

impl Watched {
    /// Watches the calls to `below`.
    pub fn over(below: Box<dyn StorageBackend>, beside: &Beside) -> Self {
        Self { below, handle: beside.signs.handle(), beside: beside.clone() }
    }

    /// Refuses a handle that was given up; that is no failure of the disk.
    fn check_handle(&self) -> io::Result<()> {
        if self.beside.signs.handle() == self.handle {
            return Ok(());
        }
        Err(io::Error::other("this handle on state.redb was given up"))
    }

    /// Makes a call that may need room, again while the reserve gives some.
    fn with_room(&self, call: Call, make: impl Fn() -> io::Result<()>) -> io::Result<()> {
        self.check_handle()?;
        self.beside.signs.during(call, || {
            loop {
                match make() {
                    Err(error) if is_out_of_room(&error) && self.beside.reserve.give() => {}
                    done => return done,
                }
            }
        })
    }
}

impl StorageBackend for Watched {
    fn len(&self) -> io::Result<u64> {
        self.below.len().inspect_err(|error| self.beside.signs.note_failed(Call::Read, error))
    }

    /// What is beyond the end is no failure of the disk: a wrong number in a page leads there. After an
    /// error the handle would answer nobody any more; so it ends as redb ends on any other such page,
    /// and only who follows it is told.
    #[expect(clippy::panic, reason = "as redb does on a damaged page; caught wherever one is read")]
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let read = self.below.read(offset, out);
        if read.as_ref().is_err_and(is_beyond_end) {
            panic!("it leads beyond the end of the file");
        }
        read.inspect_err(|error| self.beside.signs.note_failed(Call::Read, error))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.with_room(Call::Resize, || self.below.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.check_handle()?;
        self.beside.signs.during(Call::Sync, || self.below.sync_data())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.with_room(Call::Write, || self.below.write(offset, data))
    }

    fn close(&self) -> io::Result<()> {
        self.below.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.below.try_lock_range(start, end)
    }

    fn try_lock_shared_range(
        &self,
        start: Bound<u64>,
        end: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.below.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.below.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.below.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.below.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.below.query_lock_range(start, end)
    }
}
