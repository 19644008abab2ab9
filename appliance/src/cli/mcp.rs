//! `mcp`: the memory as tools for other programs' agents, on standard input and output.
//!
//! Asks the running server over its socket, so the store keeps its one owner; a server that is
//! restarted in between is found again by the next call. Standard output belongs to the protocol.

use std::{process::ExitCode, sync::Arc};

use async_trait::async_trait;
use http::Method;
use serde::{Serialize, de::DeserializeOwned};
use web_dto::{
    ActionView, ForgetMemories, MemoryList, MemoryListQuery, MemoryQuery, MemoryResults,
    NewMemories, Problem, Remembered, ServerInfo,
};
use web_mcp::{Ended, Memory, Refused, serve_stdio};

use super::{Client, Context, memory::url};
use crate::{exit::Failure, typed::Typed};

/// Speaks the protocol until standard input ends.
///
/// # Errors
/// When no server runs, or the client breaks the protocol.
pub fn run(context: &Context) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    context.block_on(async {
        // Said at once and not with the first call: whoever starts this sees its exit code.
        let _: ServerInfo = client.get("/api/info").await?;
        match serve_stdio(Arc::new(Remote(client, context.typed().clone()))).await {
            Ended::ByClient => Ok(ExitCode::SUCCESS),
            Ended::Broken(why) => {
                let hint = "this command is started by an MCP client, which speaks JSON to it";
                Err(Failure::new(1, format!("the talk broke off: {why}"), hint).into())
            }
        }
    })
}

/// The local user's memory, in the running server.
#[derive(Debug)]
struct Remote(Client, Typed);

impl Remote {
    async fn deed<T: DeserializeOwned>(
        &self,
        path: &str,
        key: Option<&str>,
        body: &(impl Serialize + Sync),
    ) -> Result<T, Refused> {
        told(self.0.exchange_deed(path, key, body).await)
    }
}

#[async_trait]
impl Memory for Remote {
    async fn search(&self, query: MemoryQuery) -> Result<MemoryResults, Refused> {
        told(self.0.exchange(&Method::POST, "/api/memory/search", None, Some(&query)).await)
    }

    async fn remember(&self, new: NewMemories, key: Option<&str>) -> Result<Remembered, Refused> {
        self.deed("/api/memory", key, &new).await
    }

    async fn forget(
        &self,
        which: ForgetMemories,
        key: Option<&str>,
    ) -> Result<ActionView, Refused> {
        self.deed("/api/memory/forget", key, &which).await
    }

    async fn recent(&self, query: MemoryListQuery) -> Result<MemoryList, Refused> {
        let path = url("/api/memory", &query.pairs());
        told(self.0.exchange(&Method::GET, &path, None, None::<&()>).await)
    }

    fn typed(&self, text: &str) -> String {
        self.1.within(text)
    }
}

/// Says no as the server did, or as the way to it.
fn told<T>(answer: anyhow::Result<Result<T, Problem>>) -> Result<T, Refused> {
    answer
        .map_err(|error| {
            let failure = error.downcast_ref::<Failure>();
            let hint = failure.map_or("see `ai-infra doctor`", |failure| failure.hint.as_str());
            Refused { what: format!("{error:#}"), hint: hint.to_owned() }
        })?
        .map_err(Refused::from)
}
