//! The real binary: start to ready, memory at rest, message to first token.
//!
//! Demo model without pacing, all six agents in tmux, one message at a time; the clock runs from
//! before the POST until the first chunk arrives on the WebSocket. Aims: those this version was
//! built to.

use std::time::Duration;

use anyhow::Context;
use appliance_tests::{Client, Feed, Plan, Server, processes};
use tokio::time::{Instant, sleep};
use web_dto::{Accepted, Channel, ServerFrame, ServerPayload};

use crate::{
    arguments::Arguments,
    report::Report,
    times::{at, histogram, micros, millis},
};

/// Lets allocators and timers settle before memory is read.
const REST: Duration = Duration::from_secs(3);

/// Messages that are not counted: caches fill, the first agent life begins.
const WARM_UP: usize = 5;

/// Starts, rests, asks; pushes what it saw.
///
/// # Errors
/// When the binary does not start or answer.
pub async fn measure(arguments: &Arguments, report: &mut Report) -> anyhow::Result<()> {
    let plan = Plan::new(&arguments.binary).with_agents();
    let began = Instant::now();
    let mut server = plan.start().await?;
    report.push("first start to ready, empty data", millis(began.elapsed()), "ms");
    starts(&mut server, arguments.rounds, report).await?;
    server.agents_idle().await?;
    sleep(REST).await;
    memory(&server, report).await?;
    answers(&server, arguments.rounds * 10, report).await?;
    let began = Instant::now();
    server.stop().await?;
    report.push("SIGTERM to end, at rest", millis(began.elapsed()), "ms");
    Ok(())
}

async fn starts(server: &mut Server, rounds: usize, report: &mut Report) -> anyhow::Result<()> {
    let mut times = histogram()?;
    for _ in 0..rounds {
        server.agents_idle().await?;
        server.stop().await?;
        let began = Instant::now();
        server.start().await?;
        times.record(micros(began.elapsed()))?;
    }
    report.push_with_aim("start to ready, p50", at(&times, 0.5), "ms", 300.0);
    report.push("start to ready, worst", at(&times, 1.0), "ms");
    Ok(())
}

async fn memory(server: &Server, report: &mut Report) -> anyhow::Result<()> {
    let held = resident_mb(server.pid()?).context("the server's memory")?;
    report.push_with_aim("idle memory, server (RSS)", held, "MB", 60.0);
    for agent in server.local()?.agents().await? {
        let pid = agent.pid.with_context(|| format!("agent {} has no pid", agent.name))?;
        let held = resident_mb(pid).with_context(|| format!("the memory of {}", agent.name))?;
        report.push_with_aim(&format!("idle memory, {} (RSS)", agent.name), held, "MB", 25.0);
    }
    Ok(())
}

async fn answers(server: &Server, count: usize, report: &mut Report) -> anyhow::Result<()> {
    let client = server.first_user("bench@example.com", "a long enough password").await?;
    let conversation = client.converse().await?;
    let mut feed = client.feed().await?;
    feed.follow(Channel::Conversation, Some(&conversation), None).await?;
    let (mut firsts, mut wholes) = (histogram()?, histogram()?);
    for n in 0..WARM_UP + count {
        let (first, whole) = answer(&client, &mut feed, &conversation, n).await?;
        if n >= WARM_UP {
            firsts.record(micros(first))?;
            wholes.record(micros(whole))?;
        }
    }
    report.push_with_aim("message to first token, p50", at(&firsts, 0.5), "ms", 50.0);
    report.push_with_aim("message to first token, p99", at(&firsts, 0.99), "ms", 50.0);
    report.push("message to whole answer, p50", at(&wholes, 0.5), "ms");
    report.push("message to whole answer, p99", at(&wholes, 0.99), "ms");
    Ok(())
}

/// Says one thing and returns how long the first chunk and the whole answer took.
async fn answer(
    client: &Client,
    feed: &mut Feed,
    conversation: &str,
    n: usize,
) -> anyhow::Result<(Duration, Duration)> {
    let began = Instant::now();
    let text = format!("/ask code what does exit code {n} mean?");
    let accepted: Accepted = client.say(conversation, &text).await?;
    feed.until("the first chunk", |frame| is_chunk(frame, &accepted)).await?;
    let first = began.elapsed();
    feed.until("the answer", |frame| is_whole(frame, &accepted)).await?;
    Ok((first, began.elapsed()))
}

fn is_chunk(frame: &ServerFrame, accepted: &Accepted) -> bool {
    matches!(&frame.payload, ServerPayload::MessageChunk(chunk)
        if chunk.message_id == accepted.answer_id)
}

fn is_whole(frame: &ServerFrame, accepted: &Accepted) -> bool {
    matches!(&frame.payload, ServerPayload::MessageComplete(whole)
        if whole.message_id == accepted.answer_id)
}

fn resident_mb(pid: u32) -> Option<f64> {
    processes::resident_bytes(pid).map(|bytes| bytes as f64 / 1_000_000.0)
}
