//! `/mcp`: the caller's memory as tools, for other programs' agents, over streamable HTTP.
//!
//! Behind the same gate and login as every other route: the host has to be the server's, and who
//! asks is known by session or token before the protocol sees the request. The tools do what the
//! REST routes do, by the same functions; the protocol itself is `web-mcp`'s.

use std::{net::IpAddr, sync::Arc};

use appliance_core::UserId;
use async_trait::async_trait;
use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use web_dto::{
    ActionView, Code, ForgetMemories, MemoryList, MemoryListQuery, MemoryQuery, MemoryResults,
    NewMemories, Remembered,
};
use web_mcp::{Memory, Refused};

use super::memory;
use crate::{
    auth::CurrentUser,
    error::ApiError,
    extract::{Cursor, IdempotencyKey},
    gate::Caller,
    parts::Shared,
};

/// Answers one message of the protocol.
pub(crate) async fn any(
    State(app): State<Shared>,
    caller: Caller,
    user: CurrentUser,
    request: Request,
) -> Response {
    let own = Own { owner: user.id(), ip: caller.ip, app };
    web_mcp::serve_http(Arc::new(own), request).await.map(Body::new)
}

/// One person's memory, asked from inside the server.
#[derive(Debug)]
struct Own {
    app: Shared,
    owner: UserId,
    ip: Option<IpAddr>,
}

#[async_trait]
impl Memory for Own {
    async fn search(&self, query: MemoryQuery) -> Result<MemoryResults, Refused> {
        memory::found(&self.app, self.owner, &query).await.map_err(|no| refused(&no))
    }

    async fn remember(&self, new: NewMemories, key: Option<&str>) -> Result<Remembered, Refused> {
        let (who, key) = ((self.owner, self.ip), named(key)?);
        let kept = memory::remembered(&self.app, who, &key, &new.items);
        kept.await.map_err(|no| refused(&no))
    }

    async fn forget(
        &self,
        which: ForgetMemories,
        key: Option<&str>,
    ) -> Result<ActionView, Refused> {
        let ids = memory::named(&which).map_err(|no| refused(&no))?;
        let (who, key) = ((self.owner, self.ip), named(key)?);
        let done = memory::forgotten(&self.app, who, &key, ids);
        done.await.map_err(|no| refused(&no))
    }

    async fn recent(&self, query: MemoryListQuery) -> Result<MemoryList, Refused> {
        let cursor = query.cursor.as_deref().map(Cursor::read).transpose();
        let cursor = cursor.map_err(|no| refused(&ApiError::new(Code::QueryInvalid, no)))?;
        let place = (query.limit, cursor);
        let page = memory::passing(&self.app, self.owner, &query.filters, place);
        page.await.map_err(|no| refused(&no))
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
