//! `/mcp`: the caller's memory as tools, for other programs' agents, over streamable HTTP.
//!
//! Behind the same gate and login as every other route: the host has to be the server's, and who
//! asks is known by session or token before the protocol sees the request. The tools do what the
//! REST routes do, by the same functions; the protocol itself is `web-mcp`'s. What never reaches the
//! protocol is refused by a problem document, what is no message of it by its own error.

use std::{net::IpAddr, sync::Arc};

use appliance_core::UserId;
use async_trait::async_trait;
use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::{StatusCode, header, request::Parts};
use web_dto::{
    ActionView, Code, ForgetMemories, MAX_BODY_BYTES, MemoryList, MemoryListQuery, MemoryQuery,
    MemoryResults, NewMemories, Remembered,
};
use web_mcp::{Memory, Refused};

use super::memory;
use crate::{
    auth::CurrentUser,
    error::ApiError,
    extract::{Cursor, IdempotencyKey, read_body, require_json},
    gate::Caller,
    parts::Shared,
};

/// Answers one message of the protocol.
pub(crate) async fn post(
    State(app): State<Shared>,
    caller: Caller,
    user: CurrentUser,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    check_head(&parts)?;
    let bytes = read_body(&parts.headers, body, MAX_BODY_BYTES).await?;
    if let Err(wrong) = web_mcp::check_message(&bytes) {
        return Ok((StatusCode::BAD_REQUEST, Json(wrong.document())).into_response());
    }
    let own = Own { ip: caller.ip, user, app };
    let request = Request::from_parts(parts, http_body_util::Full::new(bytes));
    let response = web_mcp::serve_http(Arc::new(own), request).await;
    told(response.map(Body::new)).await
}

/// Checks Content-Type and Accept as the protocol's HTTP transport asks for them.
fn check_head(parts: &Parts) -> Result<(), ApiError> {
    require_json(&parts.headers)?;
    let accepted = parts.headers.get_all(header::ACCEPT).iter();
    let accepted: Vec<&str> = accepted.filter_map(|value| value.to_str().ok()).collect();
    let accepted = accepted.join(",").to_ascii_lowercase();
    let lacking = |kind: &&str| !accepted.contains(kind);
    let lacks: Vec<&str> =
        ["application/json", "text/event-stream"].into_iter().filter(lacking).collect();
    if lacks.is_empty() {
        return Ok(());
    }
    let detail = format!("Accept does not name {}, as MCP over HTTP asks for", lacks.join(" and "));
    Err(ApiError::new(Code::NotAcceptable, detail))
}

/// Passes the protocol's answer on; a refusal without a form gets that of every other route.
async fn told(response: Response) -> Result<Response, ApiError> {
    let is_refusal = response.status().is_client_error();
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !is_refusal || kind.is_some_and(|kind| kind.starts_with("application/json")) {
        return Ok(response);
    }
    let said = axum::body::to_bytes(response.into_body(), MAX_BODY_BYTES).await.unwrap_or_default();
    Err(ApiError::new(Code::McpRefused, String::from_utf8_lossy(&said).into_owned()))
}

/// One person's memory, asked from inside the server.
#[derive(Debug)]
struct Own {
    app: Shared,
    ip: Option<IpAddr>,
    user: CurrentUser,
}

impl Own {
    /// Whose memory it is.
    const fn owner(&self) -> UserId {
        self.user.id()
    }

    /// Refuses what changes memories to a token that only reads them.
    fn may_write(&self) -> Result<(), Refused> {
        self.user.writes_memory().map_err(|no| refused(&no))
    }
}

#[async_trait]
impl Memory for Own {
    async fn search(&self, query: MemoryQuery) -> Result<MemoryResults, Refused> {
        memory::found(&self.app, self.owner(), &query).await.map_err(|no| refused(&no))
    }

    async fn remember(&self, new: NewMemories, key: Option<&str>) -> Result<Remembered, Refused> {
        self.may_write()?;
        let (who, key) = ((self.owner(), self.ip), named(key)?);
        let kept = memory::remembered(&self.app, who, &key, &new.items);
        kept.await.map_err(|no| refused(&no))
    }

    async fn forget(
        &self,
        which: ForgetMemories,
        key: Option<&str>,
    ) -> Result<ActionView, Refused> {
        self.may_write()?;
        let ids = memory::named(&which).map_err(|no| refused(&no))?;
        let (who, key) = ((self.owner(), self.ip), named(key)?);
        let done = memory::forgotten(&self.app, who, &key, ids);
        done.await.map_err(|no| refused(&no))
    }

    async fn recent(&self, query: MemoryListQuery) -> Result<MemoryList, Refused> {
        let cursor = query.cursor.as_deref().map(Cursor::read).transpose();
        let cursor = cursor.map_err(|no| refused(&ApiError::new(Code::QueryInvalid, no)))?;
        let place = (query.limit, cursor);
        let page = memory::passing(&self.app, self.owner(), &query.filters, place);
        page.await.map_err(|no| refused(&no))
    }

    fn typed(&self, text: &str) -> String {
        let leads = format!("ai-infra{} memory", self.app.parts.settings.leads);
        text.replace("ai-infra memory", &leads)
    }
}

/// Understands the key that a tool was called with.
fn named(key: Option<&str>) -> Result<IdempotencyKey, Refused> {
    IdempotencyKey::new(key.unwrap_or_default()).map_err(|no| refused(&no))
}

/// Says no in the protocol's way; what an operator has to know goes to the log, as for every route.
fn refused(no: &ApiError) -> Refused {
    no.log();
    no.problem("").into()
}
