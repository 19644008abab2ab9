//! The order of a conversation: each answer right behind its question, whoever answers, whichever ends
//! first, and however it is read. Over REST, the live feed and across a kill.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, ensure};
use appliance_tests::{Client, Plan, Server, feed::Feed, wait};
use futures_util::future::try_join_all;
use web_dto::{Accepted, Channel, MessageList, MessageView, ServerPayload};

const BINARY: &str = env!("CARGO_BIN_EXE_ai-infra");

/// Longer than twelve answers take on a busy machine.
const ALL: Duration = Duration::from_secs(120);

/// Says twelve things at once to three agents, long and short ones; returns what was taken in.
async fn twelve(client: &Client, thread: &str) -> anyhow::Result<Vec<Accepted>> {
    let mut said = Vec::new();
    for number in 1..=12 {
        let agent = ["qa", "code", "data"][number % 3];
        let more =
            "and tell me at length why that is so, with all that belongs to it ".repeat(number % 4);
        said.push(format!("/ask {agent} what is number {number}? {more}"));
    }
    try_join_all(said.iter().map(|text| client.say(thread, text))).await
}

/// Checks that every answer stands right behind its question and says which that is.
fn in_order(read: &[MessageView], accepted: &[Accepted]) -> anyhow::Result<()> {
    let answer: BTreeMap<&str, &str> =
        accepted.iter().map(|it| (it.message_id.as_str(), it.answer_id.as_str())).collect();
    ensure!(read.is_sorted_by_key(|message| message.seq), "by their numbers: {read:?}");
    for pair in read.chunks(2) {
        let [asked, answered] = pair else { anyhow::bail!("an odd one: {pair:?}") };
        ensure!(asked.role == "user" && answered.role != "user", "{pair:?}");
        ensure!(answer.get(asked.id.as_str()) == Some(&answered.id.as_str()), "{pair:?}");
        ensure!(answered.answers.as_deref() == Some(&*asked.id), "{answered:?}");
        ensure!(answered.seq == asked.seq + 1, "no place between them: {pair:?}");
    }
    Ok(())
}

async fn all_answered(
    server: &Server,
    thread: &str,
    count: usize,
) -> anyhow::Result<Vec<MessageView>> {
    let client = server.local()?;
    let read = wait::until("every answer", ALL, async || {
        let read = client.messages(thread).await?;
        Ok((read.len() == 2 * count).then_some(read))
    });
    read.await.with_context(|| server.log_tail())
}

/// Reads a thread page by page, so many messages at a time, oldest first in the end.
async fn read(client: &Client, thread: &str, limit: usize) -> anyhow::Result<Vec<MessageView>> {
    let base = format!("/api/conversations/{thread}/messages?limit={limit}");
    let (mut path, mut pages) = (base.clone(), Vec::new());
    loop {
        let page: MessageList = client.get(&path).await?;
        pages.push(page.messages);
        let Some(before) = page.next_before else { break };
        path = format!("{base}&before={before}");
    }
    Ok(pages.into_iter().rev().flatten().collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_three_agents_stay_with_their_questions() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).with_agents().words_per_second(40).start().await?;
    server.agents_idle().await?;
    let client = server.local()?;
    let thread = client.converse().await?;
    let mut feed = client.feed().await?;
    feed.follow(Channel::Conversation, Some(&thread), None).await?;
    let accepted = twelve(&client, &thread).await?;
    let told = heard(&mut feed, &accepted).await?;
    let stored = all_answered(&server, &thread, 12).await?;
    in_order(&stored, &accepted)?;
    for limit in [1, 5, 24] {
        ensure!(read(&client, &thread, limit).await? == stored, "{limit} a page");
    }
    // What was heard has the places that a reload shows.
    let places: BTreeMap<String, u64> =
        stored.iter().map(|message| (message.id.clone(), message.seq)).collect();
    ensure!(told == places, "{told:?} {places:?}");
    Ok(())
}

/// Hears all that is stored; returns the place of each message.
async fn heard(feed: &mut Feed, accepted: &[Accepted]) -> anyhow::Result<BTreeMap<String, u64>> {
    let question: BTreeMap<&str, &str> =
        accepted.iter().map(|it| (it.answer_id.as_str(), it.message_id.as_str())).collect();
    let mut places = BTreeMap::new();
    while places.len() < 2 * accepted.len() {
        let frame = feed.next_within(ALL).await?.context("the feed fell silent")?;
        match frame.payload {
            ServerPayload::MessageChunk(it) => {
                ensure!(question.get(&*it.message_id) == Some(&&*it.answers), "{it:?}");
            }
            ServerPayload::Message(it) | ServerPayload::MessageComplete(it) => {
                let asked = question.get(&*it.message_id).copied();
                ensure!(it.answers.as_deref() == asked, "{it:?}");
                places.insert(it.message_id, it.seq);
            }
            other => anyhow::bail!("not of this conversation: {other:?}"),
        }
    }
    Ok(places)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_and_a_stop_among_them_move_no_answer() -> anyhow::Result<()> {
    let mut server = Plan::new(BINARY).with_agents().words_per_second(20).start().await?;
    server.agents_idle().await?;
    let client = server.local()?;
    let thread = client.converse().await?;
    let mut accepted = twelve(&client, &thread).await?;
    wait::until("the first answer", ALL, async || {
        let read = client.messages(&thread).await?;
        Ok(read.iter().any(|message| message.role == "assistant").then_some(()))
    })
    .await?;
    server.kill9()?;
    server.start().await?;
    let client = server.local()?;
    // One is called off, or has been answered by now.
    let path = format!("/api/tasks/{}/cancel", accepted[11].task_id);
    client.post_raw(&path, &serde_json::json!({}), &[]).await?;
    accepted.push(client.say(&thread, "/help").await?);
    let stored = all_answered(&server, &thread, 13).await?;
    in_order(&stored, &accepted)
}
