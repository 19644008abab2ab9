//! A worker's turn: recall, ask the model, stream its answer, check it, hand it in.
//!
//! Uses no tools yet and keeps nothing itself. Reads the reply with [`super::reply`] and shows it
//! with [`super::pen`] while it comes.

use std::time::Duration;

use appliance_core::{
    Citation, CutOff, MemoryHit, Phase,
    bus::MAX_DELIVERIES,
    desk::{Begun, Recall},
};
use eventsource_stream::Eventsource;
use futures_util::StreamExt;
use http::StatusCode;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::{
    link::{LinkError, whole},
    pen::Pen,
    reply::{self, Fault, Reply},
    request::{self, Ask},
    turn::{Answer, Stop, Turn},
    view::counted,
};

/// Memories that go into a request.
const RECALLED: usize = 6;

/// Characters of the message that are searched with.
const QUERY_CHARS: usize = 2_000;

/// A reply that broke off after so long is kept as far as it came: the person has waited already.
const WORTH_KEEPING: Duration = Duration::from_secs(5);

/// How often the window's count of words is renewed.
const COUNT_EVERY: Duration = Duration::from_millis(250);

/// Answers the task in hand.
///
/// # Errors
/// As [`Stop`] tells.
pub(super) async fn write(turn: &Turn<'_>) -> Result<String, Stop> {
    let pen = Pen::new(turn.work.lease.clone());
    let composing = async {
        let composed = compose(turn, &pen).await;
        pen.close();
        composed
    };
    let (answer, ()) = tokio::try_join!(composing, async { Ok(pen.run(turn.client).await?) })?;
    turn.complete(answer).await
}

async fn compose(turn: &Turn<'_>, pen: &Pen) -> Result<Answer, Stop> {
    let memories = observe(turn, pen).await?;
    let request = prepare(turn, pen, &memories);
    let mut reply = execute(turn, pen, &request, &memories).await?;
    verify(turn, pen, &mut reply)?;
    let cut_off = reply.cut_off;
    let citations = citations(&reply, &memories);
    turn.enter(pen, Phase::Learn, "handed in");
    let model = named(reply.model, &turn.welcome.model);
    Ok(Answer { text: reply.text, citations, model, cut_off })
}

async fn observe(turn: &Turn<'_>, pen: &Pen) -> Result<Vec<MemoryHit>, Stop> {
    pen.phase(Phase::Observe);
    let memories = recall(turn).await?;
    let recalled = counted(memories.len(), "memory", "memories");
    let before = counted(turn.work.history.len(), "message", "messages");
    turn.view.phase(Phase::Observe, &format!("{recalled} recalled, {before} before this one"));
    Ok(memories)
}

fn prepare(turn: &Turn<'_>, pen: &Pen, memories: &[MemoryHit]) -> Value {
    let nearest = memories.iter().map(|hit| hit.score).fold(f32::MIN, f32::max);
    let known = match memories {
        [] => "nothing is remembered about this".to_owned(),
        _ => format!("the nearest memory is at {nearest:.2}"),
    };
    turn.enter(pen, Phase::Think, &known);
    turn.enter(pen, Phase::Plan, "one request, every memory a document that can be cited");
    let request = request::streamed(&Ask {
        model: &turn.welcome.model,
        max_tokens: turn.welcome.max_tokens,
        prompt: &turn.welcome.prompt,
        history: &turn.work.history,
        memories,
        text: &turn.work.task.input,
    });
    let turns = request["messages"].as_array().map_or(0, Vec::len);
    let size = counted(turns, "message", "messages");
    turn.enter(pen, Phase::Build, &format!("a request of {size}"));
    request
}

async fn execute(
    turn: &Turn<'_>,
    pen: &Pen,
    request: &Value,
    memories: &[MemoryHit],
) -> Result<Reply, Stop> {
    turn.enter(pen, Phase::Execute, &format!("{} is writing", turn.welcome.model));
    let asked = timeout(turn.patience.silence, turn.client.messages(&turn.work.lease, request));
    let streamed = asked.await.map_err(|_| said_nothing(turn))??;
    if streamed.status != StatusCode::OK {
        let body = whole(streamed.body).await.unwrap_or_default();
        return Err(reply::refusal(streamed.status.as_u16(), streamed.advice, &body).into());
    }
    if !streamed.content_type.starts_with("text/event-stream") {
        return Err(Fault::passing("The model's reply is not a stream of events.").into());
    }
    Ok(read(turn, pen, streamed.body, memories).await?)
}

async fn recall(turn: &Turn<'_>) -> Result<Vec<MemoryHit>, Stop> {
    let query: String = turn.work.task.input.chars().take(QUERY_CHARS).collect();
    let ask = Recall { lease: turn.work.lease.clone(), query, limit: RECALLED };
    match turn.client.recall(&ask).await {
        Ok(hits) => Ok(hits.into_iter().filter(|hit| !hit.memory.text.trim().is_empty()).collect()),
        Err(LinkError::Refused { status: 422, detail, .. }) => {
            turn.view.trouble(&format!("not searched: {detail}")); // such as a message of blanks
            Ok(Vec::new())
        }
        Err(error) => Err(error.into()),
    }
}

async fn read(
    turn: &Turn<'_>,
    pen: &Pen,
    body: Incoming,
    memories: &[MemoryHit],
) -> Result<Reply, Fault> {
    let mut events = body.into_data_stream().eventsource();
    let mut reply = Reply::new(memories.len());
    let (began, mut counted) = (Instant::now(), Instant::now());
    loop {
        let (fault, why) = match timeout(turn.patience.silence, events.next()).await {
            Ok(None | Some(Err(_))) | Err(_) if reply.is_whole() => return Ok(reply),
            Ok(None | Some(Err(_))) => (reply::broken(), CutOff::BrokeOff),
            Err(_) => (said_nothing(turn), CutOff::FellSilent),
            Ok(Some(Ok(event))) => match reply.take(&event.data) {
                Ok(piece) => {
                    piece.iter().for_each(|piece| pen.write(piece));
                    if counted.elapsed() >= COUNT_EVERY {
                        counted = Instant::now();
                        let words = reply.text.split_whitespace().count();
                        turn.view.growth(&format!("{words} words"));
                    }
                    continue;
                }
                Err(fault) => (fault, CutOff::BrokeOff),
            },
        };
        let how = Broken { fault, why, after: began.elapsed() };
        return keep(turn, pen, memories, reply, how);
    }
}

/// How a reply ended before its end.
struct Broken {
    fault: Fault,
    why: CutOff,
    after: Duration,
}

/// Keeps what there is of a reply, marked, unless there is nothing of it. Where it may soon be
/// begun again, the fault carries it: whether there is another try, the desk decides.
fn keep(
    turn: &Turn<'_>,
    pen: &Pen,
    memories: &[MemoryHit],
    mut reply: Reply,
    how: Broken,
) -> Result<Reply, Fault> {
    if reply.text.trim().is_empty() {
        return Err(how.fault);
    }
    let marks = reply.end_here(how.why);
    let more_tries = turn.work.lease.deliveries < MAX_DELIVERIES;
    if how.fault.retry && how.after < WORTH_KEEPING && more_tries {
        let begun = Some(Box::new(begun(turn, memories, reply, how.why)));
        return Err(Fault { begun, ..how.fault });
    }
    turn.view.trouble(&format!("{} What was written is kept.", how.fault.error));
    marks.iter().for_each(|marks| pen.write(marks));
    Ok(reply)
}

fn begun(turn: &Turn<'_>, memories: &[MemoryHit], reply: Reply, cut_off: CutOff) -> Begun {
    let citations = citations(&reply, memories);
    let model = named(reply.model, &turn.welcome.model);
    Begun { text: reply.text, citations, model, cut_off }
}

fn nothing_for(turn: &Turn<'_>) -> String {
    format!("The model sent nothing for {} seconds", turn.patience.silence.as_secs_f32())
}

/// Not tried again: the person has waited long enough to decide that.
fn said_nothing(turn: &Turn<'_>) -> Fault {
    let nothing = nothing_for(turn);
    Fault::lasting(format!("{nothing}, so it was given up. Send the message again."))
}

fn verify(turn: &Turn<'_>, pen: &Pen, reply: &mut Reply) -> Result<(), Fault> {
    reply.finish()?;
    let words = counted(reply.text.split_whitespace().count(), "word", "words");
    let cited = counted(reply.quotes.len(), "citation", "citations");
    let whole = reply.cut_off.map_or("whole", |_| "cut off");
    turn.enter(pen, Phase::Verify, &format!("{whole}, {words}, {cited}"));
    if reply.foreign > 0 {
        turn.view.trouble(&format!("{} citations of unknown documents left out", reply.foreign));
    }
    Ok(())
}

fn citations(reply: &Reply, memories: &[MemoryHit]) -> Vec<Citation> {
    let cited = reply.quotes.iter().filter_map(|quote| {
        let hit = memories.get(quote.document)?;
        let number = u32::try_from(quote.number).ok()?;
        Some(Citation { number, memory_id: hit.memory.id, quote: quote.words.clone() })
    });
    cited.collect()
}

fn named(by_reply: String, asked_for: &str) -> String {
    if by_reply.is_empty() { asked_for.to_owned() } else { by_reply }
}
