//! The store in this process: messages taken in a second, deliveries taken and acknowledged.
//!
//! The batch is the real one (`appliance_core::intake::message`), so a figure here is what the
//! appliance can take in before HTTP. One directory in the system's temporary place; its disk
//! decides the result.

#![allow(clippy::disallowed_methods, reason = "a bench starts what it measures")]

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use appliance_core::{
    AgentName, Batch, Clock, ConversationId, IdMint, Incarnation, IncarnationId, Priority,
    StreamName, UserId, Write, bus,
    intake::{self, Incoming},
    ports::{Records, Streams, Take},
};
use appliance_tests::people::{self, WallClock};
use storage_embedded::{DataDir, Store};
use tokio::{task::JoinSet, time::Instant};

use crate::{arguments::Arguments, report::Report};

/// How long each count of clients posts.
const SPAN: Duration = Duration::from_secs(2);

/// A store with one conversation in it.
#[derive(Clone)]
struct Bench {
    store: Store,
    mint: IdMint,
    owner: UserId,
    conversation: ConversationId,
}

/// Posts with 1, 8 and 64 clients, then takes and acknowledges; pushes what it saw.
///
/// # Errors
/// When the store fails.
pub async fn measure(arguments: &Arguments, report: &mut Report) -> anyhow::Result<()> {
    let place = tempfile::tempdir().context("while making a directory for the store")?;
    let directory = DataDir::open(place.path()).context("while opening the directory")?;
    let bench = open(&directory).await?;
    for clients in [1, 8, 64] {
        let rate = post(&bench, clients).await?;
        report.push(&format!("messages taken in, {clients} clients"), rate, "/s");
    }
    let rate = deliver(&bench, arguments.rounds * 50).await?;
    report.push("deliveries taken and acknowledged, 1 taker", rate, "/s");
    bench.store.close();
    Ok(())
}

async fn open(directory: &DataDir) -> anyhow::Result<Bench> {
    let clock: Arc<dyn Clock> = Arc::new(WallClock);
    let store = Store::open(directory, Arc::clone(&clock), appliance_tasks::Tasks::new())
        .context("while opening the store")?;
    let mint = IdMint::new(clock, store.newest_millis());
    let user = people::user(&mint, "bench");
    let owner = user.id;
    let opened = intake::conversation(&mint, owner, None);
    let conversation = opened.id;
    let batch = Batch::new().write(Write::PutUser(user)).write(Write::PutConversation(opened));
    store.apply(batch).await?;
    Ok(Bench { store, mint, owner, conversation })
}

async fn post(bench: &Bench, clients: usize) -> anyhow::Result<f64> {
    let began = Instant::now();
    let mut posters = JoinSet::new();
    for _ in 0..clients {
        let bench = bench.clone();
        posters.spawn(async move {
            let mut posted = 0_u32;
            while began.elapsed() < SPAN {
                bench.store.apply(batch(&bench)).await?;
                posted += 1;
            }
            anyhow::Ok(posted)
        });
    }
    let mut posted = 0.0;
    while let Some(count) = posters.join_next().await {
        posted += f64::from(count??);
    }
    Ok(posted / began.elapsed().as_secs_f64())
}

fn batch(bench: &Bench) -> Batch {
    let asked = "what does the scheduler do when a lease runs out? ".repeat(4);
    let incoming = Incoming {
        owner: bench.owner,
        conversation_id: bench.conversation,
        remembered: Some(asked.clone()),
        content: asked,
        priority: Priority::NORMAL,
        actor_ip: None,
        key: None,
    };
    intake::message(&bench.mint, &incoming).0
}

async fn deliver(bench: &Bench, count: usize) -> anyhow::Result<f64> {
    let stream = StreamName::of_agent(AgentName::Supervisor, Priority::NORMAL);
    let id = bench.mint.next(IncarnationId::from_uuid);
    let take = Take {
        taker: Incarnation { agent: AgentName::Supervisor, id },
        streams: vec![stream.clone()],
        group: bus::AGENTS_GROUP.to_owned(),
        wait: Duration::ZERO,
    };
    let began = Instant::now();
    for _ in 0..count {
        let taken = bench.store.take(take.clone(), Box::new(|_| Vec::new())).await?;
        let seq = taken.context("the stream ran dry")?.seq;
        let ack = Write::AckBus { stream: stream.clone(), group: take.group.clone(), seq };
        bench.store.apply(Batch::new().write(ack)).await?;
    }
    Ok(count as f64 / began.elapsed().as_secs_f64())
}
