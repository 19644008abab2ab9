//! MCP over streamable HTTP: one request in, one JSON answer out, no session kept.
//!
//! Host, origin and login were checked by whoever calls this, for a whole server and not for one
//! route; the SDK's own list of hosts would only be a second opinion, so it is off.

use std::{convert::Infallible, fmt::Display, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::BoxBody;
use hyper::body::Body;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use web_dto::MAX_BODY_BYTES;

use crate::{Memory, Tools};

/// Answers one request of a person whose memory this is.
pub async fn serve_http<B>(
    memory: Arc<dyn Memory>,
    request: Request<B>,
) -> Response<BoxBody<Bytes, Infallible>>
where
    B: Body + Send + 'static,
    B::Error: Display,
{
    let tools = Tools::new(memory);
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(MAX_BODY_BYTES)
        .disable_allowed_hosts();
    let none_kept = Arc::new(NeverSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(tools.clone()), none_kept, config);
    service.handle(request).await
}
