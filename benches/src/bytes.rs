//! What a message weighs on disk: every file of the data directory and every table of the records, in
//! bytes a message. An answer is a message as its question is.
//!
//! The real binary with its six agents, once without a key, as it is installed, and once with a model,
//! whose Messages API is the mock: then answers are remembered, learned from and cited too. Questions
//! have about 80 bytes and answers about 300 and 400, twenty conversations at a time. What lies
//! in the data directory is weighed as the file system counts it, before and after a run of the
//! maintenance; then the server is stopped, and the records are weighed as they are a day later, without
//! what leaves within it by itself (keys of requests, acknowledged entries of the bus).

#![allow(clippy::disallowed_methods, reason = "a bench starts what it measures")]

use std::{collections::BTreeMap, fs, os::unix::fs::MetadataExt as _, path::Path};

use anyhow::{Context, ensure};
use appliance_tests::{Client, MockMessages, Plan};
use redb::{
    ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _, TableDefinition,
    TableHandle as _,
};
use serde_json::{Value, json};
use tokio::{
    task::JoinSet,
    time::{Duration, Instant, sleep},
};

use crate::{arguments::Arguments, report::Report};

const MAINTENANCE: &str = "/api/memory/maintenance";

const KEY: &str = "sk-ant-mock";

/// Conversations that go on side by side.
const CONVERSATIONS: usize = 20;

/// Questions of a conversation in each round.
const A_ROUND: usize = 10;

/// Longest time an answer is waited for, on a busy machine with a debug build.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks whether an answer is there.
const BETWEEN_LOOKS: Duration = Duration::from_millis(30);

/// What a message may weigh in the records.
const AIM: f64 = 1_500.0;

/// Tables whose rows leave within a day.
const OF_A_DAY: [&str; 3] = ["batch_keys.v1", "batch_keys_by_expiry.v2", "bus_entries.v1"];

/// Talks, stops, and pushes what lies there: without a model, and with one.
///
/// # Errors
/// When the binary does not start or answer, or its files cannot be read.
pub async fn measure(arguments: &Arguments, report: &mut Report) -> anyhow::Result<()> {
    let plan = || Plan::new(&arguments.binary).with_agents();
    let questions = arguments.rounds * A_ROUND;
    weighed(plan(), questions, "no key", report).await?;
    let mock = MockMessages::with(Some(KEY), Duration::ZERO).await?;
    weighed(plan().anthropic(&mock.base_url(), KEY), questions, "a model", report).await
}

/// Talks to what is `planned`, of which the figures say `with` what.
async fn weighed(
    planned: Plan,
    each: usize,
    with: &str,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut server = planned.start().await?;
    server.agents_idle().await?;
    let client = server.first_user("bench@example.com", "a long enough password").await?;
    let data = server.home().data();
    let (before, state) = (weigh(&data)?, data.join("state.redb"));
    let messages = (talk(&client, each).await? * 2) as f64;
    report.push(&format!("{with}: messages, answers too"), messages, "");
    let mut all = 0;
    for (name, bytes) in weigh(&data)? {
        let grown = bytes.saturating_sub(before.get(&name).copied().unwrap_or_default());
        all += grown;
        report.push(&format!("{with}: in {name}"), grown as f64 / messages, "B");
    }
    maintain(&client).await?;
    let after = weigh(&data)?.get("state.redb").copied().unwrap_or_default() as f64 / messages;
    report.push(&format!("{with}: in state.redb after maintenance"), after, "B");
    server.stop().await?;
    for Table { name, rows, stored, beside } in tables(&state)? {
        let rows = rows as f64 / messages;
        report.push(&format!("{with}: {name} ({rows:.1} rows)"), stored as f64 / messages, "B");
        report.push(&format!("{with}: {name}, what pages cost"), beside as f64 / messages, "B");
    }
    let later = made_anew(&state, &OF_A_DAY)? as f64 / messages;
    report.push_with_aim(&format!("{with}: the same, a day later"), later, "B", AIM);
    report.push(&format!("{with}: a message, all told"), all as f64 / messages, "B");
    Ok(())
}

/// Has the maintenance run, once the one that runs by itself has ended.
async fn maintain(client: &Client) -> anyhow::Result<()> {
    let asked = Instant::now();
    let mut begun = false;
    loop {
        ensure!(asked.elapsed() < PATIENCE, "the maintenance has not ended after {PATIENCE:?}");
        begun = begun || client.post_raw(MAINTENANCE, &json!({}), &[]).await?.status == 202;
        let stats: Value = client.get("/api/memory/stats").await?;
        if begun && stats["job"]["ended"] == true {
            return Ok(());
        }
        sleep(BETWEEN_LOOKS).await;
    }
}

/// Asks in every conversation, one question after another; returns how many were answered.
async fn talk(client: &Client, each: usize) -> anyhow::Result<usize> {
    let mut talks = JoinSet::new();
    for conversation in 0..CONVERSATIONS {
        let client = client.clone();
        talks.spawn(async move {
            let thread = client.converse().await?;
            for n in 0..each {
                let question = question(conversation, n);
                let accepted = client.say(&thread, &question).await?;
                ended(&client, &accepted.task_id).await?;
            }
            anyhow::Ok(each)
        });
    }
    let mut answered = 0;
    while let Some(count) = talks.join_next().await {
        answered += count.context("while talking")??;
    }
    Ok(answered)
}

async fn ended(client: &Client, task: &str) -> anyhow::Result<()> {
    let asked = Instant::now();
    loop {
        let status = client.task(task).await?.status;
        if status == "completed" {
            return Ok(());
        }
        ensure!(!matches!(status.as_str(), "failed" | "cancelled"), "the task was {status}");
        ensure!(asked.elapsed() < PATIENCE, "the task is still {status} after {PATIENCE:?}");
        sleep(BETWEEN_LOOKS).await;
    }
}

/// A question of about 80 bytes that is unlike the others; its answer is the mock's long one.
fn question(conversation: usize, n: usize) -> String {
    let word = |salt: usize| {
        let mut rest = (conversation * 1_000 + n + 7) * (salt * 2_654_435_761 + 40_503);
        let letter = |_| {
            rest = rest.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040);
            char::from(b'a' + u8::try_from((rest >> 33) % 26).unwrap_or_default())
        };
        (0..7).map(letter).collect::<String>()
    };
    let words: Vec<String> = (1..=7).map(word).collect();
    format!("say it all: why is {} so in {}?", words[..4].join(" "), words[4..].join(" "))
}

/// Returns the bytes on disk of each file, or of each folder in the data directory.
fn weigh(data: &Path) -> anyhow::Result<BTreeMap<String, u64>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(data).with_context(|| format!("while reading {}", data.display()))? {
        let path = entry.context("while reading an entry")?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        found.insert(name, on_disk(&path));
    }
    Ok(found)
}

fn on_disk(path: &Path) -> u64 {
    let Ok(metadata) = fs::symlink_metadata(path) else { return 0 };
    let below = fs::read_dir(path).into_iter().flatten().flatten();
    metadata.blocks() * 512 + below.map(|entry| on_disk(&entry.path())).sum::<u64>()
}

/// Returns the bytes on disk of the records once their rows are copied in order into a new file, as
/// maintenance does. Rows of `left_out` are not copied.
fn made_anew(file: &Path, left_out: &[&str]) -> anyhow::Result<u64> {
    let place = tempfile::tempdir().context("while making a directory for the copy")?;
    let path = place.path().join("state.redb");
    let kept = redb::Database::open(file).context("while opening the records")?;
    let old = kept.begin_read()?;
    let new = redb::Database::create(&path).context("while making the copy")?;
    let copy = new.begin_write()?;
    for handle in old.list_tables()?.filter(|table| !left_out.contains(&table.name())) {
        let raw: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new(handle.name());
        let mut to = copy.open_table(raw)?;
        for row in old.open_table(raw)?.iter()? {
            let (id, value) = row?;
            to.insert(id.value(), value.value())?;
        }
    }
    copy.commit()?;
    drop(new);
    Ok(on_disk(&path))
}

/// One table of the records.
struct Table {
    name: String,
    rows: u64,
    /// Bytes of ids and rows.
    stored: u64,
    /// Bytes of pages beyond that.
    beside: u64,
}

fn tables(file: &Path) -> anyhow::Result<Vec<Table>> {
    let db = redb::Database::open(file).context("while opening the records")?;
    let txn = db.begin_read().context("while reading the records")?;
    let mut found = Vec::new();
    for handle in txn.list_tables().context("while listing the tables")? {
        let name = handle.name().to_owned();
        let table = txn.open_untyped_table(handle).context("while opening a table")?;
        let stats = table.stats().context("while weighing a table")?;
        let beside = stats.metadata_bytes() + stats.fragmented_bytes();
        let rows = table.len().context("while counting a table")?;
        found.push(Table { name, rows, stored: stats.stored_bytes(), beside });
    }
    found.sort_by_key(|table| u64::MAX - table.stored - table.beside);
    Ok(found)
}
