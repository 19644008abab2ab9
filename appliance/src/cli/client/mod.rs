//! The client of a running server: HTTP over `api.sock`, one connection a request.
//!
//! The key beside the socket opens it, read anew for every request because each start of the server
//! makes another; there is no login. Knows the wire types, but no command.

mod failure;
mod feed;
mod key;
mod once;

use std::{path::PathBuf, time::Duration};

use anyhow::Context as _;
use appliance_tasks::{TaskKind, Tasks};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde::{Serialize, de::DeserializeOwned};
use tokio::{net::UnixStream, time::timeout};
use web_dto::Problem;

pub(super) use failure::told;
pub use feed::Feed;

/// How long a request may take until its answer's head is there.
const DEADLINE: Duration = Duration::from_secs(30);

/// Drives one connection.
const DRIVE: TaskKind = TaskKind::new("client.connection").aborted();

/// Speaks to one server.
#[derive(Debug, Clone)]
pub struct Client {
    socket: PathBuf,
    of: String,
    tasks: Tasks,
}

impl Client {
    /// Speaks to the server at `socket`; `of` names it in messages.
    pub fn new(socket: PathBuf, of: String, tasks: Tasks) -> Self {
        Self { socket, of, tasks }
    }

    /// Asks for something.
    ///
    /// # Errors
    /// [`exit::UNAVAILABLE`](crate::exit::UNAVAILABLE) when no server runs; what the server says.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        self.ask(self.request(&Method::GET, path, None, Bytes::new())?).await
    }

    /// Sends something.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        let body = serde_json::to_vec(body)?;
        self.ask(self.request(&Method::POST, path, None, body.into())?).await
    }

    /// Sends something that happens once, however often it is sent with the same `key`.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn post_once<T: DeserializeOwned>(
        &self,
        path: &str,
        key: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        let body = serde_json::to_vec(body)?;
        self.ask(self.request(&Method::POST, path, Some(key), body.into())?).await
    }

    /// Asks for a text that may go on as long as the server lives.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn stream(&self, path: &str) -> anyhow::Result<Incoming> {
        let reply = self.send(self.request(&Method::GET, path, None, Bytes::new())?).await?;
        if reply.status().is_success() {
            return Ok(reply.into_body());
        }
        Err(failure::refused(reply).await)
    }

    /// Asks for something whose body is the same whether the status is good or bad.
    ///
    /// # Errors
    /// As [`Client::get`], but not for what the status says.
    pub async fn get_any<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let reply = self.send(self.request(&Method::GET, path, None, Bytes::new())?).await?;
        understand(reply, path).await
    }

    /// Asks for something, or sends `body`, and returns the server's no as it stands.
    ///
    /// # Errors
    /// As [`Client::get`], but not for what the server says.
    pub async fn exchange<T: DeserializeOwned>(
        &self,
        method: &Method,
        path: &str,
        key: Option<&str>,
        body: Option<&impl Serialize>,
    ) -> anyhow::Result<Result<T, Problem>> {
        let body = body.map(serde_json::to_vec).transpose()?.unwrap_or_default();
        let reply = self.send(self.request(method, path, key, body.into())?).await?;
        if reply.status().is_success() {
            return understand(reply, path).await.map(Ok);
        }
        understand(reply, path).await.map(Err)
    }

    /// Asks for something that is answered without a body, and returns the server's no as it stands.
    ///
    /// # Errors
    /// As [`Client::get`], but not for what the server says.
    pub async fn exchange_empty(
        &self,
        method: &Method,
        path: &str,
    ) -> anyhow::Result<Result<(), Problem>> {
        let reply = self.send(self.request(method, path, None, Bytes::new())?).await?;
        if reply.status().is_success() {
            return Ok(Ok(()));
        }
        understand(reply, path).await.map(Err)
    }

    async fn ask<T: DeserializeOwned>(&self, request: Request<Full<Bytes>>) -> anyhow::Result<T> {
        let asked = format!("{} {}", request.method(), request.uri().path());
        let reply = self.send(request).await?;
        if !reply.status().is_success() {
            return Err(failure::refused(reply).await);
        }
        understand(reply, &asked).await
    }

    async fn send(&self, mut request: Request<Full<Bytes>>) -> anyhow::Result<Response<Incoming>> {
        let (stream, key) = (self.connect().await?, self.key()?);
        request.headers_mut().insert(header::AUTHORIZATION, key);
        let asked = format!("{} {}", request.method(), request.uri().path());
        let lost = || failure::lost(&self.of, &asked);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| anyhow::Error::new(error).context(lost()))?;
        // Ends with the answer's body, or when this process does; an error reaches who reads that.
        self.tasks.spawn(DRIVE, async move { connection.await.unwrap_or_default() });
        let answered = timeout(DEADLINE, sender.send_request(request)).await;
        answered
            .map_err(|_| failure::late(&asked, DEADLINE))?
            .map_err(|error| anyhow::Error::new(error).context(lost()))
    }

    /// Connects to the socket.
    ///
    /// # Errors
    /// [`exit::UNAVAILABLE`](crate::exit::UNAVAILABLE), [`exit::NO_PERMISSION`](crate::exit::NO_PERMISSION).
    async fn connect(&self) -> anyhow::Result<UnixStream> {
        let connected = UnixStream::connect(&self.socket).await;
        connected.map_err(|error| failure::unreachable(&self.of, &self.socket, &error))
    }

    /// Reads the key to show.
    fn key(&self) -> anyhow::Result<HeaderValue> {
        key::beside(&self.socket)
    }

    fn request(
        &self,
        method: &Method,
        path: &str,
        key: Option<&str>,
        body: Bytes,
    ) -> anyhow::Result<Request<Full<Bytes>>> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost")
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, concat!("ai-infra/", env!("CARGO_PKG_VERSION")));
        if *method != Method::GET {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        request.body(Full::new(body)).with_context(|| format!("while asking for {path}"))
    }
}

async fn understand<T: DeserializeOwned>(
    reply: Response<Incoming>,
    asked: &str,
) -> anyhow::Result<T> {
    let body = timeout(DEADLINE, reply.into_body().collect())
        .await
        .with_context(|| format!("while reading the answer to {asked}"))?
        .with_context(|| format!("while reading the answer to {asked}"))?
        .to_bytes();
    // An answer without a body stands for `null`.
    let body: &[u8] = if body.is_empty() { b"null" } else { &body };
    serde_json::from_slice(body)
        .with_context(|| format!("while understanding the answer to {asked}"))
}
