//! What a busy person does in a day, each kind evenly spread over twenty minutes.
//!
//! Chats come over a live feed that is opened for each as by a tab of a browser; ratings are about
//! answers, what is forgotten was kept before. Every request must be taken.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context as _, ensure};
use appliance_tests::{Client, Server, client::Method};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep_until};
use web_dto::{Channel, Remembered, ServerPayload};

/// The time that a day is pressed into.
const DAY: Duration = Duration::from_secs(20 * 60);

const EMAIL: &str = "bench@example.com";
const PASSWORD: &str = "a long enough password";

/// Times a day.
const CHATS: u32 = 400;
const SEARCHES: u32 = 1_600;
const NOTES: u32 = 300;
const FORGETS: u32 = 80;
const RATINGS: u32 = 80;
const LOOKS: u32 = 800;
const LOG_INS: u32 = 48;

/// Chats in one conversation.
const IN_A_ROW: usize = 8;

/// The person, and what there is to come back to.
pub struct Load<'a> {
    server: &'a Server,
    client: Client,
    so_far: Mutex<SoFar>,
}

#[derive(Default)]
struct SoFar {
    done: BTreeMap<&'static str, usize>,
    thread: String,
    answers: Vec<String>,
    notes: Vec<String>,
}

impl<'a> Load<'a> {
    /// Sets the person up.
    ///
    /// # Errors
    /// When that is refused.
    pub async fn begin(server: &'a Server) -> anyhow::Result<Self> {
        let client = server.first_user(EMAIL, PASSWORD).await?;
        Ok(Self { server, client, so_far: Mutex::default() })
    }

    /// Does everything until `end`.
    ///
    /// # Errors
    /// When anything is refused or not answered.
    pub async fn run(&self, end: Instant) -> anyhow::Result<()> {
        tokio::try_join!(
            self.spread("chats", CHATS, end, async |n| self.chat(n).await),
            self.spread("searches", SEARCHES, end, async |n| self.search(n).await),
            self.spread("notes kept", NOTES, end, async |n| self.keep(n).await),
            self.spread("notes forgotten", FORGETS, end, async |_| self.forget().await),
            self.spread("ratings", RATINGS, end, async |n| self.rate(n).await),
            self.spread("looks at lists", LOOKS, end, async |n| self.look(n).await),
            self.spread("log-ins", LOG_INS, end, async |_| self.log_in().await),
        )?;
        Ok(())
    }

    /// Returns how often what was done.
    pub fn done(&self) -> BTreeMap<String, usize> {
        self.so_far().done.iter().map(|(what, times)| ((*what).to_owned(), *times)).collect()
    }

    /// Returns how many chats were answered.
    pub fn chats(&self) -> usize {
        self.so_far().done.get("chats").copied().unwrap_or_default()
    }

    async fn spread(
        &self,
        what: &'static str,
        times: u32,
        end: Instant,
        act: impl AsyncFn(usize) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let (began, mut number) = (Instant::now(), 0);
        loop {
            let due = began + DAY * (number + 1) / times;
            if due >= end {
                return Ok(());
            }
            sleep_until(due).await;
            act(number as usize).await.with_context(|| format!("{what}, number {number}"))?;
            number += 1;
            *self.so_far().done.entry(what).or_default() += 1;
        }
    }

    async fn chat(&self, number: usize) -> anyhow::Result<()> {
        if number.is_multiple_of(IN_A_ROW) {
            let thread = self.client.converse().await?;
            self.so_far().thread = thread;
        }
        let thread = self.so_far().thread.clone();
        let mut feed = self.client.feed().await?;
        feed.follow(Channel::Conversation, Some(&thread), None).await?;
        let text = format!(
            "what was said of the machine {}, and in which room does it stand?",
            word(number)
        );
        let accepted = self.client.say(&thread, &text).await?;
        let is_over = |frame: &web_dto::ServerFrame| matches!(&frame.payload, ServerPayload::MessageComplete(it) if it.message_id == accepted.answer_id);
        feed.until("the answer", is_over).await?;
        self.so_far().answers.push(accepted.answer_id);
        Ok(())
    }

    async fn search(&self, number: usize) -> anyhow::Result<()> {
        let found = self.client.recall(&format!("machine {} room", word(number / 4))).await?;
        ensure!(number < 200 || !found.is_empty(), "nothing was found");
        Ok(())
    }

    async fn keep(&self, number: usize) -> anyhow::Result<()> {
        let text = format!("the machine {} stands in room {number} of the old mill", word(number));
        let kept: Remembered =
            self.client.post("/api/memory", &json!({"items": [{"text": text}]})).await?;
        self.so_far().notes.extend(kept.ids);
        Ok(())
    }

    async fn forget(&self) -> anyhow::Result<()> {
        let Some(id) = self.so_far().notes.pop() else { return Ok(()) };
        let _: Value = self.client.post("/api/memory/forget", &json!({"ids": [id]})).await?;
        Ok(())
    }

    async fn rate(&self, number: usize) -> anyhow::Result<()> {
        let Some(answer) = self.so_far().answers.pop() else { return Ok(()) };
        let rating = json!({"value": 1 + number % 10, "of": 10});
        let body = json!({"kind": "user_rating", "message_id": answer, "rating": rating});
        let _: Value = self.client.post("/api/memory/signals", &body).await?;
        Ok(())
    }

    async fn look(&self, number: usize) -> anyhow::Result<()> {
        let lists =
            ["/api/memory?limit=20", "/api/conversations", "/api/tasks", "/api/memory/stats"];
        let _: Value = self.client.get(lists[number % lists.len()]).await?;
        Ok(())
    }

    async fn log_in(&self) -> anyhow::Result<()> {
        let client = self.server.stranger()?.log_in(EMAIL, PASSWORD).await?;
        let out = client.send(Method::POST, "/api/auth/logout", &[], Vec::new()).await?;
        ensure!(out.status == 204, "logging out: {}", out.text());
        Ok(())
    }

    fn so_far(&self) -> MutexGuard<'_, SoFar> {
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A word for each number.
fn word(number: usize) -> String {
    let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap_or_default());
    format!("kestrel{}{}", letter(number / 26), letter(number))
}
