//! Remembering and searching through the whole product with many memories, beside the same parts in
//! this process: what HTTP and the server cost.
//!
//! The real binary holds 50,000 memories of one person and is asked over TCP with a log-in, as a
//! script would; this process holds the same texts in a store and indexes of its own. Both answer in
//! turn, one question at a time, five times; medians count. Words and meaning both are searched.

use std::{path::Path, sync::Arc};

use anyhow::Context;
use appliance_core::{
    Batch, Clock, IdMint, Memory, MemoryId, MemoryKind, Provenance, SearchFilter, UserId, Write,
    memory::Origin,
    ports::{Embedder, Memories as _, MemorySearch as _, Records as _},
};
use appliance_tests::{
    Client, Plan,
    people::{self, WallClock},
};
use hdrhistogram::Histogram;
use pai::memory::Search;
use storage_embedded::{DataDir, Store};
use tokio::time::Instant;
use vector::{Options, SegmentIndex, StaticEmbedder, TextIndex};
use web_dto::{NewMemories, NewMemory, Remembered};

use crate::{
    arguments::Arguments,
    report::Report,
    times::{at, histogram, micros, millis},
    vectors::sentence,
};

/// Memories of one person: what the warm tier holds.
const COUNT: u32 = 50_000;

/// Memories sent at once.
const BULK: u32 = 1_000;

const ROUNDS: u32 = 5;

/// Questions, and new memories, in a round.
const EACH: u32 = 200;

/// Times of one side, in microseconds.
struct Times {
    remember: Histogram<u64>,
    search: Histogram<u64>,
}

impl Times {
    fn new() -> anyhow::Result<Self> {
        Ok(Self { remember: histogram()?, search: histogram()? })
    }
}

/// Fills both, lets them answer in turn, starts the server again; pushes what it saw.
///
/// # Errors
/// When the binary does not start or answer.
pub async fn measure(arguments: &Arguments, report: &mut Report) -> anyhow::Result<()> {
    let mut server = Plan::new(&arguments.binary).start().await?;
    let client = server.first_user("bench@example.com", "a long enough password").await?;
    let began = Instant::now();
    fill(&client).await?;
    report.push("50,000 remembered in bulk, until found", began.elapsed().as_secs_f64(), "s");
    let place = tempfile::tempdir().context("while making a directory for the store")?;
    let peer = Peer::filled(place.path()).await?;

    let (mut ours, mut theirs) = (Times::new()?, Times::new()?);
    for round in 0..ROUNDS {
        for n in round * EACH..(round + 1) * EACH {
            peer.round(n, &mut theirs).await?;
        }
        for n in round * EACH..(round + 1) * EACH {
            through(&client, n, &mut ours).await?;
        }
    }
    let median = |times| at(times, 0.5);
    let commit = median(&theirs.remember);
    report.push("one durable commit, p50", commit, "ms");
    report.push_with_aim("remember through HTTP, p50", median(&ours.remember), "ms", commit + 1.0);
    let inside = median(&theirs.search);
    report.push("search in this process, p50", inside, "ms");
    report.push_with_aim("search through HTTP, p50", median(&ours.search), "ms", 5.0);
    let times = median(&ours.search) / inside;
    report.push_with_aim("search through HTTP over in this process", times, "x", 3.0);
    report.push("search through HTTP, p99", at(&ours.search, 0.99), "ms");
    restart(&mut server, &client, report).await?;
    server.stop().await
}

/// Remembers all and waits until the last is found.
async fn fill(client: &Client) -> anyhow::Result<()> {
    for first in (0..COUNT).step_by(BULK as usize) {
        let item = |n| NewMemory { text: sentence::nth(n), ..NewMemory::default() };
        let items = (first..first + BULK).map(item).collect();
        let kept: Remembered = client.post("/api/memory", &NewMemories { items }).await?;
        anyhow::ensure!(kept.ids.len() == BULK as usize, "{} were kept", kept.ids.len());
    }
    let last = sentence::nth(COUNT - 1);
    let hits = client.recall(&last).await?;
    anyhow::ensure!(hits.iter().any(|hit| hit.memory.text == last), "{last:?} is not found");
    Ok(())
}

async fn through(client: &Client, n: u32, times: &mut Times) -> anyhow::Result<()> {
    let began = Instant::now();
    client.recall(&question(n)).await?;
    times.search.record(micros(began.elapsed()))?;
    let items = vec![NewMemory { text: extra(n), ..NewMemory::default() }];
    let began = Instant::now();
    client.post::<Remembered>("/api/memory", &NewMemories { items }).await?;
    times.remember.record(micros(began.elapsed()))?;
    Ok(())
}

/// From the signal to stop to the first answer of the next life, with all that there is.
async fn restart(
    server: &mut appliance_tests::Server,
    client: &Client,
    report: &mut Report,
) -> anyhow::Result<()> {
    server.stop().await?;
    let began = Instant::now();
    server.start().await?;
    report.push("start to ready, with 50,000", millis(began.elapsed()), "ms");
    let fresh = server.stranger()?.with_token(client.token().unwrap_or_default());
    fresh.recall(&question(0)).await?;
    report.push("start to first hit, with 50,000", millis(began.elapsed()), "ms");
    Ok(())
}

/// The same parts without the server.
struct Peer {
    store: Store,
    search: Search,
    mint: IdMint,
    owner: UserId,
}

impl Peer {
    async fn filled(place: &Path) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(WallClock);
        let store = Store::open(
            &DataDir::open(place.join("data"))?,
            clock.clone(),
            appliance_tasks::Tasks::new(),
        )?;
        let mint = IdMint::new(clock, store.newest_millis());
        let user = people::user(&mint, "bench");
        let owner = user.id;
        store.apply(Batch::new().write(Write::PutUser(user))).await?;
        let embedder: Arc<dyn Embedder> = Arc::new(StaticEmbedder::load()?);
        let options = Options { model: embedder.model().to_owned(), ..Options::default() };
        let index = SegmentIndex::open(
            &place.join("vectors"),
            embedder.dim(),
            options,
            appliance_tasks::Tasks::new(),
        )?
        .index;
        let origin = Origin { history: store.history(), latest: store.latest() };
        let texts =
            TextIndex::open(&place.join("texts"), &origin, appliance_tasks::Tasks::new())?.index;
        let search = Search::new(
            Arc::new(store.clone()),
            embedder,
            Arc::new(index),
            appliance_tasks::Tasks::new(),
        )
        .with_texts(Arc::new(texts));
        let peer = Self { store, search, mint, owner };
        for first in (0..COUNT).step_by(BULK as usize) {
            let writes = (first..first + BULK).map(|n| peer.write(sentence::nth(n))).collect();
            peer.store.apply(Batch { writes, ..Batch::new() }).await?;
        }
        peer.search.warm_up().await?;
        Ok(peer)
    }

    fn write(&self, text: String) -> Write {
        let (id, now) = (self.mint.next(MemoryId::from_uuid), self.mint.clock().now());
        let provenance = Provenance::default();
        Write::PutMemory(Memory::new(id, self.owner, MemoryKind::Note, text, provenance, now))
    }

    async fn round(&self, n: u32, times: &mut Times) -> anyhow::Result<()> {
        let began = Instant::now();
        self.search.search(self.owner, &question(n), SearchFilter::default(), 10).await?;
        times.search.record(micros(began.elapsed()))?;
        let write = self.write(extra(n));
        let began = Instant::now();
        self.store.apply(Batch::new().write(write)).await?;
        times.remember.record(micros(began.elapsed()))?;
        Ok(())
    }
}

/// Asks for one of the memories, all over the place.
fn question(n: u32) -> String {
    sentence::nth(n.wrapping_mul(7_919) % COUNT)
}

/// A text that is not among those remembered.
fn extra(n: u32) -> String {
    format!("{}, as was said {n} days ago", sentence::nth(COUNT + n))
}
