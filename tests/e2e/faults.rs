//! Kills and clocks: whatever dies, nothing acknowledged is lost and nothing is done twice.
//!
//! Walks through [2] to [6] of ARCHITECTURE.md with the real binary while something is killed.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use appliance_tests::{Client, Feed, Plan, processes, processes::Signal, wait};
use tokio::task::JoinSet;
use web_dto::{Accepted, Channel, ChunkPayload, MessageView, ServerPayload};

/// How soon a dead agent must be back.
const BACK: Duration = Duration::from_secs(10);

/// How long an answer may take on a busy machine with a debug build.
const ANSWER: Duration = Duration::from_secs(40);

fn plan() -> Plan {
    Plan::new(env!("CARGO_BIN_EXE_ai-infra"))
}

#[tokio::test(flavor = "multi_thread")]
async fn agent_killed_in_mid_task_is_back_and_the_task_completes_once() -> anyhow::Result<()> {
    let server = plan().with_agents().words_per_second(60).start().await?;
    server.agents_idle().await?;
    let client = server.local()?;
    let (mut feed, conversation, accepted) = ask(&client, "/ask code count to 200").await?;

    let first = chunks(&mut feed, 5).await?;
    ensure!(first.iter().all(|chunk| chunk.attempt == 1 && chunk.agent == "code"), "{first:?}");
    let victim = client.agent("code").await?.pid.context("the busy agent has a pid")?;
    processes::kill(victim, Signal::KILL);

    let heir = wait::until("the agent's new life", BACK, async || {
        Ok(client.agent("code").await?.pid.filter(|pid| *pid != victim))
    });
    let heir = heir.await.with_context(|| server.log_tail())?;
    let window = server.tmux(&["list-panes", "-t", "ai-infrastructure:code", "-F", "#{pane_pid}"]);
    assert_eq!(window.await?.trim(), heir.to_string(), "the new life is in its window");

    let seen = complete(&mut feed, &accepted).await?;
    let again = seen.iter().find(|chunk| chunk.attempt == 2).context("a second attempt streams")?;
    assert_eq!(again.offset, 0, "a new attempt starts the answer anew");
    answered_once(&client, &conversation, &accepted, "200").await?;
    let task = client.task(&accepted.task_id).await?;
    assert_eq!((task.status.as_str(), task.children.len()), ("completed", 1), "{task:?}");
    assert_eq!(task.children[0].attempt, 2, "{:?}", task.children[0]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn tmux_kill_server_recovers() -> anyhow::Result<()> {
    let server = plan().with_agents().words_per_second(60).start().await?;
    let before: Vec<u32> = server.agents_idle().await?.iter().filter_map(|a| a.pid).collect();
    let client = server.local()?;
    let (mut feed, conversation, accepted) = ask(&client, "/ask data count to 150").await?;
    chunks(&mut feed, 3).await?;

    server.tmux(&["kill-server"]).await?;

    let back = wait::until("six new agents in six windows", BACK, async || {
        let agents = client.agents().await?;
        let reborn = |agent: &web_dto::AgentView| {
            agent.pid.is_some_and(|pid| !before.contains(&pid)) && agent.status != "starting"
        };
        Ok(agents.iter().all(reborn).then_some(()))
    });
    back.await.with_context(|| server.log_tail())?;
    let windows = server.tmux(&["list-windows", "-F", "#{window_name}"]).await?;
    for name in ["supervisor", "code", "data", "infra", "research", "qa"] {
        assert!(windows.lines().any(|line| line == name), "{name} is missing in\n{windows}");
    }
    complete(&mut feed, &accepted).await?;
    answered_once(&client, &conversation, &accepted, "150").await
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_killed_under_load_loses_nothing() -> anyhow::Result<()> {
    let mut server = plan().with_agents().words_per_second(20).start().await?;
    server.agents_idle().await?;
    let posters = posters(&server.local()?, 4, Duration::from_millis(250)).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    server.kill9()?;
    let acked = join(posters).await?;
    ensure!(acked.len() >= 8, "only {} messages were acknowledged: no load", acked.len());

    server.set_variable("AI_INFRA__MODEL__DEMO_WORDS_PER_SECOND", "0");
    server.start().await?;
    let client = server.local()?;
    for said in &acked {
        let stored = client.messages(&said.conversation).await?;
        let found = stored.iter().filter(|message| message.id == said.accepted.message_id);
        let texts: Vec<&str> = found.map(|message| message.content.as_str()).collect();
        assert_eq!(texts, [said.text.as_str()], "an acknowledged message is there, once");
    }
    for said in &acked {
        let answer = client.answer(&said.conversation, &said.accepted, ANSWER).await;
        answer.with_context(|| format!("{}\n{}", said.text, server.log_tail()))?;
    }
    for conversation in conversations(&acked) {
        let mut ids: Vec<String> =
            client.messages(conversation).await?.into_iter().map(|message| message.id).collect();
        let stored = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), stored, "no message is there twice");
    }
    let tasks = client.tasks().await?;
    let again = tasks.iter().filter(|task| task.attempt >= 2).count();
    assert!(again > 0, "what was in hand at the kill is delivered again with its count: {tasks:?}");
    let open: Vec<_> = tasks.iter().filter(|task| task.status != "completed").collect();
    assert!(open.is_empty(), "{open:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_killed_everything_is_answered_once() -> anyhow::Result<()> {
    let mut server = plan().with_agents().words_per_second(40).start().await?;
    server.agents_idle().await?;
    let client = server.local()?;
    let mut said = Vec::new();
    for agent in ["code", "data", "qa", "code", "data", "qa"] {
        let conversation = client.converse().await?;
        let accepted = client.say(&conversation, &format!("/ask {agent} count to 40")).await?;
        said.push((conversation, accepted));
    }
    // Each agent once: a second death soon after waits out its pause of 10 s, which is not the point.
    for victim in ["code", "supervisor", "qa", "data"] {
        tokio::time::sleep(Duration::from_millis(300)).await;
        if let Some(pid) = client.agent(victim).await?.pid {
            processes::kill(pid, Signal::KILL);
        }
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.kill9()?;
    server.start().await?;
    let client = server.local()?;
    for (conversation, accepted) in &said {
        client.answer(conversation, accepted, ANSWER).await.with_context(|| server.log_tail())?;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    for (conversation, accepted) in &said {
        answered_once(&client, conversation, accepted, "40").await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_kills_in_a_row_lose_nothing_acknowledged() -> anyhow::Result<()> {
    let mut server = plan().start().await?;
    let mut acked = Vec::new();
    for kill in 0..10_u64 {
        let posters = posters(&server.local()?, 4, Duration::ZERO).await?;
        // From 20 to 500 ms, spread by a prime so that no two are alike.
        tokio::time::sleep(Duration::from_millis(20 + kill * 211 % 480)).await;
        server.kill9()?;
        acked.extend(join(posters).await?);
        server.start().await.with_context(|| format!("after kill {kill}"))?;
    }
    let client = server.local()?;
    let tasks = client.tasks().await?;
    let mut stored = BTreeMap::new();
    // By the tasks, because a thread's only message may be stored without having been acknowledged.
    for thread in tasks.iter().map(|task| task.conversation_id.as_str()).collect::<BTreeSet<_>>() {
        let messages = client.messages(thread).await?;
        let seqs: Vec<u64> = messages.iter().map(|message| message.seq).collect();
        // Behind each a number is kept for its answer.
        let right = (0..seqs.len() as u64).map(|nth| 2 * nth + 1);
        assert_eq!(seqs, right.collect::<Vec<_>>(), "no other gap in {thread}");
        stored.extend(messages.into_iter().map(|message| (message.id.clone(), message)));
    }
    ensure!(acked.len() >= 100, "only {} messages were acknowledged: no load", acked.len());
    for said in &acked {
        let found = stored.get(&said.accepted.message_id);
        assert_eq!(found.map(|message| message.content.as_str()), Some(said.text.as_str()));
    }
    assert_eq!(tasks.len(), stored.len(), "a message and its task stand together or not at all");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_from_an_earlier_life_is_told_to_refetch() -> anyhow::Result<()> {
    let mut server = plan().start().await?;
    let client = server.local()?;
    let thread = client.converse().await?;
    let mut feed = client.feed().await?;
    feed.follow(Channel::Conversation, Some(&thread), None).await?;
    client.say(&thread, "one").await?;
    let seen = feed.until("the message", |frame| frame.place.is_some()).await?;
    let place = seen.place.context("an event has its place")?;
    server.kill9()?;
    ensure!(feed.next().await.is_err(), "the old feed ends with its server");

    server.start().await?;
    let mut feed = server.local()?.feed().await?;
    feed.follow(Channel::Conversation, Some(&thread), Some(place)).await?;
    let told = feed.until("resync", |frame| matches!(frame.payload, ServerPayload::Resync(_)));
    let ServerPayload::Resync(resync) = told.await?.payload else { bail!("resync expected") };
    assert_eq!(resync.reason, "epoch", "{resync:?}");
    assert_ne!(resync.from.epoch, place.epoch, "another life has another epoch");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn same_key_across_a_kill_applies_once() -> anyhow::Result<()> {
    let mut server = plan().start().await?;
    let client = server.local()?;
    let conversation = client.converse().await?;
    let first = client.say_once(&conversation, "once only", "key-1").await?;
    assert_eq!(first.status, 202, "{}", first.text());
    server.kill9()?;

    server.start().await?;
    let client = server.local()?;
    let again = client.say_once(&conversation, "once only", "key-1").await?;
    assert_eq!(again.json::<Accepted>()?, first.json::<Accepted>()?, "the first answer comes back");
    let other = client.say_once(&conversation, "something else", "key-1").await?;
    assert_eq!((other.status, other.problem()?.code.as_str()), (422, "idempotency.reused"));

    let stored = client.messages(&conversation).await?;
    assert_eq!(stored.len(), 1, "{stored:?}");
    assert_eq!(client.tasks().await?.len(), 1, "one task for one message");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn clock_stepping_back_reorders_nothing() -> anyhow::Result<()> {
    let mut server = plan().start().await?;
    let (mut texts, mut opened) = (Vec::new(), Vec::new());
    let thread = server.local()?.converse().await?;
    for offset in ["0", "-86400", "-315360000"] {
        server.stop().await?;
        server.set_variable("AI_INFRA__CLOCK__OFFSET_SECONDS", offset);
        server.start().await?;
        let client = server.local()?;
        for n in 0..3 {
            texts.push(format!("said {n} at offset {offset}"));
            client.say(&thread, &texts[texts.len() - 1]).await?;
        }
        opened.push(client.converse().await?);
    }
    let client = server.local()?;
    let stored = client.messages(&thread).await?;
    let order: Vec<&str> = stored.iter().map(|message| message.content.as_str()).collect();
    assert_eq!(order, texts, "messages stand in the order they were said");
    let ids: Vec<&str> = stored.iter().map(|message| message.id.as_str()).collect();
    assert!(ids.is_sorted(), "ids never go back: {ids:#?}");
    assert!(stored.is_sorted_by_key(|message| message.seq), "positions never go back");

    let listed: web_dto::ConversationList = client.get("/api/conversations").await?;
    let newest: Vec<_> = listed.items.into_iter().map(|item| item.id).collect();
    opened.reverse();
    // The thread was last written to before the last conversation was opened.
    assert_eq!(newest, [&opened[..1], &[thread], &opened[1..]].concat(), "last changed first");
    let inputs: Vec<_> = client.tasks().await?.into_iter().map(|task| task.input).collect();
    texts.reverse();
    assert_eq!(inputs, texts, "tasks are listed newest first");
    Ok(())
}

/// Opens a conversation and its feed, says something, and returns all three.
async fn ask(client: &Client, text: &str) -> anyhow::Result<(Feed, String, Accepted)> {
    let conversation = client.converse().await?;
    let mut feed = client.feed().await?;
    feed.follow(Channel::Conversation, Some(&conversation), None).await?;
    let accepted = client.say(&conversation, text).await?;
    Ok((feed, conversation, accepted))
}

/// Reads the next `count` chunks.
async fn chunks(feed: &mut Feed, count: usize) -> anyhow::Result<Vec<ChunkPayload>> {
    let mut seen = Vec::new();
    while seen.len() < count {
        if let ServerPayload::MessageChunk(chunk) = feed.next().await?.payload {
            seen.push(chunk);
        }
    }
    Ok(seen)
}

/// Reads until the answer is complete and returns the chunks on the way.
async fn complete(feed: &mut Feed, accepted: &Accepted) -> anyhow::Result<Vec<ChunkPayload>> {
    let mut seen = Vec::new();
    loop {
        match feed.next().await?.payload {
            ServerPayload::MessageChunk(chunk) => seen.push(chunk),
            ServerPayload::MessageComplete(done) => {
                ensure!(done.message_id == accepted.answer_id, "another answer: {done:?}");
                return Ok(seen);
            }
            ServerPayload::Error(error) => bail!("the feed says {error:?}"),
            _ => {}
        }
    }
}

/// Checks that the conversation holds the question and exactly one answer, which holds `word`.
async fn answered_once(
    client: &Client,
    conversation: &str,
    accepted: &Accepted,
    word: &str,
) -> anyhow::Result<()> {
    let stored: Vec<MessageView> = client.messages(conversation).await?;
    let told: Vec<_> = stored.iter().map(|message| (&*message.id, &*message.role)).collect();
    assert_eq!(told, [(&*accepted.message_id, "user"), (&*accepted.answer_id, "assistant")]);
    assert!(stored[1].content.contains(word), "{}", stored[1].content);
    Ok(())
}

/// A message that the server has acknowledged.
struct Said {
    conversation: String,
    text: String,
    accepted: Accepted,
}

/// Starts posters that say unique things until the server is gone, and log what it acknowledged.
async fn posters(
    client: &Client,
    count: usize,
    pause: Duration,
) -> anyhow::Result<JoinSet<Vec<Said>>> {
    let mut posters = JoinSet::new();
    for poster in 0..count {
        let (client, conversation) = (client.clone(), client.converse().await?);
        posters.spawn(async move {
            let mut acked = Vec::new();
            loop {
                let text = format!("unique {poster}-{} `x` | y && z", acked.len());
                let Ok(accepted) = client.say(&conversation, &text).await else { return acked };
                acked.push(Said { conversation: conversation.clone(), text, accepted });
                tokio::time::sleep(pause).await;
            }
        });
    }
    Ok(posters)
}

async fn join(mut posters: JoinSet<Vec<Said>>) -> anyhow::Result<Vec<Said>> {
    let mut acked = Vec::new();
    while let Some(said) = posters.join_next().await {
        acked.extend(said.context("while waiting for a poster")?);
    }
    Ok(acked)
}

fn conversations(acked: &[Said]) -> BTreeSet<&str> {
    acked.iter().map(|said| said.conversation.as_str()).collect()
}
