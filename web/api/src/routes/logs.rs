//! `GET /api/logs`: the server's own last log lines, and with `follow` the ones to come; as text for
//! people, or with `format=json` one object a line. For admins.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderValue, header};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::{auth::Admin, edge::Drain, error::ApiError, extract::Params, logs, parts::Shared};

/// Lines sent unless said otherwise.
const DEFAULT_LINES: usize = 200;

/// The query; `follow` alone means `follow=true`.
#[derive(Debug, Deserialize)]
pub(crate) struct Query {
    follow: Option<String>,
    lines: Option<usize>,
    #[serde(default)]
    format: Format,
}

/// What a line is sent as.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    /// As people read it.
    #[default]
    Text,
    /// As it is kept: an object.
    Json,
}

/// Answers with the tail, and goes on until the client leaves or the server stops.
pub(crate) async fn get(
    State(app): State<Shared>,
    Admin(_): Admin,
    drain: Drain,
    Params(query): Params<Query>,
) -> Result<Response, ApiError> {
    let log = app.parts.log.as_ref().ok_or_else(|| ApiError::not_found("log on this server"))?;
    let (lines, feed) = log.follow(query.lines.unwrap_or(DEFAULT_LINES));
    let format = query.format;
    let tail = lines.into_iter().map(move |line| Ok::<_, Infallible>(format.rendered(&line)));
    let tail = stream::iter(tail);
    let follows = query.follow.is_some_and(|text| !matches!(text.as_str(), "false" | "0"));
    let body = if follows {
        Body::from_stream(tail.chain(following(format, feed, drain)))
    } else {
        Body::from_stream(tail)
    };
    let mut response = body.into_response();
    let kind = HeaderValue::from_static(match format {
        Format::Text => "text/plain; charset=utf-8",
        Format::Json => "application/x-ndjson",
    });
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}

impl Format {
    fn rendered(self, line: &str) -> Bytes {
        match self {
            Self::Text => Bytes::from(format!("{}\n", logs::text(line))),
            Self::Json => Bytes::from(format!("{line}\n")),
        }
    }

    fn lost(self, lines: u64) -> Bytes {
        let said = format!("{lines} lines were lost: they came faster than they were read");
        Bytes::from(match self {
            Self::Text => format!("... {said}\n"),
            Self::Json => format!("{}\n", json!({"level": "WARN", "message": said})),
        })
    }
}

fn following(
    format: Format,
    feed: Receiver<Arc<str>>,
    drain: Drain,
) -> impl stream::Stream<Item = Result<Bytes, Infallible>> {
    stream::unfold((feed, drain), move |(mut feed, drain)| async move {
        let received = tokio::select! {
            received = feed.recv() => received,
            () = drain.begun() => return None,
        };
        let piece = match received {
            Ok(line) => format.rendered(&line),
            Err(RecvError::Lagged(lines)) => format.lost(lines),
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(piece), (feed, drain)))
    })
}
