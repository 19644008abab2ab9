//! How soon others are answered while the model stalls for one, beside how soon they usually are.
//!
//! The real binary with its six agents; the Messages API is the mock. Others ask one after another,
//! each in a conversation of its own; the clock runs from before the POST until the task's end
//! arrives on the WebSocket. In each part but the first, one conversation waits meanwhile for a reply
//! that sent its head and nothing more, which is checked at the end of the part. Without a stall the
//! two medians are the same; before agents could have several tasks in hand they were not.

use anyhow::{Context, ensure};
use appliance_tests::{Client, Feed, MockMessages, Plan, mock::Behaviour, wait};
use hdrhistogram::Histogram;
use tokio::time::{Duration, Instant};
use web_dto::{Accepted, Channel, ServerFrame, ServerPayload};

use crate::{
    arguments::Arguments,
    report::Report,
    times::{at, histogram, micros},
};

const KEY: &str = "sk-ant-mock";

/// Longer than the product waits for a model that says nothing.
const AN_END: Duration = Duration::from_secs(60);

/// Others that ask in each part.
const OTHERS: usize = 20;

/// What stalls, and what the stalled conversation says to come to it.
const PARTS: [(&str, &str); 2] =
    [("the choice of an agent stalls", "hello"), ("an answer stalls", "/ask code hello")];

/// Asks, with and without a stalled reply; pushes what it saw.
///
/// # Errors
/// When the binary does not start or answer, or what should stall does not.
pub async fn measure(arguments: &Arguments, report: &mut Report) -> anyhow::Result<()> {
    let mock = MockMessages::with(Some(KEY), Duration::ZERO).await?;
    let plan = Plan::new(&arguments.binary).with_agents();
    let server = plan.anthropic(&mock.base_url(), KEY).start().await?;
    server.agents_idle().await?;
    let client = server.first_user("bench@example.com", "a long enough password").await?;
    let mut feed = client.feed().await?;
    feed.follow(Channel::Tasks, None, None).await?;
    others(&client, &mut feed).await?; // caches fill
    push(report, "nothing stalls", &others(&client, &mut feed).await?);
    for (what, said) in PARTS {
        let stalled = stall(&client, &mock, said).await?;
        push(report, what, &others(&client, &mut feed).await?);
        let stands = client.task(&stalled.task_id).await?.status;
        ensure!(!is_final(&stands), "the one that stalls was {stands} before the others were done");
        // A silence is waited for longer than any frame of the others.
        let is_over =
            async || Ok(is_final(&client.task(&stalled.task_id).await?.status).then_some(()));
        wait::until("the end of what stalls", AN_END, is_over).await.context(what)?;
    }
    Ok(())
}

fn push(report: &mut Report, while_what: &str, times: &Histogram<u64>) {
    report.push(&format!("{OTHERS} others, {while_what}, p50"), at(times, 0.5), "ms");
    report.push(&format!("{OTHERS} others, {while_what}, worst"), at(times, 1.0), "ms");
}

/// Says something whose reply stalls; returns when the model has been asked for it.
async fn stall(client: &Client, mock: &MockMessages, said: &str) -> anyhow::Result<Accepted> {
    let before = mock.requests().len();
    mock.then(Behaviour::Stall { after_events: 3 });
    let thread = client.converse().await?;
    let accepted = client.say(&thread, said).await?;
    let asked = async || Ok((mock.requests().len() > before).then_some(()));
    wait::until("the request that stalls", Duration::from_secs(10), asked).await?;
    Ok(accepted)
}

async fn others(client: &Client, feed: &mut Feed) -> anyhow::Result<Histogram<u64>> {
    let mut times = histogram()?;
    for n in 0..OTHERS {
        let thread = client.converse().await?;
        let began = Instant::now();
        let accepted = client.say(&thread, &format!("what does exit code {n} mean?")).await?;
        feed.until("the end of another", |frame| ends(frame, &accepted)).await?;
        times.record(micros(began.elapsed()))?;
    }
    Ok(times)
}

fn ends(frame: &ServerFrame, accepted: &Accepted) -> bool {
    matches!(&frame.payload, ServerPayload::TaskUpdate(task)
        if task.task_id == accepted.task_id && is_final(&task.status))
}

fn is_final(status: &str) -> bool {
    matches!(status, "completed" | "failed" | "cancelled")
}
