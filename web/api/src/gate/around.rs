//! The outermost layer: id, span, count, safety headers, and the body of every refusal.

use std::{
    any::Any,
    sync::{Arc, Once},
};

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use tokio::time::Instant;
use tracing::Instrument;
use web_dto::Code;

use super::{Caller, RequestId, caller::PassedOn, headers, redact, request_id};
use crate::{error::ApiError, parts::Shared};

/// The `endpoint` of requests that no route takes.
const UNMATCHED: &str = "unmatched";

/// Runs the request and dresses its answer.
pub(crate) async fn around(
    State(app): State<Shared>,
    mut request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let id = RequestId::of(request.headers(), &app.parts.mint);
    let method = request.method().clone();
    let endpoint = endpoint(&request);
    let peer = request.extensions().get().cloned();
    let caller = Caller::read(peer, request.headers(), &app.parts.settings.proxies);
    warn_of_proxies(&caller);
    request.extensions_mut().insert(caller);
    request.extensions_mut().insert(id.clone());
    let redactor = &app.parts.redactor;
    let request = redact::incoming(redactor, request);
    let span = tracing::info_span!("request", %method, %endpoint, request_id = %id.0);

    let response = async {
        let response = next.run(request).await;
        redact::outgoing(redactor, dressed(response, &id)).await
    }
    .instrument(span)
    .await;

    app.parts.metrics.request(&method, &endpoint, response.status(), began.elapsed());
    response
}

/// Says once, of each thing that is wrong with the proxies in front, what its operator wants to know.
fn warn_of_proxies(caller: &Caller) {
    static UNNAMED: Once = Once::new();
    static DISPUTED: Once = Once::new();
    if caller.passed_on == PassedOn::ByAnother && caller.ip.is_some_and(|ip| ip.is_loopback()) {
        UNNAMED.call_once(|| {
            tracing::warn!(
                event = "proxy.unnamed",
                "a proxy on this machine passes requests on, and what it says of them is not \
                 believed: name it in server.trusted_proxies (127.0.0.1 for nginx or Caddy here)"
            );
        });
    }
    if caller.passed_on == PassedOn::Disputed {
        DISPUTED.call_once(|| {
            tracing::warn!(
                event = "proxy.disputed",
                "a proxy passed a request on whose Forwarded and X-Forwarded-For name two clients, \
                 and it counts as the proxy's own: have the proxy remove the header that it does \
                 not set itself"
            );
        });
    }
}

/// Returns the route's template, never the path itself, so that labels stay few.
fn endpoint(request: &Request) -> Arc<str> {
    request.extensions().get::<MatchedPath>().map_or(UNMATCHED, MatchedPath::as_str).into()
}

fn dressed(mut response: Response, id: &RequestId) -> Response {
    if let Some(error) = response.extensions_mut().remove::<Arc<ApiError>>() {
        error.log();
        write_problem(&mut response, &error, id);
        if error.code.status() == 401 {
            // RFC 9110, section 11.6.1: whoever is refused is told how to come in.
            let how = HeaderValue::from_static("Bearer realm=\"ai-infra\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, how);
        }
    }
    if let Some(value) = id.value() {
        response.headers_mut().insert(request_id::HEADER, value);
    }
    headers::add(response.headers_mut());
    response
}

fn write_problem(response: &mut Response, error: &ApiError, id: &RequestId) {
    let body = serde_json::to_vec(&error.problem(&id.0)).unwrap_or_default();
    *response.body_mut() = Body::from(body);
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json; charset=utf-8"),
    );
}

/// Turns a panic in a handler into 500; the hook has already logged where it happened.
#[expect(clippy::needless_pass_by_value, reason = "the shape tower-http asks for")]
pub(crate) fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    let text = cause
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| cause.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap_or_default();
    ApiError::new(Code::Internal, "the request ended in a fault of the server")
        .because(format!("panic: {text}"))
        .into_response()
}
