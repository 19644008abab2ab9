//! One connection: hyper over a stream, with the peer and the drain in every request. Accepts none.

use std::{pin::pin, time::Duration};

use axum::Router;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tower::ServiceExt as _;
use web_dto::{Code, Problem};

use super::{Drain, Limits, Peer, patience::Patient};

/// Most bytes a request's head may have.
const MAX_HEAD_BYTES: usize = 32 * 1024;

/// Longest time a stranger gets to read that it is refused.
const REFUSAL_TIME: Duration = Duration::from_secs(2);

/// Serves requests until the client leaves, is too slow either way, or the drain begins.
pub(super) async fn serve<Io>(stream: Io, router: Router, peer: Peer, drain: Drain, limits: Limits)
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (begun, who) = (drain.clone(), peer.clone());
    let service = service_fn(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(who.clone());
        request.extensions_mut().insert(drain.clone());
        router.clone().oneshot(request)
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(MAX_HEAD_BYTES);
    let stream = TokioIo::new(Patient::new(stream, limits.write_timeout));
    let connection = builder.serve_connection(stream, service).with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = begun.begun() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, ?peer, "connection ended");
    }
}

/// Tells a process of another user that it is not served, whatever it asks.
pub(super) async fn refuse(mut stream: impl AsyncWrite + Unpin, uid: u32) {
    let detail = format!("user {uid} may not use this socket; run it as the server's user or root");
    let problem = Problem::new(Code::Forbidden, detail, "none");
    let body = serde_json::to_string(&problem).unwrap_or_default();
    let answer = format!(
        "HTTP/1.1 403 Forbidden\r\ncontent-type: application/problem+json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let told = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await
    };
    // Whether the stranger listens is its own affair.
    let _ = tokio::time::timeout(REFUSAL_TIME, told).await;
}
