//! `POST /api/live`: the live feed by long polls, for clients that no WebSocket comes through to.
//!
//! Frames, rights and places are those of `/ws`, because the same session serves both; only the way
//! is another. A client whose request fails opens another line and resumes from the places it has
//! seen, as it does after a broken socket.

use std::{sync::Arc, time::Duration};

use appliance_core::Topic;
use appliance_tasks::TaskKind;
use axum::{
    Json as Answer,
    extract::{State, ws::Message},
};
use futures_util::stream;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc;
use web_dto::Listen;

use super::{
    lines::Line,
    session::{QUEUE, Session},
};
use crate::{
    auth::CurrentUser, edge::Drain, error::ApiError, extract::Json, gate::Caller, parts::Shared,
};

/// Serves one line.
const LINE: TaskKind = TaskKind::new("socket.line");

/// Frames of a client that wait to be heard.
const UNHEARD: usize = 16;

/// Longest time a request waits for something to hear: shorter than proxies wait for an answer.
const LISTEN_FOR: Duration = Duration::from_secs(25);

/// [`web_dto::Heard`] with frames that are written already.
#[derive(Debug, Serialize)]
pub(crate) struct Heard {
    line: String,
    frames: Vec<Box<RawValue>>,
}

/// Opens a line, says what the client says, or waits for what there is to hear.
///
/// # Errors
/// 404 when the line has ended; the client opens another.
pub(crate) async fn post(
    State(app): State<Shared>,
    caller: Caller,
    drain: Drain,
    user: CurrentUser,
    Json(body): Json<Listen>,
) -> Result<Answer<Heard>, ApiError> {
    let (name, line) = match body.line {
        Some(name) => (name.clone(), app.lines.find(&name, user.id(), user.login())?),
        // The place is this request's; the line's other requests come with places of their own.
        None => open(&app, user, caller, drain.placeless()),
    };
    let says = !body.say.is_empty();
    for frame in body.say {
        line.say(&frame).await?;
    }
    let heard = if says { Vec::new() } else { line.listen(LISTEN_FOR).await? };
    let frames = heard.into_iter().filter_map(written).collect();
    Ok(Answer(Heard { line: name, frames }))
}

/// Opens a line for `user`; returns its name with it.
fn open(app: &Shared, user: CurrentUser, caller: Caller, drain: Drain) -> (String, Arc<Line>) {
    let ((says, said), (out, queue)) = (mpsc::channel(UNHEARD), mpsc::channel(QUEUE));
    let line = Arc::new(Line::new(user.id(), user.login(), says, queue));
    let (epoch, _) = app.parts.live.position(Topic::Agents);
    let name = app.lines.name(epoch);
    app.lines.add(name.clone(), &line);
    let session = Session::new(Arc::clone(app), user, caller, out);
    let (serving, ours, named) = (Arc::clone(app), Arc::clone(&line), name.clone());
    app.parts.home.spawn(LINE, async move {
        let incoming = Box::pin(stream::unfold(said, async |mut said| {
            said.recv().await.map(|message| (Some(message), said))
        }));
        // Dropping the session ends what it follows, and the queue once it is read.
        tokio::select! {
            _ = session.serve(incoming, &drain) => {}
            () = ours.is_left() => {}
        }
        serving.lines.remove(&named);
    });
    (name, line)
}

fn written(message: Message) -> Option<Box<RawValue>> {
    match message {
        Message::Text(text) => RawValue::from_string(text.as_str().to_owned()).ok(),
        _ => None,
    }
}
