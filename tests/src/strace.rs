//! strace on a running server: calls that fail, and the end at one of them.
//!
//! A machine may lack it: then there is `None`, and the test says so by [`crate::skip`]. Lets the
//! server go when dropped.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Child,
    time::Duration,
};

use anyhow::Context as _;
use rustix::process::Signal;

use crate::{Program, Server, processes, wait};

/// How long it may take to get hold of a server.
const PATIENCE: Duration = Duration::from_secs(20);

/// The calls by which an answer goes out over a socket.
const SENDS: &str = "sendto,sendmsg,writev";

/// A strace that has hold of a server.
#[derive(Debug)]
pub struct Strace {
    process: Child,
    seen: PathBuf,
}

impl Strace {
    /// Gets hold of every thread of the server with these arguments; what it notes goes to files that
    /// begin with `name`. `None` without strace.
    ///
    /// # Errors
    /// When it does not get hold of it.
    pub async fn attach(
        server: &Server,
        name: &str,
        arguments: &[&str],
    ) -> anyhow::Result<Option<Self>> {
        let strace = Path::new("/usr/bin/strace");
        if !strace.exists() {
            return Ok(None);
        }
        let place = |end: &str| server.home().root().join(format!("{name}.{end}"));
        let (seen, said) = (place("calls"), place("strace"));
        let mut command = Program::bare(strace)
            .arguments(["-f", "-p", &server.pid()?.to_string()])
            .arguments(["-o", &seen.display().to_string()])
            .arguments(arguments.iter().copied())
            .command();
        command.stderr(File::create(&said)?).kill_on_drop(false);
        let process = command.as_std_mut().spawn().context("while starting strace")?;
        let strace = Self { process, seen };
        let is_attached = async || {
            let text = fs::read_to_string(&said)?;
            Ok(text.contains("attached").then_some(()))
        };
        wait::until("strace to be attached", PATIENCE, is_attached)
            .await
            .with_context(|| fs::read_to_string(&said).unwrap_or_default())?;
        Ok(Some(strace))
    }

    /// Has the server die, as by `kill -9`, when it is about to send the next answer; not a byte of
    /// that goes out.
    ///
    /// # Errors
    /// As [`attach`](Self::attach).
    pub async fn kill_before_answering(server: &Server) -> anyhow::Result<Option<Self>> {
        let (traced, injected) =
            (format!("trace={SENDS}"), format!("inject={SENDS}:signal=SIGKILL"));
        let name = format!("answer-{}", server.pid()?);
        Self::attach(server, &name, &["-e", &traced, "-e", &injected]).await
    }

    /// Returns what it has noted.
    #[must_use]
    pub fn seen(&self) -> String {
        fs::read_to_string(&self.seen).unwrap_or_default()
    }
}

impl Drop for Strace {
    fn drop(&mut self) {
        processes::kill(self.process.id(), Signal::TERM); // which lets the server go
        let _reaped = self.process.wait();
    }
}
