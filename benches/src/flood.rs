//! The listener under a flood: 1,500 connections that say nothing and are opened again as soon as
//! they are closed, and honest requests meanwhile, each on a connection of its own.
//!
//! Twice: all of the flood from one address, and from thirty. The honest come from an address of
//! their own and from one of the flood's. Flood, honest and server share the machine, so the figures
//! hold the flood's own cost. Aim: what a person still takes for an answer, 1 s.

#![allow(clippy::disallowed_methods, reason = "a bench starts what it measures")]

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, ensure};
use appliance_tests::Plan;
use hdrhistogram::Histogram;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use crate::{
    arguments::Arguments,
    report::Report,
    times::{at, histogram, micros},
};

const SILENT: u32 = 1_500;

/// Between two honest requests of one address.
const PACE: Duration = Duration::from_millis(20);

/// How long each flood stands; with both the bench stays under half a minute.
const STANDS: Duration = Duration::from_secs(8);

/// Longest time an honest request is waited for; a late one counts as this long.
const PATIENCE: Duration = Duration::from_secs(5);

const HONEST: [u8; 4] = [127, 0, 0, 1];

/// The flood's first address; the others follow it.
const FLOOD: [u8; 4] = [127, 0, 0, 2];

/// Starts the server, floods it twice, asks meanwhile; pushes what it saw.
///
/// # Errors
/// When the binary does not start, or answers nothing before the flood.
pub async fn measure(arguments: &Arguments, report: &mut Report) -> anyhow::Result<()> {
    raise_open_files()?;
    let mut server = Plan::new(&arguments.binary).start().await?;
    let to: SocketAddr = server.facts()?.listen.parse().context("the server's address")?;
    ensure!(asked(HONEST, to).await.is_ok(), "the server does not answer before the flood");
    for addresses in [1, 30] {
        let name = if addresses == 1 { "one address" } else { "30 addresses" };
        flooded(to, addresses, name, report).await?;
    }
    server.stop().await?;
    Ok(())
}

/// A connection is a file, and a shell's usual limit is 1,024 of them.
fn raise_open_files() -> anyhow::Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).context("while raising the limit of open files")
}

async fn flooded(
    to: SocketAddr,
    addresses: u32,
    name: &str,
    report: &mut Report,
) -> anyhow::Result<()> {
    let opened = Arc::new(AtomicU64::new(0));
    let mut flood = JoinSet::new();
    for n in 0..SILENT {
        let address = [FLOOD[0], FLOOD[1], FLOOD[2], FLOOD[3] + (n % addresses) as u8];
        flood.spawn(silent(address, to, opened.clone()));
    }
    sleep(Duration::from_secs(1)).await;
    let (elsewhere, among) = tokio::join!(honest(HONEST, to), honest(FLOOD, to));
    flood.shutdown().await;
    let total = opened.load(Ordering::Relaxed) as f64;
    report.push(&format!("silent from {name}: opened"), total, "");
    for (from, asked) in [("elsewhere", elsewhere?), ("among them", among?)] {
        let (p50, p99) = (at(&asked.times, 0.5), at(&asked.times, 0.99));
        report.push(&format!("  honest {from}: requests"), asked.times.len() as f64, "");
        report.push_with_aim(&format!("  honest {from}: failed"), asked.failed, "", 0.0);
        report.push(&format!("  honest {from}: p50"), p50, "ms");
        report.push_with_aim(&format!("  honest {from}: p99"), p99, "ms", 1_000.0);
    }
    Ok(())
}

/// Opens a connection, says nothing until it is closed, and opens the next at once.
async fn silent(from: [u8; 4], to: SocketAddr, opened: Arc<AtomicU64>) {
    loop {
        match connected(from, to).await {
            Ok(mut stream) => {
                opened.fetch_add(1, Ordering::Relaxed);
                let _ = stream.read(&mut [0; 1]).await;
            }
            // Out of ports or refused: let the others run.
            Err(_) => sleep(Duration::from_millis(5)).await,
        }
    }
}

/// What became of one address's honest requests.
struct Asked {
    times: Histogram<u64>,
    failed: f64,
}

async fn honest(from: [u8; 4], to: SocketAddr) -> anyhow::Result<Asked> {
    let (mut times, mut failed) = (histogram()?, 0.0);
    let end = Instant::now() + STANDS;
    while Instant::now() < end {
        let began = Instant::now();
        match timeout(PATIENCE, asked(from, to)).await {
            Ok(Ok(())) => times.record(micros(began.elapsed()))?,
            _ => {
                failed += 1.0;
                times.record(micros(PATIENCE))?;
            }
        }
        sleep(PACE).await;
    }
    Ok(Asked { times, failed })
}

async fn asked(from: [u8; 4], to: SocketAddr) -> anyhow::Result<()> {
    let mut stream = connected(from, to).await?;
    let request = format!("GET /api/info HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    ensure!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    Ok(())
}

async fn connected(from: [u8; 4], to: SocketAddr) -> anyhow::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((from, 0)))?;
    Ok(socket.connect(to).await?)
}
