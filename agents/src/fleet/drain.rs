//! Draining: the fleet's way out. Agents finish what they have in hand, then everything ends; a start
//! that is under way is waited for, or what it makes would outlive the server.

use std::time::Duration;

use tokio::time::Instant;

use super::{Process, Service};

/// How long the kernel may take to end a killed process.
const KILLED_WITHIN: Duration = Duration::from_millis(200);

/// How long a start under way may take where nothing is drained.
const BEGUN_WITHIN: Duration = Duration::from_millis(600);

/// How often it looks whether all have finished.
const LOOK: Duration = Duration::from_millis(50);

/// How long a start under way may take beyond the drain: as long as the terminal's commands.
const STARTED_WITHIN: Duration = Duration::from_secs(10);

impl Service {
    /// Tells all agents to finish, waits up to `limit` for them, then ends windows and children.
    ///
    /// Call it while [`run`](Self::run) still runs, or deaths go unnoticed; nothing is started any
    /// more. Returns how many agents had to be cut off.
    pub async fn drain(&self, limit: Duration) -> usize {
        self.tell_all();
        let until = Instant::now() + limit;
        wait_while(|| self.agents_alive() > 0 || self.is_starting(), until).await;
        wait_while(|| self.is_starting(), until + STARTED_WITHIN).await;
        let cut_off = self.agents_alive();
        self.kill_rest();
        self.terminal.close().await;
        cut_off
    }

    /// Ends every process of the fleet at once, the terminal too. For an end without a drain: blocks
    /// for about a second at most, and may be called from any thread.
    pub fn kill_now(&self) {
        self.roster().draining = true;
        self.await_start();
        self.kill_rest();
        self.terminal.kill();
        let lives: Vec<Process> = {
            let roster = self.roster();
            roster
                .slots
                .iter()
                .filter_map(|slot| Some(slot.life.as_ref()?.process.clone()))
                .collect()
        };
        lives.iter().for_each(|process| process.gone_within(KILLED_WITHIN));
    }

    /// Waits for a start that is under way, on this thread: what it makes would outlive the server.
    fn await_start(&self) {
        let until = Instant::now() + BEGUN_WITHIN;
        while self.is_starting() && Instant::now() < until {
            std::thread::sleep(LOOK);
        }
    }

    fn tell_all(&self) {
        let now = self.clock().monotonic();
        let mut roster = self.roster();
        roster.draining = true;
        for slot in roster.slots.iter_mut().filter(|slot| slot.agent.is_some()) {
            slot.tell_to_end(now);
        }
    }

    fn agents_alive(&self) -> usize {
        let roster = self.roster();
        roster.slots.iter().filter(|slot| slot.agent.is_some() && slot.life.is_some()).count()
    }

    fn is_starting(&self) -> bool {
        self.roster().slots.iter().any(|slot| slot.starting)
    }

    fn kill_rest(&self) {
        for life in self.roster().slots.iter().filter_map(|slot| slot.life.as_ref()) {
            life.process.kill();
        }
    }
}

async fn wait_while(holds: impl Fn() -> bool, until: Instant) {
    while holds() && Instant::now() < until {
        tokio::time::sleep(LOOK).await;
    }
}
