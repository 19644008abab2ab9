//! The tmux session: one window a process, on a socket of our own, with nobody's configuration.
//!
//! Commands go through `tmux_interface`; its process is started by [`crate::spawn`], because the
//! first client's environment becomes the server's and so every window's. Does not watch what runs
//! in a window, only the tmux server itself.
//!
//! Invariant: a window's command is a list of arguments; with a single string tmux would ask the
//! user's shell to read it.

use std::{
    os::unix::net::UnixStream,
    path::PathBuf,
    process::Output,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tmux_interface::{
    CapturePane, ClearHistory, CopyMode, DisplayMessage, KillServer, NewSession, NewWindow,
    RespawnWindow, SetOption, StartServer, Tmux, TmuxCommand, TmuxCommands,
};
use tokio::sync::Notify;

use super::{
    process::Process,
    terminal::{Fault, Run, Terminal, tail},
};
use crate::spawn;

/// What a new window prints: the process in it.
const PANE_PID: &str = "#{pane_pid}";

/// What a new session prints: the tmux server and the process in its first window.
const SERVER_AND_PANE_PID: &str = "#{pid} #{pane_pid}";

/// How long a tmux server may take to end before it is killed.
const END_WITHIN: Duration = Duration::from_secs(3);

/// How long the kernel may take to end a killed one.
const KILLED_WITHIN: Duration = Duration::from_secs(1);

/// A session on a socket of its own.
#[derive(Debug)]
pub(super) struct TmuxSession {
    socket: PathBuf,
    session: String,
    server: Mutex<Option<Process>>,
    changed: Notify,
}

impl TmuxSession {
    /// Describes the session; nothing runs yet.
    pub(super) fn new(socket: PathBuf, session: String) -> Self {
        Self { socket, session, server: Mutex::new(None), changed: Notify::new() }
    }

    async fn tmux(&self, commands: Vec<TmuxCommand<'_>>) -> Result<String, Fault> {
        let socket = self.socket.to_string_lossy().into_owned();
        let list = commands.into_iter().fold(separated(), TmuxCommands::add_command);
        let tmux = Tmux::new().file("/dev/null").socket_path(socket).commands(list);
        let output = spawn::output(tmux.into_command()).await.map_err(missing)?;
        said(&output)
    }

    fn target(&self, index: u16) -> String {
        format!("={}:{index}", self.session)
    }

    fn server(&self) -> Option<Process> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the server, also one that is only just beginning: who listens at the socket tells.
    fn begun(&self) -> Option<Process> {
        self.server().or_else(|| {
            let listener = UnixStream::connect(&self.socket).ok()?;
            let peer = rustix::net::sockopt::socket_peercred(&listener).ok()?;
            Process::open(peer.pid.as_raw_nonzero().get().cast_unsigned()).ok()
        })
    }

    fn set_server(&self, server: Option<Process>) {
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = server;
        self.changed.notify_waiters();
    }

    async fn first_window(&self, run: &Run) -> Result<u32, Fault> {
        // Two calls, because the words of the first are what `ps` shows of the server ever after.
        let stay = SetOption::new().server().option("exit-empty").value("off");
        self.tmux(vec![StartServer::new().build(), stay.build()]).await?;
        let leave = SetOption::new().server().option("exit-empty").value("on");
        let mut commands: Vec<_> =
            super::looks::options().map(|(option, value)| set(option, value)).collect();
        commands.push(set("base-index", &run.index.to_string()));
        commands.push(with_argv(self.session(run).build(), run));
        commands.push(set("base-index", "0"));
        commands.push(leave.build());
        let printed = self.tmux(commands).await?;
        let (server, pane) = printed.trim().split_once(' ').ok_or_else(|| unread(&printed))?;
        self.set_server(Process::open(pid(server)?).ok());
        pid(pane)
    }

    fn session(&self, run: &Run) -> NewSession<'_> {
        NewSession::new()
            .detached()
            .print()
            .format(SERVER_AND_PANE_PID)
            .session_name(&self.session)
            .window_name(run.name.clone())
            .width(200)
            .height(50)
    }

    async fn further_window(&self, run: &Run) -> Result<u32, Fault> {
        let window = NewWindow::new()
            .detached()
            .print()
            .format(PANE_PID)
            .window_name(&run.name)
            .target_window(self.target(run.index));
        pid(&self.tmux(vec![with_argv(window.build(), run)]).await?)
    }

    async fn same_window(&self, run: &Run) -> Result<u32, Fault> {
        let target = self.target(run.index);
        let again = RespawnWindow::new().kill().target_window(&target);
        let ask = DisplayMessage::new().print().target_pane(&target).message(PANE_PID);
        pid(&self.tmux(vec![with_argv(again.build(), run), ask.build()]).await?)
    }
}

#[async_trait]
impl Terminal for TmuxSession {
    async fn open(&self) -> Result<(), Fault> {
        self.set_server(None);
        let ask = DisplayMessage::new().print().message("#{pid}").build();
        let earlier = match self.tmux(vec![ask]).await {
            Ok(printed) => Process::open(pid(&printed)?),
            Err(Fault::Said(_)) => return Ok(()), // none runs
            Err(fault) => return Err(fault),
        };
        let ended = self.tmux(vec![KillServer::new().build()]).await;
        if let Ok(earlier) = earlier
            && tokio::time::timeout(END_WITHIN, earlier.ended()).await.is_err()
        {
            earlier.kill();
        }
        match ended {
            Ok(_) | Err(Fault::Said(_)) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    async fn start(&self, run: &Run) -> Result<u32, Fault> {
        if self.server().is_none() {
            return self.first_window(run).await;
        }
        match self.same_window(run).await {
            Err(Fault::Said(_)) => self.further_window(run).await,
            done => done,
        }
    }

    async fn text(&self, run: &Run, lines: usize) -> Result<String, Fault> {
        let capture = CapturePane::new()
            .stdout()
            .join()
            .start_line(format!("-{lines}"))
            .target_pane(self.target(run.index));
        Ok(tail(&self.tmux(vec![capture.build()]).await?, lines))
    }

    async fn forget(&self, run: &Run) -> Result<(), Fault> {
        let target = self.target(run.index);
        // Whoever scrolls back looks at a copy; and what a reset clears away goes into the history.
        let leave = CopyMode::new().cancel().target_pane(&target);
        let history = ClearHistory::new().target_pane(&target);
        self.tmux(vec![leave.build(), reset(&target), history.build()]).await.map(drop)
    }

    async fn gone(&self) {
        loop {
            let changed = self.changed.notified();
            let Some(server) = self.server() else {
                changed.await;
                continue;
            };
            server.ended().await;
            if self.server().is_some_and(|now| now.id() == server.id()) {
                self.set_server(None);
                return;
            }
        }
    }

    /// tmux binds its socket again when it is sent SIGUSR1.
    fn mend(&self) {
        let Some(server) = self.server() else { return };
        if !self.socket.exists() {
            tracing::warn!(socket = %self.socket.display(), "tmux' socket is gone; it makes another");
            server.ask_for_its_socket();
        }
    }

    fn kill(&self) {
        if let Some(server) = self.begun() {
            server.kill();
            server.gone_within(KILLED_WITHIN);
        }
    }

    async fn close(&self) {
        if let Err(fault) = self.open().await {
            tracing::warn!(%fault, "could not end the tmux session");
        }
    }

    fn attach(&self, run: &Run) -> Option<String> {
        let socket = self.socket.display();
        Some(format!("tmux -S {socket} attach -t {}:{}", self.session, run.index))
    }
}

fn separated<'a>() -> TmuxCommands<'a> {
    let mut list = TmuxCommands::new();
    list.separator(";");
    list
}

fn set<'a>(option: &str, value: &str) -> TmuxCommand<'a> {
    SetOption::new().global().option(option.to_owned()).value(value.to_owned()).build()
}

/// Clears a screen. `tmux_interface`'s own `reset` means another flag.
fn reset(target: &str) -> TmuxCommand<'_> {
    let mut command = TmuxCommand::new();
    command.name("send-keys").push_flag("-R").push_option("-t", target);
    command
}

fn with_argv<'a>(mut command: TmuxCommand<'a>, run: &Run) -> TmuxCommand<'a> {
    for argument in &run.argv {
        command.push_param(argument.to_string_lossy().into_owned());
    }
    command
}

fn missing(error: std::io::Error) -> Fault {
    match error.kind() {
        std::io::ErrorKind::NotFound => Fault::Missing("tmux"),
        _ => Fault::System(error),
    }
}

fn said(output: &Output) -> Result<String, Fault> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Fault::Said(format!("tmux: {words}")))
}

fn pid(text: &str) -> Result<u32, Fault> {
    text.trim().parse().map_err(|_| unread(text))
}

fn unread(printed: &str) -> Fault {
    Fault::Said(format!("tmux printed `{}`, not a process id", printed.trim()))
}
