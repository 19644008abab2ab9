//! The roster: who should run, who does, and what each is doing. Pure state; starts and kills none.
//!
//! The fleet's port reads and changes it under one lock; the watchdog asks it what is due. Time
//! comes in as an argument.
//!
//! Invariant: a life begins with a process and ends with its death; an incarnation is one hello
//! within a life, and what it may do ends with it.

use std::time::Duration;

use appliance_core::{
    AgentName, AgentState, AgentStatus, Incarnation, IncarnationId, Monotonic, TaskId, Timestamp,
    desk::Beat, ports::PeerProcess,
};

use super::{process::Process, restart::Policy, terminal::Run};

/// A silent agent is taken for dead after this long; heartbeats come every ten seconds.
pub(super) const STALE: Duration = Duration::from_secs(60);

/// A death this short before the terminal's own end was caused by it.
const SAME_FALL: Duration = Duration::from_secs(3);

/// One process that should run: an agent, or a window that only shows something.
#[derive(Debug)]
pub(super) struct Slot {
    /// What runs here.
    pub run: Run,
    /// Which agent it is, if any.
    pub agent: Option<AgentName>,
    /// What the agent is for.
    pub description: String,
    /// Whether it should run.
    pub wanted: bool,
    /// Whether its process is being started and its id not known yet.
    pub starting: bool,
    /// The process, while there is one.
    pub life: Option<Life>,
    /// Since when it has been told to finish.
    pub told_to_end: Option<Monotonic>,
    /// When the next start is due.
    pub policy: Policy,
    /// Whether it was ever started here, so that there is a window to show.
    pub has_window: bool,
    /// Why it is down.
    pub problem: Option<String>,
    /// Recent deaths, to tell those that the terminal caused.
    deaths: Vec<Monotonic>,
}

/// One process from its start to its death.
#[derive(Debug)]
pub(super) struct Life {
    /// The process.
    pub process: Process,
    /// Who it is, once it has said hello.
    pub incarnation: Option<IncarnationId>,
    state: AgentState,
    tasks: Vec<TaskId>,
    last_sign: Monotonic,
    started_at: Timestamp,
}

impl Life {
    /// Begins with a process that has not said anything yet.
    pub(super) fn new(process: Process, now: Monotonic, started_at: Timestamp) -> Self {
        Self {
            process,
            incarnation: None,
            state: AgentState::Starting,
            tasks: Vec::new(),
            last_sign: now,
            started_at,
        }
    }

    /// Notes that it said hello.
    pub(super) fn greet(&mut self, id: IncarnationId, now: Monotonic) {
        self.incarnation = Some(id);
        self.state = AgentState::Running;
        self.last_sign = now;
    }

    /// Takes a heartbeat; tells whether anything but its time changed.
    pub(super) fn beat(&mut self, beat: &Beat, now: Monotonic) -> bool {
        self.last_sign = now;
        let changed = (self.state, &self.tasks) != (beat.state, &beat.task_ids);
        self.state = beat.state;
        self.tasks.clone_from(&beat.task_ids);
        changed
    }
}

impl Slot {
    /// Describes a process that has never run.
    pub(super) fn new(run: Run, agent: Option<AgentName>, description: String) -> Self {
        Self {
            run,
            agent,
            description,
            wanted: true,
            starting: false,
            life: None,
            told_to_end: None,
            policy: Policy::default(),
            has_window: false,
            problem: None,
            deaths: Vec::new(),
        }
    }

    /// Tells whether the seat is the peer's: whether its life is that very process.
    pub(super) fn is(&self, peer: &PeerProcess) -> bool {
        self.life.as_ref().is_some_and(|life| life.process.is(peer))
    }

    /// Returns the process id of its life.
    pub(super) fn pid(&self) -> Option<u32> {
        self.life.as_ref().map(|life| life.process.id())
    }

    /// Returns who it is, once it has said hello.
    pub(super) fn incarnation(&self) -> Option<Incarnation> {
        let id = self.life.as_ref()?.incarnation?;
        self.agent.map(|agent| Incarnation { agent, id })
    }

    /// Tells whether it should be started now.
    pub(super) fn is_due(&self, now: Monotonic) -> bool {
        self.wanted && self.life.is_none() && self.policy.is_due(now)
    }

    /// Tells whether it is silent for too long, or does not end although it was told to.
    pub(super) fn is_to_be_killed(&self, now: Monotonic, drain: Duration) -> bool {
        let Some(life) = &self.life else { return false };
        let silent = self.agent.is_some() && now.since(life.last_sign) >= STALE;
        silent || self.told_to_end.is_some_and(|since| now.since(since) >= drain)
    }

    /// Asks its process, if there is one, to finish.
    pub(super) fn tell_to_end(&mut self, now: Monotonic) {
        if let Some(life) = &self.life {
            self.told_to_end.get_or_insert(now);
            life.process.ask_to_end();
        }
    }

    /// Ends its life; returns who died.
    pub(super) fn bury(&mut self, now: Monotonic) -> Option<Incarnation> {
        let died = self.incarnation();
        self.life = None;
        if self.told_to_end.take().is_some() {
            self.policy.reset();
            self.problem = None;
        } else if self.wanted {
            self.count_death("its process ended", now);
        }
        died
    }

    /// Notes that it could not be started.
    pub(super) fn failed_to_start(&mut self, why: &str, now: Monotonic) {
        self.count_death(&format!("it could not be started: {why}"), now);
    }

    /// Notes that the terminal fell and took it along.
    pub(super) fn fell_with_terminal(&mut self, now: Monotonic) {
        self.deaths.retain(|died| now.since(*died) <= SAME_FALL);
        self.policy.forgive(u32::try_from(self.deaths.len()).unwrap_or(u32::MAX));
        self.deaths.clear();
    }

    /// Returns what a person is told about it.
    pub(super) fn status(&self, now: Monotonic, attach: Option<String>) -> Option<AgentStatus> {
        let life = self.life.as_ref();
        Some(AgentStatus {
            name: self.agent?,
            state: self.state(),
            description: self.description.clone(),
            pid: self.pid(),
            incarnation: life.and_then(|life| life.incarnation),
            tasks: life.map(|life| life.tasks.clone()).unwrap_or_default(),
            heartbeat_age_seconds: life.map(|life| now.since(life.last_sign).as_secs_f64()),
            restarts: self.policy.deaths(),
            started_at: life.map(|life| life.started_at),
            problem: self.problem.clone().filter(|_| life.is_none()),
            attach: attach.filter(|_| self.has_window),
        })
    }

    fn state(&self) -> AgentState {
        match &self.life {
            Some(_) if self.told_to_end.is_some() => AgentState::Stopping,
            Some(life) => life.state,
            None if !self.wanted => AgentState::Stopped,
            None if self.problem.is_some() => AgentState::Error,
            None => AgentState::Starting,
        }
    }

    fn count_death(&mut self, what: &str, now: Monotonic) {
        let wait = self.policy.died(now);
        self.deaths.retain(|died| now.since(*died) <= SAME_FALL);
        self.deaths.push(now);
        self.problem = Some(self.why_down(what, wait));
    }

    fn why_down(&self, what: &str, wait: Duration) -> String {
        let (name, seconds) = (&self.run.name, wait.as_secs());
        if self.policy.in_quarantine() {
            return format!(
                "{what} {} times without five healthy minutes; it is tried again every ten \
                 minutes, or now with `ai-infra agent start {name}`; `ai-infra logs` may say why",
                self.policy.deaths()
            );
        }
        match seconds {
            0 => format!("{what}; it is being started again"),
            _ => format!("{what}; it is started again in {seconds} s"),
        }
    }
}

#[cfg(test)]
mod tests;
