//! The supervisor's turn: carry out a slash command, or choose the worker that fits.
//!
//! Asks the model for the choice through the gateway, with a forced tool; never answers a message
//! itself. A choice that cannot be read goes to `research`, and the window and the reason say so; one
//! that does not come in time ends the message with a sentence.

use appliance_core::{
    AgentName, Citation, MemoryHit, Phase,
    desk::{Delegate, Recall},
    routing,
};
use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;
use tokio::time::timeout;

use super::{
    care::{self, Told, quote},
    command::{self, Command, HELP},
    link::{LinkError, whole},
    pen::Pen,
    reply::{self, Fault},
    spoken,
    turn::{Answer, Stop, Turn},
    view::shown,
};
use crate::NO_MODEL;

/// Tokens that a choice may take; one short tool call.
const CHOICE_TOKENS: u32 = 300;

/// Memories that `/recall` lists.
const RECALLED: usize = 10;

/// The worker for what nobody else was named for.
const ANYBODY: AgentName = AgentName::Research;

/// Routes the message in hand, or answers a slash command.
///
/// # Errors
/// As [`Stop`] tells.
pub(super) async fn route(turn: &Turn<'_>) -> Result<String, Stop> {
    let pen = Pen::new(turn.work.lease.clone());
    turn.view.phase(Phase::Observe, "a new message");
    let choosing = async {
        let chosen = choose(turn, &pen).await;
        pen.close();
        chosen
    };
    let (chosen, ()) = tokio::try_join!(choosing, async { Ok(pen.run(turn.client).await?) })?;
    match chosen {
        Choice::Worker { worker, input, reason } => delegate(turn, worker, input, reason).await,
        Choice::Answer { text, citations } => {
            let model = NO_MODEL.to_owned();
            turn.complete(Answer { text, citations, model, cut_off: None }).await
        }
    }
}

enum Choice {
    Worker { worker: AgentName, input: String, reason: String },
    Answer { text: String, citations: Vec<Citation> },
}

async fn choose(turn: &Turn<'_>, pen: &Pen) -> Result<Choice, Stop> {
    let text = &turn.work.task.input;
    let meant = command::parse(text).or_else(|| spoken::read(text, &turn.work.history));
    let Some(command) = meant else { return route_to(turn, pen).await };
    turn.enter(pen, Phase::Plan, "a command");
    Ok(match command {
        Command::Ask { agent: worker, text: input } => {
            Choice::Worker { worker, input, reason: "asked for by name".to_owned() }
        }
        Command::Remember(note) => care::remember(turn, note).await?.into(),
        Command::Recall(query) => recall(turn, query).await?,
        Command::Forget(what) => care::forget(turn, what).await?.into(),
        Command::Undo => care::undo(turn).await?.into(),
        Command::Rate { value, comment } => care::rate(turn, value, comment).await?.into(),
        Command::Correct { what, to, sure } => match care::correct(turn, what, to).await? {
            Ok(told) => told.into(),
            Err(why) if sure => plain(why),
            Err(_) => return route_to(turn, pen).await, // it was plain talk
        },
        Command::Help => plain(format!("The commands:\n\n{HELP}")),
        Command::Wrong(why) => plain(why),
    })
}

async fn route_to(turn: &Turn<'_>, pen: &Pen) -> Result<Choice, Stop> {
    let text = &turn.work.task.input;
    turn.enter(pen, Phase::Think, "who fits this message?");
    let (worker, reason) = ask_model(turn, text).await?;
    turn.enter(pen, Phase::Plan, &format!("{worker}: {}", shown(&reason)));
    Ok(Choice::Worker { worker, input: text.clone(), reason })
}

impl From<Told> for Choice {
    fn from(told: Told) -> Self {
        Self::Answer { text: told.text, citations: told.citations }
    }
}

fn plain(text: String) -> Choice {
    Told::plain(text).into()
}

async fn delegate(
    turn: &Turn<'_>,
    worker: AgentName,
    input: String,
    reason: String,
) -> Result<String, Stop> {
    turn.view.phase(Phase::Execute, &format!("handed to {worker}"));
    let lease = turn.work.lease.clone();
    turn.client.delegate(&Delegate { lease, worker, input, reason }).await?;
    Ok(format!("waiting for {worker}"))
}

async fn ask_model(turn: &Turn<'_>, text: &str) -> Result<(AgentName, String), Stop> {
    let welcome = turn.welcome;
    let tokens = CHOICE_TOKENS.min(welcome.max_tokens);
    let request = routing::request(&welcome.model, tokens, &welcome.workers, text);
    let asked = timeout(turn.patience.choice, whole_reply(turn, &request));
    let body = asked.await.map_err(|_| undecided(turn))??;
    let read = serde_json::from_slice(&body).ok().and_then(|value| routing::choice(&value));
    Ok(read.unwrap_or_else(|| {
        turn.view.trouble(&format!("the model named no worker; {ANYBODY} takes it"));
        (ANYBODY, "the model named no worker".to_owned())
    }))
}

async fn whole_reply(turn: &Turn<'_>, request: &Value) -> Result<Bytes, Stop> {
    let streamed = turn.client.messages(&turn.work.lease, request).await?;
    let body = whole(streamed.body).await;
    let body = body.map_err(|_| Fault::passing("The model's choice of a worker broke off."))?;
    if streamed.status != StatusCode::OK {
        return Err(reply::refusal(streamed.status.as_u16(), streamed.advice, &body).into());
    }
    Ok(body)
}

/// Goes to nobody: a model that does not say who should answer would not answer either.
fn undecided(turn: &Turn<'_>) -> Fault {
    Fault::lasting(format!(
        "The model did not say within {} seconds who should answer this, so it was given up. Send \
         the message again, or name an agent: `/ask {ANYBODY} ...`.",
        turn.patience.choice.as_secs_f32()
    ))
}

async fn recall(turn: &Turn<'_>, query: String) -> Result<Choice, Stop> {
    let nothing = format!("Nothing about {} is remembered.", quote(&query));
    let ask = Recall { lease: turn.work.lease.clone(), query, limit: RECALLED };
    match turn.client.recall(&ask).await {
        Ok(hits) if hits.is_empty() => Ok(plain(nothing)),
        Ok(hits) => Ok(listed(&hits)),
        Err(LinkError::Refused { status: 422, detail, .. }) => {
            Ok(plain(format!("This cannot be looked for: {detail}.")))
        }
        Err(error) => Err(error.into()),
    }
}

fn listed(hits: &[MemoryHit]) -> Choice {
    let mut text = "What is remembered, nearest first:\n".to_owned();
    let mut citations = Vec::new();
    for (number, hit) in (1_u32..).zip(hits) {
        let said = hit.memory.created_at.to_string();
        let day = said.get(..10).unwrap_or_default();
        let words = quote(&hit.memory.text);
        text.push_str(&format!("\n{number}. {words} ({day}, {:.2}) [{number}]", hit.score));
        citations.push(Citation { number, memory_id: hit.memory.id, quote: words });
    }
    Choice::Answer { text, citations }
}
