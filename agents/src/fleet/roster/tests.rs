//! The roster on a clock that moves only when told to.

use appliance_core::{Clock, time::ManualClock};

use super::*;

fn slot() -> Slot {
    let run = Run { index: 1, name: "code".to_owned(), argv: Vec::new() };
    Slot::new(run, Some(AgentName::Code), "writes code".to_owned())
}

fn live(slot: &mut Slot, clock: &ManualClock) {
    let me = Process::open(std::process::id()).unwrap();
    slot.life = Some(Life::new(me, clock.monotonic(), clock.now()));
    slot.policy.started(clock.monotonic());
}

fn state(slot: &Slot, clock: &ManualClock) -> AgentState {
    slot.status(clock.monotonic(), None).unwrap().state
}

#[test]
fn an_agent_that_is_silent_for_a_minute_is_to_be_killed() {
    let (mut slot, clock) = (slot(), ManualClock::at_millis(0));
    live(&mut slot, &clock);
    clock.advance(Duration::from_secs(59));
    assert!(!slot.is_to_be_killed(clock.monotonic(), Duration::from_secs(30)));
    let beat = Beat { state: AgentState::Idle, task_ids: Vec::new() };
    assert!(slot.life.as_mut().unwrap().beat(&beat, clock.monotonic()));
    clock.advance(Duration::from_secs(59));
    assert!(!slot.is_to_be_killed(clock.monotonic(), Duration::from_secs(30)));
    clock.advance(Duration::from_secs(1));
    assert!(slot.is_to_be_killed(clock.monotonic(), Duration::from_secs(30)));
}

#[test]
fn an_agent_told_to_end_has_the_drain_time_and_then_counts_as_stopped() {
    let (mut slot, clock) = (slot(), ManualClock::at_millis(0));
    live(&mut slot, &clock);
    slot.wanted = false;
    slot.told_to_end = Some(clock.monotonic());
    assert_eq!(state(&slot, &clock), AgentState::Stopping);
    clock.advance(Duration::from_secs(30));
    assert!(slot.is_to_be_killed(clock.monotonic(), Duration::from_secs(30)));
    slot.bury(clock.monotonic());
    assert_eq!(state(&slot, &clock), AgentState::Stopped);
    assert!(!slot.is_due(clock.monotonic()) && slot.policy.deaths() == 0);
}

#[test]
fn a_death_is_an_error_with_a_way_out_until_it_lives_again() {
    let (mut slot, clock) = (slot(), ManualClock::at_millis(0));
    for _ in 0..5 {
        live(&mut slot, &clock);
        slot.bury(clock.monotonic());
    }
    let status = slot.status(clock.monotonic(), None).unwrap();
    assert_eq!((status.state, status.restarts), (AgentState::Error, 5));
    assert!(status.problem.unwrap().contains("ai-infra agent start code"));
    live(&mut slot, &clock);
    assert_eq!(slot.status(clock.monotonic(), None).unwrap().problem, None);
}

#[test]
fn a_death_with_the_terminal_is_not_the_agents_fault() {
    let (mut slot, clock) = (slot(), ManualClock::at_millis(0));
    for _ in 0..3 {
        live(&mut slot, &clock);
        slot.bury(clock.monotonic());
        slot.failed_to_start("no server", clock.monotonic());
        clock.advance(Duration::from_secs(1));
        slot.fell_with_terminal(clock.monotonic());
        assert!(slot.is_due(clock.monotonic()), "started again at once every time");
    }
    slot.fell_with_terminal(clock.monotonic());
    assert_eq!(slot.policy.deaths(), 0);
}
