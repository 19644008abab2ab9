//! What every command starts from: global options, the environment, settings, the way to the server.
//!
//! Settings are read on demand: an agent in a window has a cleared environment and only a socket.

use std::{
    io::IsTerminal as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use appliance_config::{
    ConfigError, Override, Settings, Sources,
    paths::{PathError, RuntimeDir},
};
use appliance_tasks::Tasks;

use super::{Client, arguments::Global};
use crate::{
    exit::{self, Failure},
    typed::Typed,
};

/// The surroundings of one command.
#[derive(Clone)]
pub struct Context {
    global: Global,
    sources: Sources,
    tasks: Tasks,
    typed: Typed,
}

impl Context {
    /// Takes the global options and the environment.
    pub fn new(global: Global, env: Vec<(String, String)>, typed: Typed) -> Self {
        let sources = Sources { config_dir: global.config.clone(), env, cli: data_dir(&global) };
        Self { global, sources, tasks: Tasks::new(), typed }
    }

    /// Reads the settings, with what the command itself sets on top.
    ///
    /// # Errors
    /// [`exit::CONFIG`] with everything that is wrong.
    pub fn settings(&self, more: Vec<Override>) -> anyhow::Result<Settings> {
        self.load(more).map_err(|error| {
            let hint = "mend what is named above, then `ai-infra config check`";
            Failure::new(exit::CONFIG, error.to_string(), hint).into()
        })
    }

    /// Reads the settings and leaves the error as it is.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn load(&self, more: Vec<Override>) -> Result<Settings, ConfigError> {
        let mut sources = self.sources.clone();
        sources.cli.extend(more);
        appliance_config::load(&sources)
    }

    /// Returns the client of the server that belongs to the data directory, or to `--socket`.
    ///
    /// # Errors
    /// As [`Context::agent_socket`].
    pub fn client(&self) -> anyhow::Result<Client> {
        let (socket, of) = self.socket(RuntimeDir::api_socket)?;
        Ok(Client::new(socket, of, self.tasks()))
    }

    /// Returns the socket that agents speak to, or `--socket`.
    ///
    /// # Errors
    /// [`exit::CONFIG`], or [`exit::NO_PERMISSION`] when the directory is somebody else's.
    pub fn agent_socket(&self) -> anyhow::Result<PathBuf> {
        self.socket(RuntimeDir::agent_socket).map(|(socket, _)| socket)
    }

    /// Returns one of the server's sockets and what it belongs to, for messages.
    fn socket(
        &self,
        which: impl Fn(&RuntimeDir) -> Result<PathBuf, PathError>,
    ) -> anyhow::Result<(PathBuf, String)> {
        if let Some(socket) = &self.global.socket {
            return Ok((socket.clone(), socket.display().to_string()));
        }
        let settings = self.settings(Vec::new())?;
        let place = RuntimeDir::find(&settings.host, &settings.data.dir);
        place.trust().map_err(|error| place_failure(&error))?;
        let socket = which(&place).map_err(|error| place_failure(&error))?;
        let of = place.serves().unwrap_or(settings.data.dir);
        Ok((socket, of.display().to_string()))
    }

    /// Returns the words that start this program as an MCP server of the same server, from anywhere.
    ///
    /// # Errors
    /// [`exit::CONFIG`], or that the system does not say where this program is.
    pub fn mcp_command(&self) -> anyhow::Result<Vec<String>> {
        let program = std::env::current_exe().context("while finding this program's own path")?;
        let (option, place) = match &self.global.socket {
            Some(socket) => ("--socket", socket.clone()),
            None => ("--data", self.settings(Vec::new())?.data.dir),
        };
        let place = std::path::absolute(place).context("while finding the server's place")?;
        let words = ["mcp".to_owned(), option.to_owned(), place.display().to_string()];
        Ok([program.display().to_string()].into_iter().chain(words).collect())
    }

    /// Returns where the command's tasks run; they end with it.
    pub fn tasks(&self) -> Tasks {
        self.tasks.clone()
    }

    /// Returns the variable's value, if it is set and not empty.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.sources.variable(name)
    }

    /// Tells whether a program reads standard output.
    pub fn json(&self) -> bool {
        self.global.json
    }

    /// Tells whether nothing but errors is to be said.
    pub fn quiet(&self) -> bool {
        self.global.quiet
    }

    /// Tells whether standard output may have colours: a terminal, and nobody said no.
    pub fn colour(&self) -> bool {
        let dumb = self.variable("TERM").is_none_or(|term| term == "dumb");
        self.variable("NO_COLOR").is_none() && !dumb && std::io::stdout().is_terminal()
    }

    /// Returns how commands are typed that lead to the same server.
    pub const fn typed(&self) -> &Typed {
        &self.typed
    }

    /// Says something in our own words to the person, on standard error.
    pub fn say(&self, text: &str) {
        self.show(&self.typed.within(text));
    }

    /// Says something that others wrote, as it is.
    pub fn show(&self, text: &str) {
        if !self.global.quiet {
            eprintln!("{text}");
        }
    }

    /// Says on standard error what is not as it should be, and what to do about it, quiet or not.
    pub fn warn(&self, text: &str, hint: &str) {
        eprintln!("warning: {}", self.typed.within(text));
        if !hint.is_empty() {
            eprintln!("  hint: {}", self.typed.within(hint));
        }
    }

    /// Runs a command's work to its end on one thread.
    ///
    /// # Errors
    /// The work's own, or when there is no runtime to be had.
    pub fn block_on<T>(&self, work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("while starting the event loop")?;
        let done = runtime.block_on(work);
        // A thread may still wait for a line from the terminal; it must not hold the exit back.
        runtime.shutdown_background();
        done
    }
}

/// Turns a place that cannot be used into a failure with its exit code.
pub fn place_failure(error: &PathError) -> Failure {
    let code = match error {
        PathError::Unsafe { .. } => exit::NO_PERMISSION,
        PathError::Io { source, .. } if is_denied(source) => exit::NO_PERMISSION,
        _ => exit::CONFIG,
    };
    Failure::new(code, error.to_string(), "")
}

fn is_denied(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::PermissionDenied
}

fn data_dir(global: &Global) -> Vec<Override> {
    let set = |dir: &Path| Override {
        key: "data.dir",
        value: dir.to_string_lossy().into_owned(),
        flag: "--data",
    };
    global.data.as_deref().map(set).into_iter().collect()
}
