//! `GET /api/logs`: the server's own last log lines as text, and with `follow` the ones to come;
//! for admins.

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
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::{auth::Admin, edge::Drain, error::ApiError, extract::Params, parts::Shared};

/// Lines sent unless said otherwise.
const DEFAULT_LINES: usize = 200;

/// The query; `follow` alone means `follow=true`.
#[derive(Debug, Deserialize)]
pub(crate) struct Query {
    follow: Option<String>,
    lines: Option<usize>,
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
    let tail = stream::iter(lines.into_iter().map(|line| Ok::<_, Infallible>(rendered(&line))));
    let follows = query.follow.is_some_and(|text| !matches!(text.as_str(), "false" | "0"));
    let body = if follows {
        Body::from_stream(tail.chain(following(feed, drain)))
    } else {
        Body::from_stream(tail)
    };
    let mut response = body.into_response();
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, text);
    Ok(response)
}

fn rendered(line: &Arc<str>) -> Bytes {
    Bytes::from(format!("{line}\n"))
}

fn following(
    feed: Receiver<Arc<str>>,
    drain: Drain,
) -> impl stream::Stream<Item = Result<Bytes, Infallible>> {
    stream::unfold((feed, drain), |(mut feed, drain)| async move {
        let received = tokio::select! {
            received = feed.recv() => received,
            () = drain.begun() => return None,
        };
        let piece = match received {
            Ok(line) => rendered(&line),
            Err(RecvError::Lagged(lost)) => Bytes::from(format!("... {lost} lines were lost\n")),
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(piece), (feed, drain)))
    })
}
