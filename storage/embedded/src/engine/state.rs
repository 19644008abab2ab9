//! Whether the engine takes batches, and from when on again. Writes nothing.

use std::time::Duration;

use appliance_core::Monotonic;

use super::{Engine, hindrance::Hindrance};

/// How long nothing is tried after it failed, unless there is room again before.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

/// Whether the engine takes batches.
#[derive(Debug)]
pub(super) enum State {
    Running,
    /// There was no room, or the file could not be written to; ends when a commit comes through.
    Held(Held),
    /// Nobody knows what is on disk; never ends.
    Ended(Hindrance),
}

/// What holds batches back.
#[derive(Debug)]
pub(super) struct Held {
    pub why: Hindrance,
    /// Free bytes at that time.
    pub free: u64,
    /// When something was tried last.
    pub since: Monotonic,
}

/// What may be tried just now.
pub(super) enum Gate {
    /// Everything.
    Open,
    /// Only what is essential.
    Essential(Hindrance),
    /// Nothing.
    Shut(Hindrance),
}

impl Engine {
    /// Tells what may be tried now; opens the file anew first where that is due.
    pub(super) fn gate(&mut self) -> Gate {
        if matches!(self.state, State::Ended(_)) {
            return self.as_it_stands();
        }
        match self.stand() {
            Ok(false) => {}
            Ok(true) => drop(self.renew()), // the state says how it went
            Err(why) => return Gate::Shut(why),
        }
        if let State::Held(held) = &self.state
            && !self.is_due(held)
        {
            return Gate::Essential(held.why.clone());
        }
        // A reader's failed call leaves a dead handle too.
        if self.is_provisional || self.shared.signs.failed().is_some() {
            let _ = self.renew(); // the state says how it went
            if self.is_provisional || matches!(self.state, State::Ended(_)) {
                return self.as_it_stands();
            }
        }
        Gate::Open
    }

    /// Looks whether anything can be mended while nobody asks for anything.
    pub fn look(&mut self) {
        let is_open = matches!(self.gate(), Gate::Open);
        if is_open && self.has_room_again() {
            tracing::info!("there is room on the disk again: writes go on");
            self.shared.signs.note_well();
            self.state = State::Running;
        }
        self.keep_reserve();
    }

    /// Makes the reserve whole where there is room for it and for more.
    pub(super) fn keep_reserve(&self) {
        let reserve = &self.shared.reserve;
        let is_calm = matches!(self.state, State::Running);
        if reserve.is_short() && is_calm && self.room.free() >= 2 * crate::reserve::RESERVE_BYTES {
            reserve.restore();
        }
    }

    fn as_it_stands(&self) -> Gate {
        match &self.state {
            State::Running => Gate::Open,
            State::Held(held) => Gate::Essential(held.why.clone()),
            State::Ended(why) => Gate::Shut(why.clone()),
        }
    }

    fn is_due(&self, held: &Held) -> bool {
        self.has_room_again() || self.shared.clock.monotonic().since(held.since) >= PAUSE
    }

    /// Tells whether there is more room than when there was none.
    fn has_room_again(&self) -> bool {
        let State::Held(held) = &self.state else { return false };
        held.why.waits_for_room() && self.room.is_back(held.free)
    }
}
