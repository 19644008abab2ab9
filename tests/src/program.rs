//! One run of the `ai-infra` command line in a home: what it printed, in how many pieces, and how it ended.
//!
//! The one door through which tests start processes. Cleared environment, no input unless given, a time limit.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, bail};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
    time::{Instant, timeout},
};

use crate::home::Home;

/// How long any command may take.
const LIMIT: Duration = Duration::from_secs(60);

/// A command to run.
#[derive(Debug, Clone)]
pub struct Program {
    path: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    input: Option<Vec<u8>>,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The exit code; `None` after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// In how many pieces standard output came, as this reader got to see them.
    pub pieces: usize,
    /// How long it ran.
    pub took: Duration,
}

impl Ended {
    /// Returns the run if it ended with 0.
    ///
    /// # Errors
    /// Otherwise, with both outputs.
    pub fn success(self) -> anyhow::Result<Self> {
        if self.code != Some(0) {
            bail!("exit code {:?}\n{}\n{}", self.code, self.stdout, self.stderr);
        }
        Ok(self)
    }
}

impl Program {
    /// Names `ai-infra` and gives it the environment and the configuration directory of `home`.
    #[must_use]
    pub fn new(path: &Path, home: &Home) -> Self {
        let config = home.config().display().to_string();
        Self::bare(path).environment(home.environment()).arguments(["--config".to_owned(), config])
    }

    /// Names a program that gets an empty environment.
    #[must_use]
    pub fn bare(path: &Path) -> Self {
        Self { path: path.to_owned(), arguments: Vec::new(), environment: Vec::new(), input: None }
    }

    /// Has another program start it, which is given as its path and its arguments.
    #[must_use]
    pub fn under(mut self, other: &[&str]) -> Self {
        let Some((first, rest)) = other.split_first() else { return self };
        let path = std::mem::replace(&mut self.path, PathBuf::from(first));
        let words = rest.iter().map(|word| (*word).to_owned());
        let words = words.chain([path.display().to_string()]).chain(self.arguments);
        self.arguments = words.collect();
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn arguments<I: Into<String>>(mut self, all: impl IntoIterator<Item = I>) -> Self {
        self.arguments.extend(all.into_iter().map(Into::into));
        self
    }

    /// Adds variables; a later one replaces an earlier one of the same name.
    #[must_use]
    pub fn environment(mut self, all: Vec<(String, String)>) -> Self {
        self.environment.extend(all);
        self
    }

    /// Gives it something on standard input, which then ends.
    #[must_use]
    pub fn input(self, bytes: impl Into<Vec<u8>>) -> Self {
        Self { input: Some(bytes.into()), ..self }
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// When it cannot be started, or does not end within a minute (it is killed then).
    pub async fn run(&self) -> anyhow::Result<Ended> {
        let began = Instant::now();
        let mut child =
            self.command().spawn().with_context(|| format!("while starting {self:?}"))?;
        if let (Some(bytes), Some(mut stdin)) = (&self.input, child.stdin.take()) {
            // Who does not read it has its own reasons.
            let _ = stdin.write_all(bytes).await;
        }
        let Ok(read) = timeout(LIMIT, outputs(&mut child)).await else {
            bail!("{self:?} did not end within {LIMIT:?}");
        };
        let (stdout, stderr, pieces) = read?;
        let status = child.wait().await.context("while waiting for its end")?;
        let took = began.elapsed();
        Ok(Ended { code: status.code(), stdout, stderr, pieces, took })
    }

    /// Returns the command, to be started by somebody who waits for it himself.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the one door through which tests start processes"
    )]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(if self.input.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }
}

async fn outputs(child: &mut Child) -> anyhow::Result<(String, String, usize)> {
    let mut stdout = child.stdout.take().context("standard output is not piped")?;
    let mut stderr = child.stderr.take().context("standard error is not piped")?;
    let answer = async {
        let (mut bytes, mut pieces) = (Vec::new(), 0);
        while stdout.read_buf(&mut bytes).await? > 0 {
            pieces += 1;
        }
        anyhow::Ok((text(&bytes), pieces))
    };
    let talk = async {
        let mut bytes = Vec::new();
        stderr.read_to_end(&mut bytes).await?;
        anyhow::Ok(text(&bytes))
    };
    let ((stdout, pieces), stderr) = tokio::try_join!(answer, talk)?;
    Ok((stdout, stderr, pieces))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
