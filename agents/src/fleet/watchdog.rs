//! The watchdog: starts what is due, notices every death at once, and ends what has gone silent.
//!
//! One loop that looks at the roster twice a second and is woken earlier by a death, a hello or a
//! person. Decides nothing about delays (the restart policy does) and nothing about work.
//!
//! Invariant: a dead agent's leases fall before anything else is done about its death.

use std::{sync::Arc, time::Duration};

use appliance_core::Incarnation;
use appliance_tasks::TaskKind;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    Process, Service,
    roster::Life,
    terminal::{Fault, Run},
};

/// Waits for the end of one process.
const DEATH: TaskKind = TaskKind::new("fleet.death").aborted();

/// Makes sure that there is a file to start the program from.
const PROGRAM: TaskKind = TaskKind::new("fleet.program");

/// Deaths that may wait to be looked at.
const DEATHS: usize = 16;

/// How often the roster is looked at when nothing happens.
const LOOK: Duration = Duration::from_millis(500);

/// How long an agent that was told to stop may finish its task.
const FINISH_WITHIN: Duration = Duration::from_secs(30);

/// Shortest time between two new terminals, should one fall again and again.
const REBUILD_PAUSE: Duration = Duration::from_secs(2);

/// Tells of the end of a process: its slot and its process id.
type Deaths = mpsc::Sender<(usize, u32)>;

impl Service {
    /// Keeps the fleet alive until `stop` is cancelled. Call it once.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let fallen = self.clone();
        let terminal_watch = async move { fallen.rebuild_terminal_when_gone().await };
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.watch() => {}
            () = terminal_watch => {}
        }
    }

    async fn watch(&self) {
        let (deaths, mut dead) = mpsc::channel(DEATHS);
        let mut watched: Vec<Option<u32>> = vec![None; self.roster().slots.len()];
        loop {
            self.kill_the_silent();
            self.start_what_is_due().await;
            self.watch_new_lives(&deaths, &mut watched);
            self.terminal.mend();
            tokio::select! {
                () = self.wake.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
                Some((slot, pid)) = dead.recv() => self.bury(slot, pid).await,
            }
        }
    }

    /// Makes a new session when the tmux server has died; its windows follow by themselves.
    async fn rebuild_terminal_when_gone(&self) {
        loop {
            self.terminal.gone().await;
            if self.roster().draining {
                return std::future::pending().await;
            }
            tracing::warn!("the tmux server is gone; making a new session with all windows");
            self.forgive_the_fallen();
            self.wake.notify_one();
            tokio::time::sleep(REBUILD_PAUSE).await;
            self.forgive_the_fallen();
            self.wake.notify_one();
        }
    }

    fn forgive_the_fallen(&self) {
        let now = self.clock().monotonic();
        self.roster().slots.iter_mut().for_each(|slot| slot.fell_with_terminal(now));
    }

    fn kill_the_silent(&self) {
        let now = self.clock().monotonic();
        let roster = self.roster();
        for slot in roster.slots.iter().filter(|s| s.is_to_be_killed(now, FINISH_WITHIN)) {
            tracing::warn!(window = %slot.run.name, "killed: silent, or did not end when told to");
            if let Some(life) = &slot.life {
                life.process.kill();
            }
        }
    }

    async fn start_what_is_due(&self) {
        let now = self.clock().monotonic();
        let due: Vec<usize> = {
            let roster = self.roster();
            let all = roster.slots.iter().enumerate();
            let due = all.filter(|(_, slot)| !roster.draining && slot.is_due(now));
            due.map(|(at, _)| at).collect()
        };
        for at in due {
            self.start_slot(at).await;
        }
    }

    async fn start_slot(&self, at: usize) {
        let run = {
            let mut roster = self.roster();
            let draining = roster.draining;
            let slot = &mut roster.slots[at];
            // Much can have happened while others were started.
            if draining || !slot.is_due(self.clock().monotonic()) {
                return;
            }
            slot.starting = true;
            slot.run.clone()
        };
        let opened = self.start_process(run.clone()).await;
        let now = self.clock().monotonic();
        let mut roster = self.roster();
        let draining = roster.draining;
        let slot = &mut roster.slots[at];
        slot.has_window |= opened.is_ok();
        slot.starting = false;
        match opened {
            Ok(process) if slot.life.is_none() => {
                slot.life = Some(Life::new(process, now, self.clock().now()));
                slot.policy.started(now);
            }
            Ok(process) => process.kill(), // somebody runs this agent by hand
            Err(fault) => {
                tracing::warn!(window = %run.name, %fault, "could not be started");
                slot.failed_to_start(&fault.to_string(), now);
            }
        }
        if draining || !slot.wanted {
            slot.tell_to_end(now);
        }
        self.show(slot);
        self.filled.notify_waiters();
    }

    /// Starts it from the program that runs, wherever that is by now.
    async fn start_process(&self, mut run: Run) -> Result<Process, Fault> {
        let program = self.program.clone();
        let found = move || program.file().map(|file| file.as_os_str().to_owned());
        let found = self.parts.tasks.blocking(PROGRAM, found).await;
        let file = found.map_err(std::io::Error::other)??;
        if let Some(first) = run.argv.first_mut() {
            *first = file;
        }
        Ok(Process::open(self.terminal.start(&run).await?)?)
    }

    fn watch_new_lives(&self, deaths: &Deaths, watched: &mut [Option<u32>]) {
        let roster = self.roster();
        for (at, slot) in roster.slots.iter().enumerate() {
            let Some(life) = &slot.life else { continue };
            let pid = life.process.id();
            if watched[at] == Some(pid) {
                continue;
            }
            watched[at] = Some(pid);
            let process = life.process.clone();
            let deaths = deaths.clone();
            self.parts.tasks.spawn(DEATH, async move {
                process.ended().await;
                let _ = deaths.send((at, pid)).await; // the watchdog may have ended meanwhile
            });
        }
    }

    async fn bury(&self, at: usize, pid: u32) {
        let died = self.take_life(at, pid);
        if let Some(died) = died
            && let Err(error) = self.parts.streams.release(died).await
        {
            tracing::error!(agent = %died.agent, %error, "its leases fall only when they run out");
        }
    }

    fn take_life(&self, at: usize, pid: u32) -> Option<Incarnation> {
        let now = self.clock().monotonic();
        let mut roster = self.roster();
        let slot = &mut roster.slots[at];
        if slot.pid() != Some(pid) {
            return None;
        }
        let told = slot.told_to_end.is_some();
        let died = slot.bury(now);
        tracing::info!(window = %slot.run.name, pid, told, "a process of the fleet ended");
        self.show(slot);
        died
    }
}
