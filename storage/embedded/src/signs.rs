//! The board on which the writer and the disk leave signs of life: what failed, what is under way,
//! when the last commit was.
//!
//! Readiness, the watchdog and the engine read it. Every note is a few numbers under one lock, so
//! asking waits for no commit and no disk. Decides nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, io,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use appliance_core::{
    Clock, Monotonic,
    ports::{Damaged, StoreHealth, StoreState},
};

/// A writer at work that has done nothing for so long, outside any call to the disk, will do nothing.
const HUNG: Duration = Duration::from_secs(60);

/// The place of what is not known to be in a table.
pub(crate) const FILE: &str = "state.redb";

/// A call to the disk that takes so long will not come back.
const LOST_CALL: Duration = Duration::from_secs(300);

/// A call to the file's disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Read,
    Resize,
    Write,
    Sync,
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub call: Call,
    pub kind: io::ErrorKind,
    pub said: String,
}

/// How the last attempt to write ended.
#[derive(Debug, Clone, Default)]
enum Condition {
    #[default]
    Well,
    Full(String),
    Failing(String),
    Ended(String),
}

#[derive(Debug, Default)]
struct Board {
    condition: Condition,
    /// The first call that failed since the file was opened: redb answers nothing after it.
    failed: Option<Failure>,
    /// A sync that failed, ever.
    lost_sync: Option<Failure>,
    working_since: Option<Monotonic>,
    call_since: Option<Monotonic>,
    moved: Monotonic,
    committed: Option<Monotonic>,
    is_gone: bool,
    /// What no write could read of late, by its place.
    damaged: BTreeMap<String, String>,
    /// Which handle on the file may write.
    handle: u64,
}

/// The board. One a store.
pub(crate) struct Signs {
    clock: Arc<dyn Clock>,
    board: Mutex<Board>,
    call_writer: OnceLock<Box<dyn Fn() + Send + Sync>>,
    closing: AtomicBool,
}

impl fmt::Debug for Signs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signs").field("board", &self.board).finish_non_exhaustive()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let call = match self.call {
            Call::Read => "reading",
            Call::Resize => "resizing",
            Call::Write => "writing",
            Call::Sync => "syncing",
        };
        write!(f, "{call} state.redb: {}", self.said)
    }
}

impl Signs {
    /// Begins with nothing on it.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let (call_writer, closing) = (OnceLock::new(), AtomicBool::new(false));
        Self { clock, board: Mutex::default(), call_writer, closing }
    }

    /// Says how to have the writer look around; the first way stays.
    pub fn call_writer_by(&self, call: impl Fn() + Send + Sync + 'static) {
        let _ = self.call_writer.set(Box::new(call)); // one writer a store
    }

    /// Has the writer look around.
    pub fn call_writer(&self) {
        if let Some(call) = self.call_writer.get() {
            call();
        }
    }

    /// Makes a call to the disk that changes something, and notes how long it takes and its failure.
    pub fn during(&self, call: Call, make: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        self.waiting(make).inspect_err(|error| self.note_failed(call, error))
    }

    /// Waits for the disk: the writer counts as alive meanwhile, and a failure is the caller's.
    pub fn waiting<T>(&self, make: impl FnOnce() -> T) -> T {
        self.step(|board, now| board.call_since = Some(now));
        let done = make();
        self.step(|board, _| board.call_since = None);
        done
    }

    /// Notes that the store is being closed: what is long and can be made later is left.
    pub fn note_closing(&self) {
        self.closing.store(true, Ordering::Release);
    }

    /// Tells whether the store is being closed.
    pub fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Notes a call that failed.
    pub fn note_failed(&self, call: Call, error: &io::Error) {
        let failure = Failure { call, kind: error.kind(), said: error.to_string() };
        let mut board = self.board();
        if call == Call::Sync {
            board.lost_sync.get_or_insert_with(|| failure.clone());
        }
        board.failed.get_or_insert(failure);
    }

    /// Returns the first call that failed since the file was opened.
    pub fn failed(&self) -> Option<Failure> {
        self.board().failed.clone()
    }

    /// Returns a sync that failed, ever.
    pub fn lost_sync(&self) -> Option<Failure> {
        self.board().lost_sync.clone()
    }

    /// Notes that the file was opened anew.
    pub fn note_opened(&self) {
        self.board().failed = None;
    }

    /// Notes that the writer begins to work.
    pub fn note_working(&self) {
        self.step(|board, now| board.working_since = Some(now));
    }

    /// Notes that the writer gets on with what it does.
    pub fn note_moving(&self) {
        self.step(|_, _| {});
    }

    /// Notes that the writer has nothing to do.
    pub fn note_idle(&self) {
        self.step(|board, _| board.working_since = None);
    }

    /// Notes a commit that is on disk, and the tables that it wrote to: they can be.
    pub fn note_committed(&self, written: &BTreeSet<&'static str>) {
        self.step(|board, now| {
            board.committed = Some(now);
            board.damaged.retain(|place, _| !written.contains(place.as_str()) && place != FILE);
        });
    }

    /// Notes a page that a write could not read; it stays until a commit writes to its table.
    pub fn note_damaged(&self, damaged: &Damaged) {
        let Damaged { place, what, .. } = damaged;
        self.board().damaged.insert(place.clone(), what.clone());
    }

    /// Returns the number of the handle that is being opened: it may write until it is given up.
    pub fn handle(&self) -> u64 {
        self.board().handle
    }

    /// Gives up every handle so far: none of them writes any more.
    pub fn give_up_handles(&self) {
        self.board().handle += 1;
    }

    /// Notes that writes come through, as far as is known.
    pub fn note_well(&self) {
        self.board().condition = Condition::Well;
    }

    /// Notes that there is no room.
    pub fn note_full(&self, why: &str) {
        self.board().condition = Condition::Full(why.to_owned());
    }

    /// Notes that the last write was refused because of the disk or the file.
    pub fn note_failing(&self, why: &str) {
        self.board().condition = Condition::Failing(why.to_owned());
    }

    /// Notes that nothing is taken any more.
    pub fn note_ended(&self, why: &str) {
        self.board().condition = Condition::Ended(why.to_owned());
    }

    /// Notes that the writer is gone for good.
    pub fn note_gone(&self) {
        self.board().is_gone = true;
    }

    /// Returns what the board says now.
    pub fn read(&self) -> StoreHealth {
        let now = self.clock.monotonic();
        let board = self.board();
        StoreHealth {
            state: board.state(now),
            last_commit_age: board.committed.map(|at| now.since(at)),
            outstanding_for: board.working_since.map(|since| now.since(since)),
        }
    }

    fn step(&self, note: impl FnOnce(&mut Board, Monotonic)) {
        let now = self.clock.monotonic();
        let mut board = self.board();
        board.moved = now;
        note(&mut board, now);
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Board {
    fn state(&self, now: Monotonic) -> StoreState {
        let is_slow = self.working_since.is_some_and(|at| now.since(at) > StoreHealth::SLOW);
        match &self.condition {
            Condition::Ended(why) => StoreState::Ended(why.clone()),
            _ if self.is_gone || self.is_hung(now) => StoreState::Hung,
            Condition::Full(why) => StoreState::Full(why.clone()),
            Condition::Failing(why) => StoreState::Failing(why.clone()),
            Condition::Well if !self.damaged.is_empty() => self.places(),
            Condition::Well if is_slow => StoreState::Slow,
            Condition::Well => StoreState::Well,
        }
    }

    fn places(&self) -> StoreState {
        let said: Vec<_> =
            self.damaged.iter().map(|(place, what)| format!("{place}: {what}")).collect();
        StoreState::Damaged(said.join("; "))
    }

    fn is_hung(&self, now: Monotonic) -> bool {
        let patience = if self.call_since.is_some() { LOST_CALL } else { HUNG };
        self.working_since.is_some() && now.since(self.moved) > patience
    }
}

#[cfg(test)]
mod tests {
    use appliance_core::time::ManualClock;

    use super::*;

    fn board() -> (Signs, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at_millis(0));
        (Signs::new(clock.clone()), clock)
    }

    #[test]
    fn a_slow_sync_is_alive_and_a_writer_that_does_not_move_is_not() {
        let (signs, clock) = board();
        assert_eq!(signs.read().state, StoreState::Well);
        signs.note_working();
        clock.advance(StoreHealth::SLOW);
        assert_eq!(signs.read().state, StoreState::Well);
        let slow = || {
            clock.advance(Duration::from_secs(1));
            assert_eq!(signs.read().state, StoreState::Slow);
            assert_eq!(signs.read().outstanding_for, Some(Duration::from_secs(3)));
            clock.advance(HUNG * 2);
            assert_eq!(signs.read().state, StoreState::Slow, "the disk takes its time");
            Ok(())
        };
        signs.during(Call::Sync, slow).unwrap();
        clock.advance(HUNG);
        assert!(signs.read().state.is_alive());
        clock.advance(Duration::from_secs(1));
        assert_eq!(signs.read().state, StoreState::Hung);
        signs.note_idle();
        assert_eq!(signs.read().state, StoreState::Well, "an idle writer hangs never");
        signs.note_gone();
        assert!(!signs.read().state.is_alive());
    }

    #[test]
    fn a_commit_ends_what_was_wrong_and_its_age_grows() {
        let (signs, clock) = board();
        assert_eq!(signs.read().last_commit_age, None);
        signs.note_full("no room");
        assert_eq!(signs.read().state.code(), "full");
        assert!(signs.read().state.is_alive());
        signs.note_committed(&BTreeSet::new());
        assert_eq!(
            signs.read().state.code(),
            "full",
            "the reserve's commits say nothing of others"
        );
        signs.note_well();
        clock.advance(Duration::from_secs(5));
        let health = signs.read();
        assert_eq!(health.state, StoreState::Well);
        assert_eq!(health.last_commit_age, Some(Duration::from_secs(5)));
    }

    #[test]
    fn damage_stays_until_its_table_is_written_to() {
        let (signs, _) = board();
        let (place, what) = ("messages.v1".to_owned(), "a page cannot be read".to_owned());
        signs.note_damaged(&Damaged { place, what, memory: None });
        signs.note_well();
        signs.note_committed(&BTreeSet::from(["sessions.v1"]));
        assert_eq!(signs.read().state.code(), "damaged");
        signs.note_committed(&BTreeSet::from(["messages.v1"]));
        assert_eq!(signs.read().state, StoreState::Well);
    }

    #[test]
    fn the_first_failure_is_kept_until_the_file_is_opened_and_a_lost_sync_for_ever() {
        let (signs, _) = board();
        signs.note_failed(Call::Write, &io::Error::other("first"));
        signs.note_failed(Call::Sync, &io::Error::other("second"));
        assert_eq!(signs.failed().unwrap().to_string(), "writing state.redb: first");
        signs.note_opened();
        assert_eq!(signs.failed(), None);
        assert_eq!(signs.lost_sync().unwrap().said, "second");
    }
}
