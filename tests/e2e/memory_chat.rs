//! Memory by talking: what a person says in a conversation forgets, corrects, undoes and rates, and
//! stays so across a restart. The demo model, real agents, the real store.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, ensure};
use appliance_tests::{Client, Plan, Server, wait};
use serde_json::json;
use web_dto::{Corrected, MemoryList, MemoryView, MessageView, Remembered, SignalList};

const BINARY: &str = env!("CARGO_BIN_EXE_ai-infra");
const PATIENCE: Duration = Duration::from_secs(30);
const QUESTION: &str = "what is the staging database called?";

/// One conversation with the agents of a server.
struct Talk {
    client: Client,
    thread: String,
}

impl Talk {
    async fn begin(server: &Server) -> anyhow::Result<Self> {
        let client = server.local()?;
        let thread = client.converse().await?;
        Ok(Self { client, thread })
    }

    /// Says something and waits for the answer.
    async fn say(&self, text: &str) -> anyhow::Result<MessageView> {
        let accepted = self.client.say(&self.thread, text).await?;
        let answer = self.client.answer(&self.thread, &accepted, PATIENCE).await;
        answer.with_context(|| text.to_owned())
    }

    /// Says something whose answer must have all of `words`.
    async fn hears(&self, text: &str, words: &[&str]) -> anyhow::Result<MessageView> {
        let answer = self.say(text).await?;
        for word in words {
            ensure!(answer.content.contains(word), "{text}: {}", answer.content);
        }
        Ok(answer)
    }

    /// Says something whose answer must not have `word`.
    async fn misses(&self, text: &str, word: &str) -> anyhow::Result<()> {
        let answer = self.say(text).await?;
        ensure!(!answer.content.contains(word), "{text}: {}", answer.content);
        Ok(())
    }
}

async fn start() -> anyhow::Result<Server> {
    let server = Plan::new(BINARY).with_agents().start().await?;
    server.agents_idle().await?;
    Ok(server)
}

async fn restart(server: &mut Server) -> anyhow::Result<()> {
    server.restart().await?;
    server.agents_idle().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forgotten_by_talking_stays_so_and_can_be_brought_back() -> anyhow::Result<()> {
    let mut server = start().await?;
    let talk = Talk::begin(&server).await?;
    talk.say("remember that the staging database is called heron").await?;
    let answer = talk.hears(QUESTION, &["heron", "[1]"]).await?;
    ensure!(!answer.citations.is_empty(), "{answer:?}");
    talk.hears("forget that", &["Forgotten: ", "heron", "undo that"]).await?;
    let other = Talk::begin(&server).await?;
    other.misses(QUESTION, "heron").await?;

    restart(&mut server).await?;
    let other = Talk::begin(&server).await?;
    other.misses(QUESTION, "heron").await?;
    let talk = Talk { client: server.local()?, thread: talk.thread };
    talk.hears("undo that", &["Undone: ", "heron"]).await?;
    Talk::begin(&server).await?.hears(QUESTION, &["heron"]).await?;
    talk.hears("/undo", &["nothing left to undo"]).await?;

    restart(&mut server).await?;
    Talk::begin(&server).await?.hears(QUESTION, &["heron"]).await?;
    let talk = Talk::begin(&server).await?;
    talk.hears("forget what I said about the staging database", &["Forgotten: "]).await?;
    talk.misses(QUESTION, "heron").await?;
    talk.hears("/forget the moon", &["Nothing is remembered about"]).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_corrected_by_talking_takes_the_place_of_what_was_wrong() -> anyhow::Result<()> {
    let mut server = start().await?;
    let talk = Talk::begin(&server).await?;
    talk.say("remember that the staging database is called heron").await?;
    talk.hears(QUESTION, &["heron"]).await?;
    talk.hears("that is wrong", &["What is right?"]).await?;
    talk.hears(QUESTION, &["heron"]).await?;
    talk.hears("that is wrong, it is osprey", &["Corrected: ", "osprey", "undo that"]).await?;
    for life in ["first", "second"] {
        let answer = Talk::begin(&server).await?.hears(QUESTION, &["osprey"]).await;
        let answer = answer.with_context(|| format!("{life} life"))?;
        ensure!(!answer.content.contains("heron"), "{life} life: {}", answer.content);
        if life == "first" {
            restart(&mut server).await?;
        }
    }
    let talk = Talk { client: server.local()?, thread: talk.thread };
    talk.hears("undo that", &["Undone: ", "heron"]).await?;
    talk.hears("/undo", &["nothing left to undo"]).await?; // one wish is taken back at once
    let answer = Talk::begin(&server).await?.hears(QUESTION, &["heron"]).await?;
    ensure!(!answer.content.contains("osprey"), "{}", answer.content);
    let kept: MemoryList = talk.client.get("/api/memory").await?;
    let of_it = kept.items.iter().find(|it| it.text.contains("osprey"));
    ensure!(of_it.is_none(), "nothing of the correction is left: {of_it:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_ends_what_says_the_same_wrong_thing_elsewhere() -> anyhow::Result<()> {
    let server = start().await?;
    let asked = "what is the mailer?";
    Talk::begin(&server).await?.say("our mailer is postmark").await?;
    Talk::begin(&server).await?.say("the staging mailer is postmark").await?;
    let talk = Talk::begin(&server).await?;
    talk.say("remember that the mailer is postmark").await?;
    talk.hears("/remember the mailer is postmark", &["Kept: "]).await?;
    talk.hears("that is wrong, it is osprey", &["Corrected: ", "the mailer is osprey"]).await?;
    let answer = Talk::begin(&server).await?.hears(asked, &["osprey"]).await?;
    let others = answer.content.to_lowercase().replace("the staging mailer is postmark", "");
    ensure!(!others.contains("postmark"), "{}", answer.content);
    let list: MemoryList = talk.client.get("/api/memory?limit=100").await?;
    let wrong: Vec<&str> = list.items.iter().map(|it| it.text.as_str()).collect();
    let wrong: Vec<&&str> = wrong.iter().filter(|text| text.contains("postmark")).collect();
    ensure!(wrong == [&"the staging mailer is postmark"], "another fact stays: {wrong:?}");

    talk.hears("undo that", &["Undone: "]).await?;
    Talk::begin(&server).await?.misses(asked, "osprey").await?;
    let list: MemoryList = talk.client.get("/api/memory?limit=100").await?;
    let back = list.items.iter().filter(|it| it.text.contains("postmark")).count();
    ensure!(back >= 4, "each comes back: {list:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_by_its_id_ends_the_same_wrong_thing_elsewhere() -> anyhow::Result<()> {
    let server = Plan::new(BINARY).start().await?;
    let client = server.local()?;
    let said = |text: &str, conversation: &str| json!({"text": text, "conversation": conversation});
    let items = json!({"items": [
        said("the mailer is postmark", "one"),
        said("the mailer is postmark", "two"),
        said("Remember that our mailer is now postmark.", "three"),
        said("the mailer was postmark until June", "four"),
    ]});
    let kept: Remembered = client.post("/api/memory", &items).await?;
    let path = format!("/api/memory/{}/correct", kept.ids[1]);
    let _: Corrected = client.post(&path, &json!({"text": "the mailer is osprey"})).await?;
    let list: MemoryList = client.get("/api/memory?limit=100").await?;
    let texts: Vec<&str> = list.items.iter().map(|it| it.text.as_str()).collect();
    ensure!(texts == ["the mailer is osprey", "the mailer was postmark until June"], "{texts:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn undo_means_the_conversation_it_is_said_in_whatever_was_asked_since() -> anyhow::Result<()>
{
    let server = start().await?;
    let (talk, other) = (Talk::begin(&server).await?, Talk::begin(&server).await?);
    talk.say("remember that the staging database is called heron").await?;
    talk.hears("forget that", &["Forgotten: ", "heron"]).await?;
    other.say("remember that the cat is called Minka").await?;
    other.hears("forget that", &["Forgotten: ", "Minka"]).await?;
    other.hears("undo that", &["Undone: ", "Minka"]).await?;
    other.hears("undo that", &["nothing left to undo", "ai-infra memory undo"]).await?;
    other.misses(QUESTION, "heron").await?;

    talk.say("how high is the tower of the town hall?").await?;
    talk.hears("undo that", &["Undone: ", "heron"]).await?;
    other.hears(QUESTION, &["heron"]).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rating_is_kept_moves_what_was_cited_and_teaches() -> anyhow::Result<()> {
    let mut server = start().await?;
    let talk = Talk::begin(&server).await?;
    talk.say("/remember the staging database is called heron").await?;
    let answer = talk.hears(QUESTION, &["heron"]).await?;
    let cited = answer.citations.first().context("a citation")?.memory_id.clone();
    let before = memory(&talk.client, &cited).await?.utility;
    talk.hears("2 - too short", &["Thanks, 2 of 10 noted."]).await?;
    let signals: SignalList = talk.client.get("/api/memory/signals").await?;
    let rating = signals.items.iter().find(|it| it.kind == "user_rating").context("the rating")?;
    assert_eq!(rating.message_id.as_deref(), Some(answer.id.as_str()));
    assert_eq!(rating.comment.as_deref(), Some("too short"));
    let after = memory(&talk.client, &cited).await?.utility;
    ensure!(after < before, "{before} -> {after}");

    let learned: MemoryList = talk.client.get("/api/memory/learnings").await?;
    let poor = learned.items.iter().find(|it| it.text.contains("rated 2 of 10"));
    let poor = poor.with_context(|| format!("a learning: {learned:?}"))?.clone();
    let file = learning_file(&server, &poor)?;
    wait::until("the learning's file", PATIENCE, async || Ok(file.exists().then_some(()))).await?;
    let ratings = tree(&server).join("Signals/ratings");
    wait::until("the ratings", PATIENCE, async || Ok(ratings.is_dir().then_some(()))).await?;

    std::fs::remove_file(&file)?;
    restart(&mut server).await?;
    wait::until("the file again", PATIENCE, async || Ok(file.exists().then_some(()))).await?;
    let client = server.local()?;
    let kept: SignalList = client.get("/api/memory/signals").await?;
    ensure!(kept.items.iter().any(|it| it.id == rating.id), "the rating is durable");
    Talk::begin(&server).await?.hears(QUESTION, &["heron"]).await?;
    Ok(())
}

async fn memory(client: &Client, id: &str) -> anyhow::Result<MemoryView> {
    client.get(&format!("/api/memory/{id}")).await
}

fn tree(server: &Server) -> PathBuf {
    server.home().data().join("pai/MEMORY")
}

fn learning_file(server: &Server, learning: &MemoryView) -> anyhow::Result<PathBuf> {
    let phase = learning.labels.phase.as_deref().context("a phase")?;
    let (month, day) = (&learning.created_at[..7], &learning.created_at[8..10]);
    let folder = tree(server).join("Learning").join(phase).join(month).join(day);
    Ok(folder.join(format!("{}.json", learning.id)))
}
