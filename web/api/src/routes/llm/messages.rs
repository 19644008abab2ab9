//! `POST /llm/v1/messages`: an agent's request to the model, and the reply streamed back verbatim.
//!
//! Content blocks, unknown fields and the provider's own errors pass through byte for byte; only
//! the token counts are read on the way. Only for the six agents, over their own socket.

use appliance_core::{
    TaskId,
    ports::{DeskError, ModelCall, ModelReply},
};
use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use futures_util::StreamExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use web_dto::Code;

use crate::{
    auth::CurrentAgent,
    error::ApiError,
    extract::read_body,
    metrics::Sniffer,
    parts::{App, Shared},
    routes::desk::MAX_COMMAND_BYTES,
};

/// Names the task a request belongs to; the caller must hold its lease.
const TASK_HEADER: &str = "x-ai-infra-task";

/// Request headers that reach the model.
const PASSED_ON: [&str; 2] = ["anthropic-version", "anthropic-beta"];

/// Reply headers that describe the connection, not the reply; ours differ.
const HOP_BY_HOP: [HeaderName; 4] =
    [header::CONNECTION, header::TRANSFER_ENCODING, header::CONTENT_LENGTH, header::SET_COOKIE];

/// Answers as the model does.
///
/// # Errors
/// 403 `agent.stranger` and `lease.needed`, 409 `lease.lost`, 503 `model.unavailable`, 429
/// `rate.limited`, 413.
pub(crate) async fn post(
    State(app): State<Shared>,
    CurrentAgent(who): CurrentAgent,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let task_id = task(&parts.headers)?;
    if !app.parts.desk.holds(who, task_id) {
        return Err(DeskError::LeaseLost(task_id).into());
    }
    let call = ModelCall {
        body: read_body(&parts.headers, body, MAX_COMMAND_BYTES).await?,
        headers: passed_on(&parts.headers),
        agent: Some(who.agent),
        task_id: Some(task_id),
    };
    let reply = app.parts.model.messages(call).await?;
    streamed(&app, reply)
}

fn task(headers: &HeaderMap) -> Result<TaskId, ApiError> {
    let value = headers.get(TASK_HEADER).ok_or_else(|| {
        ApiError::new(Code::LeaseNeeded, format!("the header {TASK_HEADER} is missing"))
    })?;
    let named = value.to_str().ok().and_then(|text| text.parse().ok());
    named.ok_or_else(|| {
        ApiError::new(Code::IdInvalid, format!("the header {TASK_HEADER} names no task"))
    })
}

fn passed_on(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |name: &str| Some((name.to_owned(), headers.get(name)?.to_str().ok()?.to_owned()));
    PASSED_ON.into_iter().filter_map(text).collect()
}

fn streamed(app: &App, reply: ModelReply) -> Result<Response, ApiError> {
    let status = StatusCode::from_u16(reply.status).map_err(|cause| {
        ApiError::new(Code::ModelUnavailable, "the model's reply has no status").because(cause)
    })?;
    let mut headers = HeaderMap::new();
    for (name, value) in reply.headers {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value))
        else {
            continue;
        };
        if !HOP_BY_HOP.contains(&name) {
            headers.append(name, value);
        }
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let mut sniffer = Sniffer::new(
        app.parts.metrics.clone(),
        &app.parts.settings.model_provider,
        app.parts.model.name(),
        kind.unwrap_or_default(),
    );
    let body = Body::from_stream(reply.body.inspect(move |piece| match piece {
        Ok(piece) => sniffer.take_in(piece),
        Err(error) => tracing::warn!(%error, "the model's reply broke off"),
    }));
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}
