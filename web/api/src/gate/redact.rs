//! Known secrets are blotted out of every body, whichever way it goes: what a client or an agent
//! sends is kept and shown, and what the server says is read by people.
//!
//! Bytes that are no text (fonts, WebAssembly) pass as they are. The live feed has its own door in
//! `socket::session`.

use appliance_redact::Redactor;
use axum::{
    body::{Body, HttpBody as _},
    extract::Request,
    response::Response,
};
use http::{HeaderMap, HeaderValue, header};
use http_body_util::BodyExt as _;

/// Media types whose bytes are text.
const TEXT: [&str; 4] =
    ["text/", "application/json", "application/problem+json", "application/x-ndjson"];

/// Has the request's body redacted while it is read.
pub(super) fn incoming(redactor: &Redactor, request: Request) -> Request {
    if request.body().is_end_stream() {
        return request;
    }
    request.map(|body| Body::from_stream(redactor.stream(body.into_data_stream())))
}

/// Redacts the answer: a body that is whole at once, one that comes in pieces while it goes out.
pub(super) async fn outgoing(redactor: &Redactor, response: Response) -> Response {
    if response.body().is_end_stream() || !is_text(response.headers()) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    if body.size_hint().exact().is_none() {
        let pieces = redactor.stream(body.into_data_stream());
        return Response::from_parts(parts, Body::from_stream(pieces));
    }
    // A body that knows its length is in memory already.
    let whole = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let clean = redactor.bytes(whole);
    if parts.headers.contains_key(header::CONTENT_LENGTH) {
        parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(clean.len()));
    }
    Response::from_parts(parts, Body::from(clean))
}

fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let coded = headers.contains_key(header::CONTENT_ENCODING);
    !coded && kind.is_some_and(|kind| TEXT.iter().any(|text| kind.starts_with(text)))
}
