//! A home for one server: its own data, runtime and XDG directories, on a short path in `/tmp`.
//!
//! Starts nothing. The path is short because the runtime directory's sockets hang off it and a unix
//! socket's path ends at 100 bytes.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde::Deserialize;
use tempfile::TempDir;

/// The directories of one server; they vanish with this value.
#[derive(Debug)]
pub struct Home {
    root: TempDir,
}

/// What a running server writes into its runtime directory once it is ready.
#[derive(Debug, Clone, Deserialize)]
pub struct ServeJson {
    /// Its process.
    pub pid: u32,
    /// Where it listens, such as `127.0.0.1:41235`.
    pub listen: String,
    /// The people's socket; its key lies beside it.
    pub api_socket: PathBuf,
    /// The agents' socket.
    pub agent_socket: PathBuf,
    /// The socket of its tmux server; absent without tmux.
    #[serde(default)]
    pub tmux_socket: Option<PathBuf>,
    /// This life of it.
    pub epoch: u64,
}

impl Home {
    /// Makes the directories, all empty.
    ///
    /// # Errors
    /// When `/tmp` cannot be written.
    pub fn new() -> anyhow::Result<Self> {
        let root = tempfile::Builder::new()
            .prefix("a")
            .tempdir_in("/tmp")
            .context("while making a home under /tmp")?;
        for name in ["run", "user", "config"] {
            let path = root.path().join(name);
            fs::create_dir(&path).with_context(|| format!("while making {}", path.display()))?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700))
                .with_context(|| format!("while protecting {}", path.display()))?;
        }
        Ok(Self { root })
    }

    /// Returns the directory that everything is in.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// Returns the data directory; the server makes it.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.root().join("data")
    }

    /// Returns the configuration directory, empty at first.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.root().join("config")
    }

    /// Returns the file that takes the server's standard output and error, all its lives in one.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.root().join("serve.log")
    }

    /// Returns what the server has logged so far.
    #[must_use]
    pub fn log_text(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log()).unwrap_or_default()).into_owned()
    }

    /// Returns the environment a server or a command of this home gets, and nothing else.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        let at = |name: &str| self.root().join(name).display().to_string();
        [
            ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("TERM", "xterm".to_owned()),
            ("HOME", at("user")),
            ("XDG_RUNTIME_DIR", at("run")),
            ("XDG_CONFIG_HOME", at("user/config")),
            ("XDG_DATA_HOME", at("user/data")),
            ("XDG_STATE_HOME", at("user/state")),
            ("XDG_CACHE_HOME", at("user/cache")),
            ("AI_INFRA__DATA__DIR", at("data")),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }

    /// Returns the runtime directory and what the server with this process id wrote into it.
    ///
    /// A server of the system administrator may keep it under `/run` whatever the environment says.
    #[must_use]
    pub fn serve_json(&self, pid: u32) -> Option<(PathBuf, ServeJson)> {
        let places = [self.root().join("run"), PathBuf::from("/run")];
        let entries = places.iter().flat_map(|place| fs::read_dir(place).into_iter().flatten());
        entries
            .filter_map(|entry| {
                let path = entry.ok()?.path();
                let bytes = fs::read(path.join("serve.json")).ok()?;
                Some((path, serde_json::from_slice::<ServeJson>(&bytes).ok()?))
            })
            .find(|(_, facts)| facts.pid == pid)
    }

    /// Returns every file under the home with its bytes; sockets and the like are left out.
    #[must_use]
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        collect(self.root(), &mut found);
        found
    }
}

fn collect(directory: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => collect(&path, found),
            Ok(kind) if kind.is_file() => {
                let bytes = fs::read(&path).unwrap_or_default();
                found.push((path, bytes));
            }
            _ => {}
        }
    }
}
