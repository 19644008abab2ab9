//! One deed: what is there before it, what is done beside it, and what must have come of it.
//!
//! Kills nobody; the house around it does.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use appliance_tests::Client;
use serde_json::json;
use web_dto::{
    Accepted, ActionList, ActionView, MemoryList, MemoryView, MessageView, Remembered, SignalList,
};

use crate::kind::{Kind, corrected, fact};

/// How long anything may take on a busy machine with a debug build.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

/// One deed, what it is about, and what is done beside it.
pub(crate) struct Round {
    pub(crate) client: Client,
    kind: Kind,
    /// No two rounds speak of the same.
    name: String,
    thread: String,
    /// What the deed is done to; for a rating the answer.
    target: String,
    /// What the person forgets meanwhile.
    beside: String,
    /// Deeds done so far.
    deeds: usize,
}

impl Round {
    /// Has everything there that the deed is about.
    pub(crate) async fn prepare(client: Client, kind: Kind, number: usize) -> anyhow::Result<Self> {
        let (thread, name) = (client.converse().await?, named(number));
        let beside = keep(&client, &format!("the cellar {number} is damp")).await?;
        let mut round =
            Self { client, kind, name, thread, target: String::new(), beside, deeds: 0 };
        round.target = round.make_target().await?;
        round.deeds = round.actions().await?.len();
        Ok(round)
    }

    async fn make_target(&self) -> anyhow::Result<String> {
        let name = &self.name;
        match self.kind {
            Kind::Remember => Ok(String::new()),
            Kind::Forget | Kind::Correct => keep(&self.client, &fact(name)).await,
            Kind::Rate => {
                Ok(self.say(&format!("/ask research what is known of {name}?")).await?.id)
            }
            Kind::Undo => {
                let target = keep(&self.client, &fact(name)).await?;
                self.say(&format!("/forget {name}")).await?;
                ensure!(self.memory(&target).await?.is_none(), "it was not forgotten");
                Ok(target)
            }
        }
    }

    /// Has the deed asked for.
    pub(crate) async fn ask(&self) -> anyhow::Result<Accepted> {
        self.client.say(&self.thread, &self.kind.command(&self.name)).await
    }

    /// Waits for the answer to it.
    pub(crate) async fn answer(&self, accepted: &Accepted) -> anyhow::Result<MessageView> {
        self.client.answer(&self.thread, accepted, PATIENCE).await
    }

    /// The person forgets something else in between.
    pub(crate) async fn meanwhile(&self) -> anyhow::Result<()> {
        let body = json!({"ids": [self.beside]});
        let _: ActionView = self.client.post("/api/memory/forget", &body).await?;
        Ok(())
    }

    /// Checks that the answer tells the deed with its first words.
    pub(crate) fn tells(&self, answer: &MessageView) -> anyhow::Result<()> {
        for word in self.kind.words(&self.name) {
            ensure!(answer.content.contains(&word), "no {word:?} in {:?}", answer.content);
        }
        Ok(())
    }

    /// Checks that the deed was done, to what was meant, once, and the other deed stands.
    pub(crate) async fn holds(&self) -> anyhow::Result<()> {
        ensure!(self.memory(&self.beside).await?.is_none(), "what the person forgot is back");
        let deeds = self.actions().await?;
        let new: Vec<&ActionView> = deeds[..deeds.len() - self.deeds].iter().collect();
        let of = |deed: &str| new.iter().filter(|it| it.deed == deed).count();
        let expected = match self.kind {
            Kind::Forget => (2, 0),
            Kind::Correct => (1, 1),
            Kind::Remember | Kind::Rate | Kind::Undo => (1, 0),
        };
        ensure!((of("forget"), of("correct")) == expected, "{new:?}");
        self.is_there_once().await
    }

    async fn is_there_once(&self) -> anyhow::Result<()> {
        match self.kind {
            Kind::Remember => {
                let kept = self.with_text(&fact(&self.name)).await?;
                ensure!(kept.len() == 1 && kept[0].repeats == 0, "{kept:?}");
            }
            Kind::Forget => {
                ensure!(self.memory(&self.target).await?.is_none(), "it is still there");
            }
            Kind::Correct => {
                let old = self.memory(&self.target).await?.context("the old one is gone")?;
                let now = self.with_text(&corrected(&self.name)).await?;
                ensure!(now.len() == 1, "{now:?}");
                ensure!(old.superseded_by.as_ref() == Some(&now[0].id), "{old:?}");
            }
            Kind::Rate => {
                let times = self.ratings().await?;
                ensure!(times == 1, "the rating is there {times} times");
            }
            Kind::Undo => ensure!(self.memory(&self.target).await?.is_some(), "it is not back"),
        }
        Ok(())
    }

    /// Tells whether the deed is on disk.
    pub(crate) async fn is_done(&self) -> anyhow::Result<bool> {
        Ok(match self.kind {
            Kind::Remember => !self.with_text(&fact(&self.name)).await?.is_empty(),
            Kind::Forget => self.memory(&self.target).await?.is_none(),
            Kind::Correct => {
                let old = self.memory(&self.target).await?;
                old.is_some_and(|old| old.superseded_by.is_some())
            }
            Kind::Rate => self.ratings().await? > 0,
            Kind::Undo => self.memory(&self.target).await?.is_some(),
        })
    }

    async fn say(&self, text: &str) -> anyhow::Result<MessageView> {
        let accepted = self.client.say(&self.thread, text).await?;
        self.answer(&accepted).await
    }

    async fn memory(&self, id: &str) -> anyhow::Result<Option<MemoryView>> {
        let path = format!("/api/memory/{id}");
        if self.client.get_status(&path).await? == 404 {
            return Ok(None);
        }
        self.client.get(&path).await.map(Some)
    }

    async fn with_text(&self, text: &str) -> anyhow::Result<Vec<MemoryView>> {
        let page: MemoryList = self.client.get("/api/memory?limit=100").await?;
        Ok(page.items.into_iter().filter(|memory| memory.text == text).collect())
    }

    async fn actions(&self) -> anyhow::Result<Vec<ActionView>> {
        let mut all = Vec::new();
        let mut path = "/api/memory/actions?limit=100".to_owned();
        loop {
            let page: ActionList = self.client.get(&path).await?;
            all.extend(page.items);
            let Some(cursor) = page.next_cursor else { return Ok(all) };
            path = format!("/api/memory/actions?limit=100&cursor={cursor}");
        }
    }

    async fn ratings(&self) -> anyhow::Result<usize> {
        let page: SignalList = self.client.get("/api/memory/signals?limit=100").await?;
        let about = |it: &&web_dto::SignalView| {
            it.kind == "user_rating" && it.message_id.as_ref() == Some(&self.target)
        };
        Ok(page.items.iter().filter(about).count())
    }
}

/// Returns a word for each number, none of which begins another.
fn named(number: usize) -> String {
    let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap_or_default());
    format!("heron{}{}", letter(number / 26), letter(number))
}

async fn keep(client: &Client, text: &str) -> anyhow::Result<String> {
    let body = json!({"items": [{"text": text}]});
    let kept: Remembered = client.post("/api/memory", &body).await?;
    kept.ids.into_iter().next().context("nothing was kept")
}
