//! The whole data directory that every flip begins from: memories in all three tiers, some corrected,
//! forgotten and rated, a conversation, what was learned of it, and what it all tells while whole.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::ensure;
use appliance_tests::{ByHand, Client, Home, Plan, Server, wait};
use serde_json::{Value, json};
use web_dto::{MemoryStatsView, Remembered};

use crate::{
    bits::{self, Kinds},
    look::Looked,
};

/// How long the tiers may take to be filled.
const PATIENCE: Duration = Duration::from_secs(60);

/// The server, its directory while whole, and what that tells.
pub(crate) struct Golden {
    pub(crate) server: Server,
    pub(crate) whole: Looked,
    pub(crate) kinds: Kinds,
    copy: Home,
}

impl Golden {
    /// Fills a directory with `memories`, a third in each tier, keeps a copy of it, and asks everything
    /// while it is whole.
    pub(crate) async fn make(memories: usize) -> anyhow::Result<Self> {
        let third = (memories / 3).to_string();
        let mut server = Plan::new(env!("CARGO_BIN_EXE_ai-infra"))
            .variable("AI_INFRA__MEMORY__HOT_ITEMS", &third)
            .variable("AI_INFRA__MEMORY__WARM_ITEMS", &third)
            .start()
            .await?;
        fill(&server, memories).await?;
        server.stop().await?;
        let copy = Home::new()?;
        copy_all(&server.home().data(), &copy.data())?;
        let kinds = bits::kinds(&copy.data())?;
        server.start().await?;
        let whole = Looked::at(&server, &Looked::default()).await?;
        ensure!(whole.damaged.is_empty() && whole.found.len() == whole.listed.len(), "{whole:?}");
        server.stop().await?;
        Ok(Self { server, whole, copy, kinds })
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.server.home().data()
    }

    /// Makes the directory whole again, and the log empty.
    pub(crate) fn put_back(&self) -> anyhow::Result<()> {
        fs::remove_dir_all(self.data())?;
        copy_all(&self.copy.data(), &self.data())?;
        Ok(fs::write(self.server.home().log(), "")?)
    }
}

/// A word that no other memory has.
pub(crate) fn name(number: usize) -> String {
    let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap_or_default());
    format!("kestrel{}{}", letter(number / 26), letter(number))
}

async fn fill(server: &Server, memories: usize) -> anyhow::Result<()> {
    let client = server.local()?;
    let items: Vec<Value> = (0..memories).map(note).collect();
    let kept: Remembered = client.post("/api/memory", &json!({"items": items})).await?;
    let forgotten = json!({"ids": [kept.ids[3], kept.ids[memories / 2]]});
    let _: Value = client.post("/api/memory/forget", &forgotten).await?;
    let path = format!("/api/memory/{}/correct", kept.ids[5]);
    let rather = json!({"text": format!("the machine {} stands in the cellar", name(200))});
    let _: Value = client.post(&path, &rather).await?;
    talk(server, &client).await?;
    let all_tiers = async || {
        let stats: MemoryStatsView = client.get("/api/memory/stats").await?;
        let is_done = stats.tiers.iter().all(|tier| tier.mine > 0);
        Ok((is_done && stats.job.is_none_or(|job| job.ended)).then_some(()))
    };
    wait::until("memories in all tiers", PATIENCE, all_tiers).await
}

fn note(number: usize) -> Value {
    let text = format!("the machine {} stands in room {number} of the old mill", name(number));
    json!({ "text": text })
}

async fn talk(server: &Server, client: &Client) -> anyhow::Result<()> {
    let _agents =
        (ByHand::start(server, "supervisor").await?, ByHand::start(server, "research").await?);
    let thread = client.converse().await?;
    for text in [format!("/ask research where does {} stand?", name(8)), "7 - nice".to_owned()] {
        let accepted = client.say(&thread, &text).await?;
        client.answer(&thread, &accepted, PATIENCE).await?;
    }
    Ok(())
}

fn copy_all(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    fs::set_permissions(to, fs::metadata(from)?.permissions())?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let place = to.join(path.strip_prefix(from)?);
        if path.is_dir() {
            copy_all(&path, &place)?;
        } else {
            fs::copy(&path, &place)?;
        }
    }
    Ok(())
}
