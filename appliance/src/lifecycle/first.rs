//! Being the first process, as in a container: the server runs below it. Whoever has lost his parent is
//! reaped, as the kernel expects of process 1, and what ends the one ends the other. Serves nothing itself.

use std::{
    env::ArgsOs,
    os::unix::process::CommandExt as _,
    process::{Command, ExitCode},
};

use anyhow::Context as _;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, wait};
use tokio::signal::unix::{SignalKind, signal};

use super::signals;

/// The program that runs, even where its file was replaced meanwhile.
const PROGRAM: &str = "/proc/self/exe";

/// Tells whether this is the first process of its namespace.
pub fn is_first() -> bool {
    std::process::id() == 1
}

/// Starts the server below with the same arguments, lets go of what it needs no more by `leave`, and waits
/// for the server's end; its exit code is this one's.
///
/// # Errors
/// When it cannot be started or waited for.
pub fn run(arguments: ArgsOs, leave: impl FnOnce()) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("while starting the event loop of the first process")?;
    runtime.block_on(async {
        let asking = "while asking to be told about signals";
        let mut ended = signal(SignalKind::child()).context(asking)?;
        let mut terminate = signal(SignalKind::terminate()).context(asking)?;
        // What is ignored here is ignored below too.
        let mut interrupt = signals::unless_ignored(SignalKind::interrupt())?;
        let mut hang_up = signals::unless_ignored(SignalKind::hangup())?;
        let server = start(arguments)?;
        leave();
        loop {
            let told = tokio::select! {
                _ = ended.recv() => None,
                _ = terminate.recv() => Some(Signal::TERM),
                () = signals::heard(&mut interrupt) => Some(Signal::INT),
                () = signals::heard(&mut hang_up) => Some(Signal::HUP),
            };
            if let Some(told) = told {
                let _ = kill_process(server, told); // it may have ended just now
            }
            if let Some(status) = reaped(server)? {
                return Ok(code(status));
            }
        }
    })
}

/// Starts the server in a process group of its own: what a terminal sends to this one reaches it once.
#[expect(clippy::disallowed_methods, reason = "the server itself: nothing else runs yet")]
fn start(mut arguments: ArgsOs) -> anyhow::Result<Pid> {
    let mut server = Command::new(PROGRAM);
    if let Some(name) = arguments.next() {
        server.arg0(name); // as it was called, for what it prints
    }
    let child = server.args(arguments).process_group(0).spawn();
    let child = child.context("while starting the server below the first process")?;
    i32::try_from(child.id()).ok().and_then(Pid::from_raw).context("the server has no process id")
}

/// Reaps everybody who has ended; returns how the server did, if it did.
fn reaped(server: Pid) -> anyhow::Result<Option<WaitStatus>> {
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) if pid == server => return Ok(Some(status)),
            Ok(Some(_)) => {}
            Ok(None) => return Ok(None),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error).context("while waiting for processes that have ended"),
        }
    }
}

/// Returns the exit code that tells of `status`: 128 and the signal's number where one ended it.
fn code(status: WaitStatus) -> ExitCode {
    let by_signal = status.terminating_signal().map(|signal| 128 + signal);
    let code = status.exit_status().or(by_signal).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
