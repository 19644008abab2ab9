//! One message and its answer, and the whole of `chat "text"`.

use std::{pin::pin, process::ExitCode, time::Duration};

use anyhow::Context as _;
use serde::Serialize;
use tokio::{
    signal::unix::{SignalKind, signal},
    time::Instant,
};
use web_dto::{Accepted, CitationView, ConversationView, MessageView, NewConversation, NewMessage};

use super::{
    answer::Answer,
    follow::Follow,
    show::{Show, is_failure},
    waits::{self, Line},
};
use crate::{
    cli::{Client, Context, arguments::Chat, print, tasks},
    exit::Failure,
};

/// Exit code after Ctrl-C: 128 and the signal's number.
const INTERRUPTED: u8 = 130;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report<'a> {
    answer: &'a str,
    failed: bool,
    agent: Option<&'a str>,
    model: Option<&'a str>,
    /// Why it is not whole: `broke_off`, `fell_silent` or `limit`.
    cut_off: Option<&'a str>,
    citations: &'a [CitationView],
    conversation_id: &'a str,
    message_id: &'a str,
    task_id: &'a str,
    answer_id: &'a str,
    first_chunk_ms: Option<u64>,
    total_ms: u64,
}

/// A message that was taken in, and the feed that its answer comes by.
struct Begun<'a> {
    follow: Follow<'a>,
    accepted: Accepted,
    began: Instant,
}

/// How an answer was heard.
pub enum Heard {
    /// To its end.
    Whole(Box<Turn>),
    /// Up to where the person called it off; what was written is kept.
    Stopped,
}

/// A turn that came to its end.
pub struct Turn {
    accepted: Accepted,
    answer: Answer,
    first_chunk: Option<Duration>,
    total: Duration,
}

impl Turn {
    /// Returns the note that says why there is no answer.
    pub fn failure(&self) -> Option<&str> {
        is_failure(&self.answer).then(|| self.answer.text())
    }
}

/// Says `text`, prints the answer, and tells how it went.
///
/// # Errors
/// When the server cannot be reached or refuses, or the answer is a failure.
pub async fn one_shot(
    context: &Context,
    client: &Client,
    options: &Chat,
    text: &str,
) -> anyhow::Result<ExitCode> {
    let opened = NewConversation { title: None, once: true };
    let conversation = conversation(client, options, &opened).await?;
    let Heard::Whole(turn) = take(context, client, &conversation, text).await? else {
        context.say(&format!("go on with: ai-infra chat -c {conversation} \"...\""));
        return Ok(ExitCode::from(INTERRUPTED));
    };
    if context.json() {
        print::json(&report(&turn, &conversation))?;
    }
    if let Some(why) = turn.failure() {
        let hint = "`ai-infra top` and `ai-infra logs` show what the agents did";
        let what = format!("there is no answer: {}", print::visible(why));
        return Err(Failure::new(1, what, hint).into());
    }
    if options.conversation.is_none() {
        context.say(&format!("go on with: ai-infra chat -c {conversation} \"...\""));
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the conversation asked for, or opens a new one.
///
/// # Errors
/// When there is no such conversation of ours.
pub async fn conversation(
    client: &Client,
    options: &Chat,
    opened: &NewConversation,
) -> anyhow::Result<String> {
    if let Some(id) = &options.conversation {
        let id: appliance_core::ConversationId = id.parse().map_err(|error| {
            Failure::new(2, format!("{error}"), "take one from `ai-infra chat --json`")
        })?;
        return Ok(id.to_string());
    }
    let made: ConversationView = client.post("/api/conversations", opened).await?;
    Ok(made.id)
}

/// Says `text` in the conversation and prints the answer as it comes; Ctrl-C calls it off, and a second
/// one waits for nothing any more.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub async fn take(
    context: &Context,
    client: &Client,
    conversation: &str,
    text: &str,
) -> anyhow::Result<Heard> {
    let mut interrupt = signal(SignalKind::interrupt()).context("while listening for Ctrl-C")?;
    let begun = tokio::select! {
        begun = begin(client, conversation, text) => begun?,
        _ = interrupt.recv() => {
            context.say("\n(stopped; whether the message was taken in is not known)");
            return Ok(Heard::Stopped);
        }
    };
    let task = begun.accepted.task_id.clone();
    let line = Line::default();
    let hearing = async {
        tokio::select! {
            turn = hear(context, begun, &line) => turn,
            never = waits::tell(context, client, &task, &line) => match never {},
        }
    };
    let mut heard = pin!(hearing);
    tokio::select! {
        turn = &mut heard => return Ok(Heard::Whole(Box::new(turn?))),
        _ = interrupt.recv() => {}
    }
    let cancelled = tokio::select! {
        cancelled = tasks::cancel(client, &task) => cancelled,
        _ = interrupt.recv() => return Ok(Heard::Stopped),
    };
    match cancelled {
        // It was written to its end just then.
        Ok(task) if !tasks::is_cancelled(&task) => Ok(Heard::Whole(Box::new(heard.await?))),
        Ok(_) => {
            context.say("\n(stopped; what was written is kept)");
            Ok(Heard::Stopped)
        }
        Err(error) => {
            context.say(&format!("\n(the answer goes on: it could not be called off: {error:#})"));
            Ok(Heard::Stopped)
        }
    }
}

/// Has the message taken in.
async fn begin<'a>(
    client: &'a Client,
    conversation: &'a str,
    text: &str,
) -> anyhow::Result<Begun<'a>> {
    let began = Instant::now();
    let follow = Follow::open(client, conversation).await?;
    let accepted = send(client, conversation, text).await?;
    Ok(Begun { follow, accepted, began })
}

/// Prints an answer as it comes, to its end.
async fn hear(context: &Context, begun: Begun<'_>, line: &Line) -> anyhow::Result<Turn> {
    let Begun { mut follow, accepted, began } = begun;
    let (mut answer, mut show) = (Answer::default(), Show::new(context));
    let mut first_chunk = None;
    while answer.stored().is_none() {
        follow.more(&accepted, &mut answer).await?;
        if !answer.text().is_empty() {
            line.give_way();
            first_chunk.get_or_insert_with(|| began.elapsed());
        }
        show.update(&answer)?;
    }
    if let Some(message) = answer.stored() {
        show.end(message)?;
    }
    Ok(Turn { accepted, answer, first_chunk, total: began.elapsed() })
}

/// Sends the message; one that is sent again is one message all the same.
async fn send(client: &Client, conversation: &str, text: &str) -> anyhow::Result<Accepted> {
    let path = format!("/api/conversations/{conversation}/messages");
    let body = NewMessage { content: text.to_owned(), attachments: Vec::new() };
    client.post_again(&path, &body).await
}

fn report<'a>(turn: &'a Turn, conversation: &'a str) -> Report<'a> {
    let stored: Option<&MessageView> = turn.answer.stored();
    Report {
        answer: turn.answer.text(),
        failed: turn.failure().is_some(),
        agent: turn.answer.agent(),
        model: stored.and_then(|message| message.model.as_deref()),
        cut_off: stored.and_then(|message| message.cut_off.as_deref()),
        citations: stored.map_or(&[], |message| &message.citations),
        conversation_id: conversation,
        message_id: &turn.accepted.message_id,
        task_id: &turn.accepted.task_id,
        answer_id: &turn.accepted.answer_id,
        first_chunk_ms: turn.first_chunk.map(millis),
        total_ms: millis(turn.total),
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
