//! One connection: hyper over a stream, with the peer and the drain in every request. Accepts none.

use std::{convert::Infallible, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use http::{HeaderValue, header};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{self, AsyncRead, AsyncWrite, AsyncWriteExt as _},
    time::timeout,
};
use tower::ServiceExt as _;
use web_dto::{Code, Problem};

use super::{
    Drain, Limits, Peer,
    arriving::Arriving,
    patience::Patient,
    places::{Answering, Place},
};

/// Most bytes a request's head may have.
const MAX_HEAD_BYTES: usize = 32 * 1024;

/// Longest time a stranger gets to read that it is refused.
const REFUSAL_TIME: Duration = Duration::from_secs(2);

/// What a connection that has lost its place still gets: time for a request that is on its way,
/// and as much to send off what was answered.
const LAST_MOMENT: Duration = Duration::from_millis(20);

const PROBLEM: &str = "application/problem+json";
const NO_PLACE: &str = "every connection this server takes from here is in use";

/// Seconds after which whoever found no place may try again.
const RETRY_AFTER: u32 = 1;

/// What a connection is served with.
pub(super) struct Served {
    pub(super) router: Router,
    pub(super) peer: Peer,
    pub(super) place: Arc<Place>,
    pub(super) drain: Drain,
    pub(super) limits: Limits,
}

/// Serves requests until the client leaves, is too slow either way, loses its place while something
/// is awaited from it, or the drain begins.
pub(super) async fn serve<Io>(stream: Io, with: Served)
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Served { router, peer, place, drain, limits } = with;
    let (begun, who) = (drain.clone(), peer.clone());
    let answering = Arc::clone(&place);
    let service = service_fn(move |mut request: http::Request<Incoming>| {
        let serving = answering.serve();
        request.extensions_mut().insert(who.clone());
        request.extensions_mut().insert(drain.clone());
        let request = request.map(|body| Arriving::new(body, Arc::clone(&answering)));
        let router = router.clone();
        async move {
            let Some(serving) = serving else { return Ok(no_place()) };
            let answer = router.oneshot(request).await?;
            Ok::<_, Infallible>(answer.map(|body| Answering::new(body, Some(serving))))
        }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(MAX_HEAD_BYTES);
    let stream = TokioIo::new(Patient::new(stream, limits.write_timeout));
    let mut connection = pin!(builder.serve_connection(stream, service).with_upgrades());
    let ended = loop {
        tokio::select! {
            biased;
            ended = connection.as_mut() => break ended,
            () = begun.begun() => {
                connection.as_mut().graceful_shutdown();
                break connection.await;
            }
            () = place.lost() => {}
        }
        if let Ok(ended) = timeout(LAST_MOMENT, connection.as_mut()).await {
            break ended;
        }
        if place.is_lost_for_good() {
            connection.as_mut().graceful_shutdown();
            // Cut when it does not end by itself: its place has been given away.
            let _ = timeout(LAST_MOMENT, connection.as_mut()).await;
            return;
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, ?peer, "connection ended");
    }
}

/// Tells a process of another user that it is not served, whatever it asks.
pub(super) async fn refuse(stream: impl AsyncRead + AsyncWrite + Unpin, uid: u32) {
    let detail = format!("user {uid} may not use this socket; run it as the server's user or root");
    answer_once(stream, Code::Forbidden, detail, "").await;
}

/// Tells a client that there is no place for it just now.
pub(super) async fn turn_away(stream: impl AsyncRead + AsyncWrite + Unpin) {
    let headers = format!("retry-after: {RETRY_AFTER}\r\n");
    answer_once(stream, Code::ServerBusy, NO_PLACE.to_owned(), &headers).await;
}

/// The same, for a request whose connection has lost its place and cannot have it back.
fn no_place() -> http::Response<Answering> {
    let body = problem(Code::ServerBusy, NO_PLACE.to_owned());
    let mut answer = http::Response::new(Answering::new(body.into(), None));
    *answer.status_mut() = status(Code::ServerBusy);
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
    headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer
}

fn status(code: Code) -> http::StatusCode {
    http::StatusCode::from_u16(code.status()).unwrap_or_default()
}

fn problem(code: Code, detail: String) -> String {
    serde_json::to_string(&Problem::new(code, detail, "none")).unwrap_or_default()
}

async fn answer_once(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    code: Code,
    detail: String,
    headers: &str,
) {
    let (status, body) = (status(code), problem(code, detail));
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {PROBLEM}\r\n{headers}\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let told = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        // What it sent is taken in, or the kernel would reset the connection and the answer with it.
        io::copy(&mut stream, &mut io::sink()).await
    };
    // Whether the client listens is its own affair.
    let _ = timeout(REFUSAL_TIME, told).await;
}
