//! When a dead process is started again: a pure state machine. Starts nothing, reads no clock.
//!
//! At once, then after 10, 30 and 60 s, then quarantine with a try every ten minutes. Counts begin
//! anew once one life has lasted five minutes.
//!
//! Invariant: only a life that really lasted resets the count, so a slow crash loop ends in
//! quarantine too.

use std::time::Duration;

use appliance_core::Monotonic;

/// Waits before the first restarts of a crash loop.
const WAITS: [Duration; 4] =
    [Duration::ZERO, Duration::from_secs(10), Duration::from_secs(30), Duration::from_secs(60)];

/// The wait in quarantine.
const QUARANTINE: Duration = Duration::from_secs(10 * 60);

/// How long a life must last to count as healthy.
const HEALTHY: Duration = Duration::from_secs(5 * 60);

/// One process's history, as far as it decides about the next start.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Policy {
    deaths: u32,
    state: State,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// To be started as soon as somebody looks.
    #[default]
    Due,
    /// Lives since then.
    Up(Monotonic),
    /// Dead until then.
    Waiting(Monotonic),
}

impl Policy {
    /// Notes that the process was started.
    pub(super) fn started(&mut self, now: Monotonic) {
        self.state = State::Up(now);
    }

    /// Notes that it died or could not be started, and returns how long it stays down.
    pub(super) fn died(&mut self, now: Monotonic) -> Duration {
        self.settle(now);
        let wait = WAITS.get(self.deaths as usize).copied().unwrap_or(QUARANTINE);
        self.deaths = self.deaths.saturating_add(1);
        self.state = State::Waiting(now.plus(wait));
        wait
    }

    /// Takes back the last `deaths`: they were not the process's own fault.
    pub(super) fn forgive(&mut self, deaths: u32) {
        self.deaths = self.deaths.saturating_sub(deaths);
        if matches!(self.state, State::Waiting(_)) {
            self.state = State::Due;
        }
    }

    /// Forgets everything: a person wants it to be started now.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// Tells whether it is to be started now.
    pub(super) fn is_due(&self, now: Monotonic) -> bool {
        match self.state {
            State::Due => true,
            State::Up(_) => false,
            State::Waiting(until) => now >= until,
        }
    }

    /// Forgets earlier deaths once this life has lasted.
    pub(super) fn settle(&mut self, now: Monotonic) {
        if let State::Up(since) = self.state
            && now.since(since) >= HEALTHY
        {
            self.deaths = 0;
        }
    }

    /// Returns the deaths since it was last healthy.
    pub(super) fn deaths(&self) -> u32 {
        self.deaths
    }

    /// Tells whether only the slow tries are left.
    pub(super) fn in_quarantine(&self) -> bool {
        matches!(self.state, State::Waiting(_)) && self.deaths as usize > WAITS.len()
    }
}

#[cfg(test)]
mod tests {
    use appliance_core::{Clock, time::ManualClock};

    use super::*;

    fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    /// Starts it, lets it live for `life`, lets it die; returns how long it stays down.
    fn live(policy: &mut Policy, clock: &ManualClock, life: Duration) -> Duration {
        policy.started(clock.monotonic());
        clock.advance(life);
        policy.died(clock.monotonic())
    }

    #[test]
    fn a_crash_loop_waits_longer_and_ends_in_quarantine() {
        let (mut policy, clock) = (Policy::default(), ManualClock::at_millis(0));
        let mut waits = Vec::new();
        for _ in 0..7 {
            assert!(policy.is_due(clock.monotonic()));
            let wait = live(&mut policy, &clock, secs(1));
            waits.push(wait.as_secs());
            if !wait.is_zero() {
                clock.advance(wait - secs(1));
                assert!(!policy.is_due(clock.monotonic()), "started before its wait was over");
                clock.advance(secs(1));
            }
        }
        assert_eq!(waits, [0, 10, 30, 60, 600, 600, 600]);
        assert!(policy.in_quarantine());
        assert_eq!(policy.deaths(), 7);
    }

    #[test]
    fn five_healthy_minutes_reset_the_count_and_less_does_not() {
        let (mut policy, clock) = (Policy::default(), ManualClock::at_millis(0));
        live(&mut policy, &clock, secs(1));
        live(&mut policy, &clock, secs(1));
        assert_eq!(live(&mut policy, &clock, secs(299)), secs(30), "299 s are not healthy");
        assert_eq!(live(&mut policy, &clock, secs(300)), secs(0), "300 s are");
        assert_eq!(policy.deaths(), 1);
    }

    #[test]
    fn a_forgiven_death_does_not_count_and_starts_at_once() {
        let (mut policy, clock) = (Policy::default(), ManualClock::at_millis(0));
        live(&mut policy, &clock, secs(1));
        live(&mut policy, &clock, secs(1));
        policy.forgive(1);
        assert!(policy.is_due(clock.monotonic()));
        assert_eq!(live(&mut policy, &clock, secs(1)), secs(10));
    }

    #[test]
    fn a_person_lifts_the_quarantine() {
        let (mut policy, clock) = (Policy::default(), ManualClock::at_millis(0));
        for _ in 0..5 {
            live(&mut policy, &clock, secs(1));
        }
        assert!(policy.in_quarantine() && !policy.is_due(clock.monotonic()));
        policy.reset();
        assert!(policy.is_due(clock.monotonic()) && policy.deaths() == 0);
    }
}
