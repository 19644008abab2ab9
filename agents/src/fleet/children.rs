//! Plain children: what runs where there is no tmux. Each writes to a log file of its own.
//!
//! Offers no window to attach to. Reaps its children, so that none stays a zombie.

use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use appliance_tasks::{TaskKind, Tasks};
use async_trait::async_trait;

use super::{
    process::Process,
    terminal::{Fault, Run, Terminal, tail},
};
use crate::spawn;

/// Waits for a child, so that it does not stay a zombie.
const REAP: TaskKind = TaskKind::new("fleet.reap").aborted();

/// Reads the end of a log, or empties it.
const LOOK: TaskKind = TaskKind::new("fleet.look");

/// Most bytes of a log that are read for a look at its end.
const LOOK_BYTES: u64 = 256 * 1024;

/// Children of the server itself.
#[derive(Debug)]
pub(super) struct PlainChildren {
    logs: PathBuf,
    tasks: Tasks,
    alive: Mutex<HashMap<u16, Process>>,
}

impl PlainChildren {
    /// Describes them; their logs go to the folder `logs`.
    pub(super) fn new(logs: PathBuf, tasks: Tasks) -> Self {
        Self { logs, tasks, alive: Mutex::new(HashMap::new()) }
    }

    fn log(&self, run: &Run) -> PathBuf {
        self.logs.join(format!("{}.log", run.name))
    }

    fn alive(&self) -> std::sync::MutexGuard<'_, HashMap<u16, Process>> {
        self.alive.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Terminal for PlainChildren {
    async fn open(&self) -> Result<(), Fault> {
        Ok(appliance_files::folder(&self.logs)?)
    }

    async fn start(&self, run: &Run) -> Result<u32, Fault> {
        let Some((program, arguments)) = run.argv.split_first() else {
            return Err(Fault::Said(format!("window {} has no command", run.name)));
        };
        let mut child = spawn::child(program.as_ref(), arguments, &self.log(run))?;
        let pid = child.id().ok_or_else(|| io::Error::other("it ended at once"))?;
        if let Ok(process) = Process::open(pid)
            && let Some(before) = self.alive().insert(run.index, process)
        {
            before.kill();
        }
        self.tasks.spawn(REAP, async move { child.wait().await.map(drop) });
        Ok(pid)
    }

    async fn text(&self, run: &Run, lines: usize) -> Result<String, Fault> {
        let path = self.log(run);
        let read = self.tasks.blocking(LOOK, move || end_of(&path)).await;
        Ok(tail(&read.map_err(io::Error::other)??, lines))
    }

    async fn forget(&self, run: &Run) -> Result<(), Fault> {
        let path = self.log(run);
        let emptied = self.tasks.blocking(LOOK, move || empty(&path)).await;
        Ok(emptied.map_err(io::Error::other)??)
    }

    async fn gone(&self) {
        std::future::pending::<()>().await;
    }

    fn mend(&self) {}

    async fn close(&self) {
        self.kill();
    }

    fn kill(&self) {
        let all: Vec<Process> = self.alive().drain().map(|(_, process)| process).collect();
        all.iter().for_each(Process::kill);
    }

    fn attach(&self, _run: &Run) -> Option<String> {
        None
    }
}

/// Whoever writes into it appends, and goes on at its beginning.
fn empty(path: &std::path::Path) -> io::Result<()> {
    match std::fs::File::options().write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        opened => opened?.set_len(0),
    }
}

fn end_of(path: &std::path::Path) -> io::Result<String> {
    use std::io::{Read, Seek, SeekFrom};
    let mut file = match std::fs::File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        opened => opened?,
    };
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOOK_BYTES)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(index: u16, name: &str, words: &[&str]) -> Run {
        Run { index, name: name.to_owned(), argv: words.iter().map(Into::into).collect() }
    }

    async fn shows(children: &PlainChildren, run: &Run, wanted: &str) {
        for _ in 0..200 {
            if children.text(run, 10).await.unwrap() == wanted {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("it shows {:?}", children.text(run, 10).await.unwrap());
    }

    #[tokio::test]
    async fn a_child_runs_without_a_shell_and_its_output_can_be_read() {
        let dir = tempfile::tempdir().unwrap();
        let children = PlainChildren::new(dir.path().join("logs"), Tasks::new());
        children.open().await.unwrap();
        let echo = run(1, "code", &["/bin/echo", "a && b; $HOME"]);
        assert_eq!(children.text(&echo, 10).await.unwrap(), "", "nothing yet");
        children.start(&echo).await.unwrap();
        shows(&children, &echo, "a && b; $HOME").await;
        children.forget(&echo).await.unwrap();
        assert_eq!(children.text(&echo, 10).await.unwrap(), "");
        children.start(&echo).await.unwrap();
        shows(&children, &echo, "a && b; $HOME").await;
        assert_eq!(children.attach(&echo), None);
    }

    #[tokio::test]
    async fn a_second_start_replaces_the_first_and_closing_ends_all() {
        let dir = tempfile::tempdir().unwrap();
        let children = PlainChildren::new(dir.path().to_owned(), Tasks::new());
        let sleep = run(2, "data", &["/bin/sleep", "60"]);
        let first = Process::open(children.start(&sleep).await.unwrap()).unwrap();
        let second = Process::open(children.start(&sleep).await.unwrap()).unwrap();
        first.ended().await;
        children.close().await;
        second.ended().await;
    }

    #[tokio::test]
    async fn a_program_that_is_missing_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let children = PlainChildren::new(dir.path().to_owned(), Tasks::new());
        let fault = children.start(&run(3, "qa", &["/no/such/program"])).await.unwrap_err();
        assert!(fault.to_string().contains("No such file"), "{fault}");
    }
}
