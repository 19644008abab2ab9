//! `GET /api/memory/export`: everything the caller has, as JSON lines that `POST /api/memory` takes.
//!
//! First the ids are read, oldest first, then each memory when its line is due, so a large memory
//! never stands in RAM whole. What is forgotten meanwhile is left out and not counted; what cannot be
//! read is left out too, and the line at the end says how many that were, beside the count. An error in
//! mid-stream breaks the connection off: that line is then missing.

use std::{
    collections::{HashMap, HashSet},
    io,
};

use appliance_core::{
    ErrorKind, Memory, MemoryId, MemoryKind, StoreError, UserId,
    ports::{Changed, Memories, StoreDamage},
};
use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{Stream, stream};
use http::{HeaderValue, header};
use serde::Serialize;
use std::sync::Arc;
use web_dto::{EXPORT_FORMAT, ExportMark, ExportPlace, NewMemory};

use crate::{auth::CurrentUser, error::ApiError, parts::Shared, view};

/// Changes read at once.
const CHANGES: usize = 500;

/// Memories written at once.
const LINES: usize = 50;

/// Answers with the lines as they are read.
pub(crate) async fn get(
    State(app): State<Shared>,
    user: CurrentUser,
) -> Result<Response, ApiError> {
    let memories = Arc::clone(&app.parts.memories);
    let damage = Arc::clone(&app.parts.damage);
    let (ids, left_out) = in_order(memories.as_ref(), user.id()).await?;
    let (owner, ids) = (user.id(), ids.into_iter());
    let carried = Carried { memories, damage, owner, ids, count: 0, left_out };
    let mut response = Body::from_stream(lines(carried)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"memories.jsonl\""),
    );
    Ok(response)
}

/// Returns the ids of `owner`'s memories in the order of arrival, those that hold no longer too, and
/// those that cannot be read.
async fn in_order(
    memories: &dyn Memories,
    owner: UserId,
) -> Result<(Vec<MemoryId>, HashSet<MemoryId>), ApiError> {
    let (mut known, mut damaged): (HashMap<MemoryId, u64>, _) = (HashMap::new(), HashSet::new());
    let mut after = 0;
    loop {
        let changes = memories.since(after, CHANGES).await?;
        let Some(last) = changes.last() else { break };
        after = last.position;
        for change in changes.into_iter().filter(|change| change.owner == owner) {
            let found = match change.now {
                Changed::Live(memory) => Found::Whole(memory),
                Changed::Archived => look(memories, owner, change.id).await?,
                Changed::Gone => Found::Gone,
                Changed::Damaged { .. } => Found::Damaged,
            };
            known.remove(&change.id);
            damaged.remove(&change.id);
            match found {
                Found::Whole(memory) => drop(known.insert(change.id, memory.seq)),
                Found::Damaged => drop(damaged.insert(change.id)),
                Found::Gone => {}
            }
        }
    }
    let mut ids: Vec<(u64, MemoryId)> = known.into_iter().map(|(id, seq)| (seq, id)).collect();
    ids.sort_unstable();
    Ok((ids.into_iter().map(|(_, id)| id).collect(), damaged))
}

/// What is where a memory should be.
enum Found {
    Whole(Box<Memory>),
    Gone,
    Damaged,
}

async fn look(memories: &dyn Memories, owner: UserId, id: MemoryId) -> Result<Found, StoreError> {
    match memories.get(owner, id).await {
        Ok(Some(memory)) => Ok(Found::Whole(Box::new(memory))),
        Ok(None) => Ok(Found::Gone),
        Err(error) if error.kind == ErrorKind::Corrupt => Ok(Found::Damaged),
        Err(error) => Err(error),
    }
}

/// What is still to be written.
struct Carried {
    memories: Arc<dyn Memories>,
    damage: Arc<dyn StoreDamage>,
    owner: UserId,
    ids: std::vec::IntoIter<MemoryId>,
    count: u64,
    left_out: HashSet<MemoryId>,
}

/// Where the stream stands.
enum Step {
    Begin(Carried),
    Lines(Carried),
    Done,
}

fn lines(carried: Carried) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::try_unfold(Step::Begin(carried), |step| async {
        match step {
            Step::Begin(carried) => {
                let begin = ExportPlace::Begin { format: EXPORT_FORMAT };
                Ok(Some((mark(begin)?, Step::Lines(carried))))
            }
            Step::Lines(mut carried) => {
                let lines = carried.next().await?;
                if !lines.is_empty() {
                    return Ok(Some((lines, Step::Lines(carried))));
                }
                Ok(Some((mark(carried.end())?, Step::Done)))
            }
            Step::Done => Ok(None),
        }
    })
}

impl Carried {
    /// Returns the next lines; none at the end.
    async fn next(&mut self) -> io::Result<Bytes> {
        let mut lines = Vec::new();
        for id in self.ids.by_ref().take(LINES) {
            let found = look(self.memories.as_ref(), self.owner, id).await.map_err(|error| {
                tracing::error!(%error, memory = %id, "an export broke off");
                io::Error::other(error)
            })?;
            match found {
                Found::Whole(memory) => {
                    write(&mut lines, &line(*memory))?;
                    self.count += 1;
                }
                Found::Damaged => drop(self.left_out.insert(id)),
                Found::Gone => {}
            }
        }
        // A whole chunk may have been forgotten meanwhile; that is not the end.
        if lines.is_empty() && self.ids.len() > 0 {
            return Box::pin(self.next()).await;
        }
        Ok(lines.into())
    }

    /// Returns the last line, with what is not among the others.
    fn end(&self) -> ExportPlace {
        let found = self.damage.damage().found;
        let known = |id| self.left_out.contains(&id);
        let unknown = found.iter().filter(|place| !place.memory.is_some_and(known)).count();
        let (left_out, damaged) = (self.left_out.len() as u64, unknown as u64);
        ExportPlace::End { memories: self.count, left_out, damaged }
    }
}

fn mark(place: ExportPlace) -> io::Result<Bytes> {
    let mut line = Vec::new();
    write(&mut line, &ExportMark { export: place })?;
    Ok(line.into())
}

fn write(lines: &mut Vec<u8>, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *lines, line)?;
    lines.push(b'\n');
    Ok(())
}

/// Returns a memory as it would be said again.
fn line(it: Memory) -> NewMemory {
    let (origin, standing) = (it.provenance, it.standing);
    let kind = (it.kind != MemoryKind::Note).then(|| it.kind.as_str().to_owned());
    let since = (standing.valid_from != it.created_at).then(|| standing.valid_from.to_string());
    NewMemory {
        text: it.text,
        kind,
        created_at: Some(it.created_at.to_string()),
        author: origin.author,
        agent: origin.agent.map(|agent| agent.to_string()),
        conversation_id: None,
        conversation: origin.conversation_id.map(|id| id.to_string()),
        phase: it.labels.phase.map(|phase| phase.to_string()),
        outcome: it.labels.outcome.map(|ended| view::outcome(ended).to_owned()),
        source: it.labels.source,
        domain: it.labels.domain,
        untrusted: origin.untrusted,
        pinned: standing.pinned.then_some(true),
        valid_from: since,
        valid_until: standing.valid_until.map(|at| at.to_string()),
    }
}
