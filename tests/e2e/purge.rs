//! Purging against the real server: words that are nowhere else are said, kept and archived; some are
//! purged; then every byte of every file of the data directory is looked through for them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
    time::Duration,
};

use anyhow::{Context, ensure};
use appliance_tests::{Client, Plan, Server, wait};
use serde_json::{Value, json};
use storage_embedded::ColdFile;
use web_dto::{MemoryResults, PurgedView, Remembered};

const BINARY: &str = env!("CARGO_BIN_EXE_ai-infra");
const PATIENCE: Duration = Duration::from_secs(60);

/// Canaries in all; every other one is purged.
const CANARIES: usize = 100;

/// Of these, how many are said in a conversation.
const SAID: usize = 20;

/// What every canary begins with, and how long it is.
const BEGIN: &str = "zqx";
const LENGTH: usize = 24;

/// Returns a word that is nowhere else: of letters that no stemmer takes off.
fn canary(number: usize) -> String {
    const LETTERS: &[u8; 16] = b"bcdfghjklmnpqrtv";
    let mut dice = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let letter = |_| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        char::from(LETTERS[(dice >> 60) as usize])
    };
    BEGIN.chars().chain((BEGIN.len()..LENGTH).map(letter)).collect()
}

/// Canaries, and the files that hold them.
type Found = BTreeMap<String, BTreeSet<String>>;

/// Looks through every file below `folder`, archived texts unpacked. What goes away meanwhile, as
/// indexes' files do, holds nothing.
fn scan(folder: &Path, found: &mut Found) -> anyhow::Result<()> {
    let Some(entries) = there(fs::read_dir(folder))? else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        let (path, Some(kind)) = (entry.path(), there(entry.file_type())?) else { continue };
        if kind.is_dir() {
            scan(&path, found)?;
        } else if kind.is_file() {
            let Some(bytes) = there(fs::read(&path))? else { continue };
            look(&path, &bytes, found);
            if path.extension().is_some_and(|it| it == "seg") {
                let cold = ColdFile::open(&path)?;
                for block in 0..cold.blocks() {
                    for memory in cold.memories(block)? {
                        look(&path, memory.text.as_bytes(), found);
                    }
                }
            }
        }
    }
    Ok(())
}

/// Returns what was read; nothing of what is not there any more.
fn there<T>(read: io::Result<T>) -> io::Result<Option<T>> {
    match read {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

/// Notes the canaries in `bytes`, in whatever case.
fn look(path: &Path, bytes: &[u8], found: &mut Found) {
    let begins = |at: &usize| bytes[*at..at + BEGIN.len()].eq_ignore_ascii_case(BEGIN.as_bytes());
    for at in (0..bytes.len().saturating_sub(LENGTH - 1)).filter(begins) {
        let word = String::from_utf8_lossy(&bytes[at..at + LENGTH]).to_ascii_lowercase();
        found.entry(word).or_default().insert(path.display().to_string());
    }
}

/// Returns what a scan finds of canaries that `pick` picks, with the files.
fn scanned(server: &Server, pick: impl Fn(usize) -> bool) -> anyhow::Result<Found> {
    let mut found = Found::new();
    scan(&server.home().data(), &mut found)?;
    let wanted: BTreeSet<String> = (0..CANARIES).filter(|n| pick(*n)).map(canary).collect();
    found.retain(|word, _| wanted.contains(word));
    Ok(found)
}

/// Has the maintenance run now, and waits for its end.
async fn maintain(client: &Client) -> anyhow::Result<String> {
    wait::until("a run of the maintenance begins", PATIENCE, async || {
        let reply = client.post_raw("/api/memory/maintenance", &json!({}), &[]).await?;
        ensure!(reply.status == 202 || reply.status == 409, "{}", reply.text());
        Ok((reply.status == 202).then_some(()))
    })
    .await?;
    wait::until("its end", PATIENCE, async || {
        let stats: Value = client.get("/api/memory/stats").await?;
        let job = &stats["job"];
        let ended = job["name"] == "maintenance" && job["ended"] == true;
        Ok(ended.then(|| job["doing"].as_str().unwrap_or_default().to_owned()))
    })
    .await
}

/// Says something and waits for the answer.
async fn say(client: &Client, thread: &str, text: &str) -> anyhow::Result<String> {
    let accepted = client.say(thread, text).await?;
    Ok(client.answer(thread, &accepted, PATIENCE).await?.content)
}

async fn find(client: &Client, word: &str) -> anyhow::Result<MemoryResults> {
    client.post("/api/memory/search", &json!({"query": word, "limit": 20})).await
}

/// A server with little room in the upper tiers, so that the maintenance fills the archive.
async fn start() -> anyhow::Result<Server> {
    let plan = Plan::new(BINARY).with_agents();
    let plan = plan.variable("AI_INFRA__MEMORY__HOT_ITEMS", "10");
    let server = plan.variable("AI_INFRA__MEMORY__WARM_ITEMS", "40").start().await?;
    server.agents_idle().await?;
    Ok(server)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_holds_a_byte_of_what_was_purged_and_the_rest_answers() -> anyhow::Result<()> {
    let mut server = start().await?;
    let client = server.local()?;
    let items: Vec<Value> = (SAID..CANARIES)
        .map(|n| json!({"text": format!("the vault number {n} opens with {}", canary(n))}))
        .collect();
    let kept: Remembered = client.post("/api/memory", &json!({"items": items})).await?;
    let mut ids: Vec<String> = Vec::new();
    for number in 0..SAID {
        let (word, thread) = (canary(number), client.converse().await?);
        let wish = format!("remember that the door number {number} opens with {word}");
        say(&client, &thread, &wish).await?;
        say(&client, &thread, &format!("what does the door number {number} open with?")).await?;
        let found = find(&client, &word).await?;
        let said = found.results.iter().find(|hit| hit.memory.text.contains(&word));
        ids.push(said.with_context(|| format!("{found:?}"))?.memory.id.clone());
    }
    ids.extend(kept.ids);
    let told = maintain(&client).await?;
    let stats: Value = client.get("/api/memory/stats").await?;
    ensure!(stats["archive_files"].as_u64() > Some(0), "{told}: {stats}");

    let before = scanned(&server, |_| true)?;
    ensure!(before.len() == CANARIES, "a scan finds each before: {} of them", before.len());
    let in_archive = before.values().flatten().any(|file| file.ends_with(".seg"));
    ensure!(in_archive, "some are in the archive");
    let gone: Vec<&String> = ids.iter().step_by(2).collect();
    let body = json!({"ids": gone, "confirm": true});
    let purged: PurgedView = client.post("/api/memory/purge", &body).await?;
    ensure!(purged.memories.len() >= gone.len(), "{purged:?}");
    let is_gone = |number: usize| number.is_multiple_of(2);
    ensure!(!scanned(&server, is_gone)?.is_empty(), "free pages hold them still");

    let told = maintain(&client).await?;
    ensure!(told.contains("was made anew"), "{told}");
    let left = scanned(&server, is_gone)?;
    ensure!(left.is_empty(), "{told}; {left:#?}");
    let others = scanned(&server, |number| !is_gone(number))?;
    ensure!(others.len() == CANARIES / 2, "the others are there: {}", others.len());
    answers(&client, is_gone).await?;

    server.restart().await?;
    server.agents_idle().await?;
    let left = scanned(&server, is_gone)?;
    ensure!(left.is_empty(), "after a restart: {left:#?}");
    answers(&server.local()?, is_gone).await
}

/// Makes a letter of `word` another, wherever the file of the records holds it.
fn spoil(server: &Server, word: &str) -> anyhow::Result<()> {
    let file = server.home().data().join("state.redb");
    let (mut bytes, word) = (fs::read(&file)?, word.as_bytes());
    let places: Vec<usize> =
        (0..bytes.len() - word.len()).filter(|at| bytes[*at..].starts_with(word)).collect();
    ensure!(!places.is_empty(), "it is there");
    places.into_iter().for_each(|at| bytes[at] ^= 1);
    Ok(fs::write(file, bytes)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_says_what_cannot_be_read_and_takes_that_out_too() -> anyhow::Result<()> {
    let mut server = Plan::new(BINARY).start().await?;
    let items: Vec<Value> =
        (0..3).map(|n| json!({"text": format!("it is {}", canary(n))})).collect();
    let kept: Remembered = server.local()?.post("/api/memory", &json!({"items": items})).await?;
    server.stop().await?;
    spoil(&server, &canary(1))?;
    server.start().await?;
    for (number, code, said) in
        [(0, 3, "1 damaged place of this server"), (1, 3, "1 memory went unread"), (2, 0, "")]
    {
        let purge = server.command(["memory", "purge", &kept.ids[number], "--yes"]).run().await?;
        ensure!(purge.code == Some(code) && purge.stderr.contains(said), "{number}: {purge:?}");
        ensure!(purge.stderr.contains("1 memory is gone for good"), "{number}: {purge:?}");
        ensure!(code == 3 || !purge.stderr.contains("warning"), "{number}: {purge:?}");
    }
    let stats: Value = server.local()?.get("/api/memory/stats").await?;
    ensure!(stats.get("damaged").is_none() && stats.get("left_out").is_none(), "{stats}");
    maintain(&server.local()?).await?;
    let left = scanned(&server, |_| true)?;
    ensure!(left.is_empty(), "{left:#?}");
    Ok(())
}

/// Checks that a search finds every canary but those that are gone.
async fn answers(client: &Client, is_gone: impl Fn(usize) -> bool) -> anyhow::Result<()> {
    for number in 0..CANARIES {
        let word = canary(number);
        let found = find(client, &word).await?;
        let has = found.results.iter().any(|hit| hit.memory.text.contains(&word));
        ensure!(has != is_gone(number), "canary {number}: {found:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_holds_a_byte_of_a_purged_conversation() -> anyhow::Result<()> {
    let server = start().await?;
    let client = server.local()?;
    let mut threads = Vec::new();
    for number in 0..6 {
        let (word, thread) = (canary(number), client.converse().await?);
        say(&client, &thread, &format!("the tower number {number} is guarded by {word}")).await?;
        say(&client, &thread, &format!("who is {word}, and what does {word} guard?")).await?;
        threads.push(thread);
    }
    let all = scanned(&server, |_| true)?;
    ensure!(all.len() == 6, "a scan finds each before: {all:?}");
    let refused = server.command(["conversation", "purge", &threads[0]]).run().await?;
    ensure!(refused.stderr.contains("--yes"), "nobody can be asked: {}", refused.stderr);
    for thread in threads.iter().step_by(2) {
        let purge = ["conversation", "purge", thread, "--yes"];
        let told = server.command(purge).run().await?.success()?;
        ensure!(told.stderr.contains("gone for good"), "{}", told.stderr);
        ensure!(client.get_status(&format!("/api/conversations/{thread}")).await? == 404);
    }
    let maintained = wait::until("the maintenance", PATIENCE, async || {
        let told = server.command(["memory", "maintain"]).run().await?;
        Ok(told.stderr.contains("was made anew").then_some(told))
    });
    maintained.await?;
    let left = scanned(&server, |number| number.is_multiple_of(2))?;
    ensure!(left.is_empty(), "{left:#?}");
    let others = scanned(&server, |number| !number.is_multiple_of(2))?;
    ensure!(others.len() == 3, "{others:?}");
    for number in [1, 3, 5] {
        let (word, messages) = (canary(number), client.messages(&threads[number]).await?);
        ensure!(messages.iter().any(|it| it.content.contains(&word)), "{messages:?}");
    }
    Ok(())
}

/// A step of a way in which a text is said: `W` stands for the way's canary, `V` for what it is corrected
/// to, `N` for what it is about.
enum Step {
    /// Said in the way's conversation; the answer has these words.
    Say(&'static str, &'static str),
    /// Said in a conversation of its own.
    Elsewhere(&'static str),
    /// Kept by the API.
    Note(&'static str),
    /// Said with a rating of the conversation's last answer, by the API.
    Rate(&'static str),
    /// The memory that a search for this finds by now: purged, if it is of `W`.
    Named(&'static str),
}

use Step::{Elsewhere, Named, Note, Rate, Say};

const TOLD: Step = Say("remember that the N is called W", "");

/// Every way in which a memory's text is said in chat and by the API.
const WAYS: [(&str, &[Step]); 15] = [
    ("told", &[TOLD, Named("W")]),
    ("told in plain words", &[Say("the N is called W", ""), Named("W")]),
    ("repeated", &[TOLD, TOLD, TOLD, Named("W")]),
    ("told elsewhere", &[TOLD, Named("W"), Elsewhere("the N is called W")]),
    ("forgotten", &[TOLD, Named("W"), Say("forget that", "W")]),
    ("forgotten by name", &[TOLD, Named("W"), Say("/forget the N W", "Forgotten: ")]),
    (
        "forgotten and undone",
        &[TOLD, Named("W"), Say("forget that", "W"), Say("undo that", "Undone: ")],
    ),
    ("corrected", &[TOLD, Named("W"), Say("that is wrong, it is V", "Corrected: "), Named("V")]),
    (
        "corrected and undone",
        &[
            TOLD,
            Named("W"),
            Say("that is wrong, it is V", "Corrected: "),
            Say("undo that", "Undone: "),
        ],
    ),
    (
        "what it was corrected to",
        &[
            Say("remember that the N is called V", ""),
            Say("that is wrong, it is W", "Corrected: "),
            Named("W"),
        ],
    ),
    (
        "a correction that was undone",
        &[
            Say("remember that the N is called V", ""),
            Say("that is wrong, it is W", "Corrected: "),
            Named("W"),
            Say("undo that", "Undone: "),
        ],
    ),
    (
        "rated with its words",
        &[
            TOLD,
            Named("W"),
            Say("what is the N called?", "W"),
            Say("2 - it is W, as said", "2 of 10"),
        ],
    ),
    (
        "rated by the API",
        &[TOLD, Named("W"), Say("what can you do?", ""), Rate("the N is called W, no?")],
    ),
    ("asked with its words", &[TOLD, Named("W"), Say("is it true that the N is called W?", "")]),
    (
        "listed",
        &[Note("the N is called W"), Named("W"), Say("/recall N W", "W"), Elsewhere("/recall W")],
    ),
];

/// What the ways are about: no word is another's.
const NOUNS: [&str; WAYS.len()] = [
    "gate", "chest", "cellar", "attic", "shed", "barn", "vault", "locker", "hatch", "tower",
    "cabin", "garage", "pantry", "cupboard", "kitchen",
];

/// A way under way.
struct Trip<'a> {
    client: &'a Client,
    number: usize,
    thread: String,
}

impl Trip<'_> {
    fn words(&self, text: &str) -> String {
        let (word, other) = (canary(self.number), canary(CANARIES + self.number));
        text.replace('W', &word).replace('V', &other).replace('N', NOUNS[self.number])
    }

    /// Does a step; returns the memory that it names for the purge.
    async fn go(&self, step: &Step) -> anyhow::Result<Option<String>> {
        match step {
            Say(text, expected) => {
                let (text, expected) = (self.words(text), self.words(expected));
                let answer = say(self.client, &self.thread, &text).await?;
                ensure!(answer.contains(&expected), "{text}: {answer}");
            }
            Elsewhere(text) => {
                let thread = self.client.converse().await?;
                say(self.client, &thread, &self.words(text)).await?;
            }
            Note(text) => {
                let items = json!({"items": [{"text": self.words(text)}]});
                let _: Remembered = self.client.post("/api/memory", &items).await?;
            }
            Rate(words) => {
                let rating = json!({"value": 2, "of": 10});
                let body = json!({"kind": "user_rating", "rating": rating,
                    "conversation_id": self.thread, "comment": self.words(words)});
                let _: Value = self.client.post("/api/memory/signals", &body).await?;
            }
            Named(word) => {
                let found = named(self.client, &self.words(word)).await?;
                return Ok((*word == "W").then_some(found));
            }
        }
        Ok(None)
    }
}

/// Returns the memory that says a word, once a search finds it.
async fn named(client: &Client, word: &str) -> anyhow::Result<String> {
    wait::until(word, PATIENCE, async || {
        let found = find(client, word).await?;
        let said = found.results.into_iter().find(|hit| hit.memory.text.contains(word));
        Ok(said.map(|hit| hit.memory.id))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn in_whatever_way_a_text_was_said_no_file_holds_it_once_it_is_purged() -> anyhow::Result<()>
{
    let server = start().await?;
    let client = server.local()?;
    let mut ids = Vec::new();
    for (number, (way, steps)) in WAYS.iter().enumerate() {
        let trip = Trip { client: &client, number, thread: client.converse().await? };
        for step in *steps {
            ids.extend(trip.go(step).await.with_context(|| (*way).to_owned())?);
        }
    }
    maintain(&client).await?; // writes the files of learnings and signals
    let before = scanned(&server, |number| number < WAYS.len())?;
    ensure!(before.len() == WAYS.len(), "a scan finds each before: {before:#?}");
    for id in &ids {
        let body = json!({"ids": [id], "confirm": true});
        let _: PurgedView = client.post("/api/memory/purge", &body).await?;
    }
    let told = maintain(&client).await?;
    let left = scanned(&server, |number| number < WAYS.len())?;
    let left: BTreeMap<&str, _> = (0..WAYS.len())
        .filter_map(|number| Some((WAYS[number].0, left.get(&canary(number))?)))
        .collect();
    ensure!(left.is_empty(), "{told}; {left:#?}");
    let corrected = WAYS.iter().position(|(way, _)| *way == "corrected").context("a way")?;
    named(&client, &canary(CANARIES + corrected))
        .await
        .context("what it was corrected to stays")?;
    Ok(())
}
