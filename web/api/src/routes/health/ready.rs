//! `GET /api/health/ready`: can this server serve?
//!
//! Asks every part once and keeps the answer for a moment, so that anonymous probes cost nothing.
//! Without records or bus nothing can be served (503); what else is away only degrades, a full or
//! slow disk too, because reads are answered. Writes nothing: how writes fare, the store's signs say.

use std::{collections::BTreeMap, time::Duration};

use appliance_core::{
    AgentState, ErrorKind, PageRequest, SearchFilter, UserId, bus::AGENTS_GROUP,
    ports::SearchError, time::TRUSTED,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use tokio::time::Instant;
use web_dto::Ready;

use crate::parts::{App, Shared};

/// How long an answer is kept.
const KEPT: Duration = Duration::from_secs(1);

/// Longest time one part may take.
const PATIENCE: Duration = Duration::from_secs(2);

const OK: &str = "ok";

/// The rows are still being compared, as after every start: no fault.
const CHECKING: &str = "checking";

/// Answers 200 when `ok` or `degraded`, 503 when it cannot serve.
pub(crate) async fn get(State(app): State<Shared>) -> Response {
    let mut kept = app.readiness.last.lock().await;
    let ready = match &*kept {
        Some((at, ready)) if at.elapsed() < KEPT => ready.clone(),
        _ => kept.insert((Instant::now(), ask(&app).await)).1.clone(),
    };
    let down = ready.status == "unavailable";
    let status = if down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (status, Json(ready)).into_response()
}

async fn ask(app: &App) -> Ready {
    let (reads, bus, memory) = tokio::join!(records(app), bus(app), memory(app));
    let health = app.parts.signs.signs();
    let is_down = reads != OK || bus != OK || !health.state.is_alive();
    let records = if reads == OK { health.state.code() } else { reads };
    let checks = BTreeMap::from([
        ("records".to_owned(), records.to_owned()),
        ("bus".to_owned(), bus.to_owned()),
        ("memory".to_owned(), memory.to_owned()),
        ("agents".to_owned(), agents(app).to_owned()),
        ("rows".to_owned(), app.parts.damage.damage().code().to_owned()),
        ("clock".to_owned(), clock(app).to_owned()),
    ]);
    let status = if is_down {
        "unavailable"
    } else if checks.values().any(|code| code != OK && code != CHECKING) {
        "degraded"
    } else {
        OK
    };
    let age = health.last_commit_age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
    Ready { status: status.to_owned(), checks, last_commit_age_ms: age }
}

async fn records(app: &App) -> &'static str {
    let reads = async {
        app.parts.users.first().await?;
        match app.parts.trail.events(PageRequest::new(1, None)).await {
            Err(error) if error.kind == ErrorKind::Corrupt => Ok(()), // `rows` says so; others answer
            read => read.map(drop),
        }
    };
    within(reads).await
}

async fn bus(app: &App) -> &'static str {
    within(app.parts.streams.depths(AGENTS_GROUP)).await
}

async fn memory(app: &App) -> &'static str {
    // Nobody's memories: it is the way there that is tried, not what is found.
    let nobody = UserId::from_bytes([0; 16]);
    let found = app.parts.search.search(nobody, "ready", SearchFilter::default(), 1);
    let found = async {
        let found = found.await?;
        let ails = !found.missing.is_empty() || app.parts.search.ailing().is_some();
        Ok::<_, SearchError>(ails)
    };
    match tokio::time::timeout(PATIENCE, found).await {
        Ok(Ok(true)) => "degraded",
        Ok(done) => told(done),
        Err(_) => "timeout",
    }
}

/// Agents that somebody stopped on purpose are no fault.
fn agents(app: &App) -> &'static str {
    let well = app.parts.fleet.list().iter().all(|status| {
        matches!(status.state, AgentState::Stopped | AgentState::Starting | AgentState::Unknown)
            || super::code(status) == OK
    });
    if well { OK } else { "stale" }
}

/// A wall clock far ahead of lived time: nothing ages until that is lived through or confirmed. One
/// far behind it was set back, and dates what is new before what is there.
fn clock(app: &App) -> &'static str {
    let clock = app.parts.mint.clock();
    match (clock.unlived() < TRUSTED, clock.set_back() < TRUSTED) {
        (true, true) => OK,
        (false, _) => "ahead",
        (true, false) => "behind",
    }
}

async fn within<T, E: std::fmt::Display>(
    asked: impl Future<Output = Result<T, E>>,
) -> &'static str {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(done) => told(done),
        Err(_) => "timeout",
    }
}

fn told<T, E: std::fmt::Display>(done: Result<T, E>) -> &'static str {
    match done {
        Ok(_) => OK,
        Err(error) => {
            tracing::warn!(%error, event = "degraded", "a part is not ready");
            "unavailable"
        }
    }
}
