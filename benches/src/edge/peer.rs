//! FastAPI behind uvicorn, from PyPI: what the edge is held against. Started here, ended with its value.

#![allow(clippy::disallowed_methods, reason = "a bench starts what it measures")]

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, ensure};
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time::{Instant, sleep},
};

/// How long Python may take to import what it needs.
const START: Duration = Duration::from_secs(60);

/// A running uvicorn.
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    _child: Child,
}

/// Starts it with the answer of `benches/peers/plain.py`.
///
/// # Errors
/// When its environment has not been made, or it does not listen within a minute.
pub(super) async fn start() -> anyhow::Result<Peer> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = here.join("../target/edge-venv/bin/python");
    ensure!(python.exists(), "FastAPI is not installed; `make bench` does that");
    let address = free()?;
    let mut command = command(&python, &here.join("peers"), address.port());
    let child = command.spawn().context("while starting uvicorn")?;
    let peer = Peer { address, _child: child };
    let end = Instant::now() + START;
    while TcpStream::connect(address).await.is_err() {
        ensure!(Instant::now() < end, "uvicorn did not listen within a minute");
        sleep(Duration::from_millis(50)).await;
    }
    Ok(peer)
}

fn command(python: &PathBuf, folder: &Path, port: u16) -> Command {
    let mut command = Command::new(python);
    command
        .args(["-m", "uvicorn", "plain:app", "--host", "127.0.0.1", "--no-access-log"])
        .args(["--log-level", "warning", "--port", &port.to_string()])
        .current_dir(folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

fn free() -> anyhow::Result<SocketAddr> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("while looking for a port")?;
    Ok(listener.local_addr()?)
}
