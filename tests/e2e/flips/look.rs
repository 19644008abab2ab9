//! Everything that a person can ask, asked: search, list, export, counts, readiness, the doctor, a new
//! memory and a chat. An answer that is refused or does not come is an error; judging is others' work.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use appliance_tests::{ByHand, Client, Server, client::Method, wait};
use serde_json::{Value, json};
use web_dto::{DamagedView, MemoryList, MemoryResults, MemoryStatsView, Ready};

/// How long one thing may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// How long parts may take to mend themselves after a start.
const MENDING: Duration = Duration::from_secs(20);

/// What the house tells.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    /// Texts by memory.
    pub(crate) listed: BTreeMap<String, String>,
    /// Those that a search for their own words finds.
    pub(crate) found: BTreeSet<String>,
    /// Texts, each as often as it was there.
    pub(crate) exported: BTreeMap<String, usize>,
    /// What the export says that it lacks.
    pub(crate) lacking: u64,
    /// Memories by the collections' counts.
    pub(crate) counted: u64,
    /// What is named as damaged.
    pub(crate) damaged: Vec<DamagedView>,
    /// What searches said that they went without.
    pub(crate) missing: BTreeSet<String>,
    /// Readiness.
    pub(crate) checks: BTreeMap<String, String>,
    /// The doctor's words.
    pub(crate) doctor: String,
}

impl Looked {
    /// Asks everything; what `whole` lists is searched for, or else what is listed now.
    pub(crate) async fn at(server: &Server, whole: &Self) -> anyhow::Result<Self> {
        let client = server.local()?;
        let mut looked = Self::default();
        // At once, while rows are still compared: slower or less, never refused.
        let _: MemoryResults = search(&client, "which machine stands in room 7?").await?;
        looked.listed = list(&client).await?;
        settled(&client).await?;
        looked.listed = list(&client).await?;
        (looked.exported, looked.lacking) = export(&client).await?;
        looked.count(&client).await?;
        let wanted = if whole.listed.is_empty() { &looked.listed } else { &whole.listed };
        for (id, text) in wanted.clone() {
            let found = search(&client, &text).await?;
            looked.missing.extend(found.missing);
            if found.results.iter().any(|hit| hit.memory.id == id) {
                looked.found.insert(id);
            }
        }
        let doctor = server.command(["doctor"]).run().await?;
        ensure!(matches!(doctor.code, Some(0 | 3)), "the doctor: {doctor:?}");
        looked.doctor = doctor.stdout;
        keeps(&client).await?;
        answers(server, &client).await?;
        looked.checks = looked.readiness(&client).await?;
        Ok(looked)
    }

    /// Readiness, which keeps an answer for a second: until it knows what was met on the way.
    async fn readiness(&self, client: &Client) -> anyhow::Result<BTreeMap<String, String>> {
        let knows = async || {
            let checks = ready(client).await?.checks;
            Ok((self.damaged.is_empty() || checks["rows"] != "ok").then_some(checks))
        };
        match wait::until("readiness to tell", MENDING, knows).await {
            Ok(checks) => Ok(checks),
            Err(_late) => Ok(ready(client).await?.checks), // the verdict says what it does not tell
        }
    }

    async fn count(&mut self, client: &Client) -> anyhow::Result<()> {
        let stats: MemoryStatsView = client.get("/api/memory/stats").await?;
        self.counted = stats.collections.iter().map(|it| it.memories).sum();
        self.damaged = stats.damaged;
        Ok(())
    }
}

async fn search(client: &Client, words: &str) -> anyhow::Result<MemoryResults> {
    let body = json!({"query": words, "limit": 100});
    client.post("/api/memory/search", &body).await.context("a search was stopped")
}

async fn list(client: &Client) -> anyhow::Result<BTreeMap<String, String>> {
    let (mut all, mut path) = (BTreeMap::new(), "/api/memory?limit=100".to_owned());
    loop {
        let page: MemoryList = client.get(&path).await.context("a list was stopped")?;
        all.extend(page.items.into_iter().map(|memory| (memory.id, memory.text)));
        let Some(cursor) = page.next_cursor else { return Ok(all) };
        path = format!("/api/memory?limit=100&cursor={cursor}");
    }
}

async fn export(client: &Client) -> anyhow::Result<(BTreeMap<String, usize>, u64)> {
    let reply = client.send(Method::GET, "/api/memory/export", &[], Vec::new()).await?;
    ensure!(reply.status == 200, "the export: {}", reply.text());
    let text = reply.text();
    let lines: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let [_, memories @ .., end] = &lines[..] else { anyhow::bail!("an empty export") };
    ensure!(end["export"]["end"]["memories"] == memories.len(), "a cut-off export: {end}");
    let said = |what: &str| end["export"]["end"][what].as_u64().unwrap_or(0);
    let lacking = said("left_out") + said("damaged");
    let mut texts = BTreeMap::new();
    for memory in memories {
        let text = memory["text"].as_str().context("an export without text")?;
        *texts.entry(text.to_owned()).or_default() += 1;
    }
    Ok((texts, lacking))
}

/// Waits until the rows were compared, and a little until every part is well again.
async fn settled(client: &Client) -> anyhow::Result<()> {
    let compared = async || {
        let checks = ready(client).await?.checks;
        Ok((checks["rows"] != "checking").then_some(()))
    };
    wait::until("the rows to be compared", PATIENCE, compared).await?;
    let is_well = async || Ok((ready(client).await?.checks["memory"] == "ok").then_some(()));
    let _told_by_readiness = wait::until("the indexes", MENDING, is_well).await;
    Ok(())
}

async fn ready(client: &Client) -> anyhow::Result<Ready> {
    let ready: Ready = client.get("/api/health/ready").await?;
    ensure!(ready.status != "unavailable", "{ready:?}");
    Ok(ready)
}

/// Checks that something new is kept and found.
async fn keeps(client: &Client) -> anyhow::Result<()> {
    let items = json!({"items": [{"text": "the newcomer is called nuthatch"}]});
    let _: Value = client.post("/api/memory", &items).await.context("a memory was not taken")?;
    let is_found = async || {
        let found = search(client, "what is the newcomer called? nuthatch").await?;
        Ok(found.results.iter().any(|hit| hit.memory.text.contains("nuthatch")).then_some(()))
    };
    wait::until("the new memory to be found", MENDING, is_found).await
}

/// Checks that a chat is answered by an agent.
async fn answers(server: &Server, client: &Client) -> anyhow::Result<()> {
    let agents =
        tokio::join!(ByHand::start(server, "supervisor"), ByHand::start(server, "research"));
    let _agents = (agents.0?, agents.1?);
    let thread = client.converse().await?;
    let accepted = client.say(&thread, "/ask research what is the newcomer called?").await?;
    let answer = client.answer(&thread, &accepted, PATIENCE).await.context("a chat was stopped")?;
    ensure!(answer.content.contains("nuthatch"), "a chat was stopped: {:?}", answer.content);
    Ok(())
}
