//! Asks one thing again and again over connections that stay open, and counts. Knows neither server.
//!
//! As cheap as can be, because it shares the machine with what it asks: one thread, one request ready
//! made, and answers told apart by their length, which must be the same every time.

#![allow(clippy::disallowed_methods, reason = "a bench starts what it measures")]

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, ensure};
use hdrhistogram::Histogram;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
    time::Instant,
};

use crate::times::{at, histogram, micros};

/// Connections that ask at the same time.
const CONNECTIONS: usize = 64;

/// How fast it was answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Answers a second.
    pub(super) rate: f64,
    /// What 99 of 100 answers stayed under, in milliseconds.
    pub(super) p99: f64,
}

/// Asks `request` for as long as told, on a thread of its own.
pub(super) async fn pace(to: SocketAddr, request: String, span: Duration) -> anyhow::Result<Pace> {
    let asking = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(all(to, request, span))
    };
    tokio::task::spawn_blocking(asking).await.context("the asking thread has ended")?
}

async fn all(to: SocketAddr, request: String, span: Duration) -> anyhow::Result<Pace> {
    let (began, mut connections) = (Instant::now(), JoinSet::new());
    for _ in 0..CONNECTIONS {
        connections.spawn(one(to, request.clone(), began + span));
    }
    let mut times = histogram()?;
    while let Some(one) = connections.join_next().await {
        times.add(one??)?;
    }
    Ok(Pace { rate: times.len() as f64 / began.elapsed().as_secs_f64(), p99: at(&times, 0.99) })
}

async fn one(to: SocketAddr, request: String, end: Instant) -> anyhow::Result<Histogram<u64>> {
    let mut stream = TcpStream::connect(to).await.context("while connecting")?;
    stream.set_nodelay(true)?;
    let (mut times, mut bytes) = (histogram()?, vec![0; 16 * 1024]);
    stream.write_all(request.as_bytes()).await?;
    let length = first(&mut stream, &mut bytes).await?;
    while Instant::now() < end {
        let asked = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        stream.read_exact(&mut bytes[..length]).await.context("while reading an answer")?;
        ensure!(
            bytes.starts_with(b"HTTP/1.1 200"),
            "{}",
            String::from_utf8_lossy(&bytes[..length])
        );
        times.record(micros(asked.elapsed()))?;
    }
    Ok(times)
}

/// Reads the first answer and returns its length, head and body.
async fn first(stream: &mut TcpStream, bytes: &mut [u8]) -> anyhow::Result<usize> {
    let mut held = 0;
    loop {
        let count = stream.read(&mut bytes[held..]).await?;
        ensure!(count > 0, "it closed before it had answered");
        held += count;
        if let Some(whole) = length(&String::from_utf8_lossy(&bytes[..held]))
            && held >= whole
        {
            ensure!(held == whole, "it sent more than one answer");
            return Ok(whole);
        }
    }
}

/// Returns the length of the answer whose head stands there whole.
fn length(text: &str) -> Option<usize> {
    let (head, _) = text.split_once("\r\n\r\n")?;
    let named = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    };
    head.lines().find_map(named).map(|body: usize| head.len() + 4 + body)
}

#[cfg(test)]
mod tests {
    use super::length;

    #[test]
    fn an_answer_is_as_long_as_its_head_and_what_it_names() {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        assert_eq!(length(answer), Some(answer.len()));
        assert_eq!(length("HTTP/1.1 200 OK\r\nconte"), None);
    }
}
