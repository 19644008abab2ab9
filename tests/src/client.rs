//! A REST client of the server: over TCP as a browser or script, or over the local socket.
//!
//! Speaks the DTOs of `web-dto`. [`Client::send`] sends anything, however wrong, and returns what
//! came back; the rest expects success and says what the server said when there was none.

use std::{path::Path, sync::Once, time::Duration};

use anyhow::{Context, bail};
pub use reqwest::Method;
use reqwest::header;
use serde::{Serialize, de::DeserializeOwned};
use web_dto::{
    Accepted, AgentList, AgentView, ConversationView, LoggedIn, MemoryHitView, MemoryResults,
    MessageList, MessageView, NewConversation, NewMessage, Problem, SetupLinkView, TaskList,
    TaskView,
};

use crate::{feed::Feed, wait};

/// How long any one request may take.
const DEADLINE: Duration = Duration::from_secs(40);

/// Where the server is reached.
#[derive(Debug, Clone)]
enum Way {
    Tcp(String),
    Local(std::path::PathBuf),
}

/// A client, logged in or not.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    way: Way,
    token: Option<String>,
}

/// What came back, whatever it was.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: header::HeaderMap,
    /// The body's bytes.
    pub body: Vec<u8>,
}

impl Reply {
    /// Reads the body as JSON.
    ///
    /// # Errors
    /// When it is not what was expected; the error shows it.
    pub fn json<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("{}: {}", self.status, String::from_utf8_lossy(&self.body)))
    }

    /// Reads the body as a problem document and checks its media type.
    ///
    /// # Errors
    /// When it is no problem document.
    pub fn problem(&self) -> anyhow::Result<Problem> {
        let kind = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if kind.is_none_or(|kind| !kind.starts_with("application/problem+json")) {
            bail!("{} comes with content type {kind:?}: {:?}", self.status, self.text());
        }
        self.json()
    }

    /// Returns the body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Client {
    /// Makes a client over TCP that is nobody yet.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn tcp(address: &str) -> anyhow::Result<Self> {
        let http = builder().build().context("while building an HTTP client")?;
        Ok(Self { http, way: Way::Tcp(address.to_owned()), token: None })
    }

    /// Makes a client over the people's socket, which shows the key beside it.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn local(socket: &Path) -> anyhow::Result<Self> {
        let http =
            builder().unix_socket(socket).build().context("while building a local client")?;
        Ok(Self { http, way: Way::Local(socket.to_owned()), token: None })
    }

    /// Returns the same client with this bearer token.
    #[must_use]
    pub fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// Returns the bearer token, once logged in.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Sends any bytes with any headers and returns what came back.
    ///
    /// # Errors
    /// When there is no answer at all.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> anyhow::Result<Reply> {
        let mut request = self.http.request(method, self.url(path)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = self.shown()? {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.with_context(|| format!("while asking for {path}"))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.context("while reading the answer")?.to_vec();
        Ok(Reply { status, headers, body })
    }

    /// Returns the status of a `GET`.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn get_status(&self, path: &str) -> anyhow::Result<u16> {
        Ok(self.send(Method::GET, path, &[], Vec::new()).await?.status)
    }

    /// Gets a document.
    ///
    /// # Errors
    /// When the answer is no success or no such document; so for all methods below.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        succeeded(path, &self.send(Method::GET, path, &[], Vec::new()).await?)
    }

    /// Posts a document and reads the answer.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        succeeded(path, &self.post_raw(path, body, &[]).await?)
    }

    /// Posts a document with further headers and returns what came back.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn post_raw(
        &self,
        path: &str,
        body: &impl Serialize,
        headers: &[(&str, &str)],
    ) -> anyhow::Result<Reply> {
        let mut all = vec![("content-type", "application/json")];
        all.extend_from_slice(headers);
        self.send(Method::POST, path, &all, serde_json::to_vec(body)?).await
    }

    /// Asks for a new set-up link (local socket only).
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn setup_link(&self) -> anyhow::Result<SetupLinkView> {
        self.post("/api/auth/setup-link", &serde_json::json!({})).await
    }

    /// Uses a set-up link and returns the client logged in.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn set_up(self, token: &str, email: &str, password: &str) -> anyhow::Result<Self> {
        let wish = serde_json::json!({"token": token, "display_name": email, "email": email,
                                      "password": password});
        let logged_in: LoggedIn = self.post("/api/auth/setup", &wish).await?;
        Ok(self.with_token(&logged_in.token))
    }

    /// Logs in and returns the client logged in.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn log_in(self, email: &str, password: &str) -> anyhow::Result<Self> {
        let wish = serde_json::json!({"email": email, "password": password});
        let logged_in: LoggedIn = self.post("/api/auth/login", &wish).await?;
        Ok(self.with_token(&logged_in.token))
    }

    /// Opens a conversation and returns its id.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn converse(&self) -> anyhow::Result<String> {
        let opened: ConversationView =
            self.post("/api/conversations", &NewConversation::default()).await?;
        Ok(opened.id)
    }

    /// Says something in a conversation.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn say(&self, conversation: &str, content: &str) -> anyhow::Result<Accepted> {
        let path = messages_path(conversation);
        self.post(&path, &words(content)).await
    }

    /// Says something under an idempotency key and returns what came back.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn say_once(
        &self,
        conversation: &str,
        content: &str,
        key: &str,
    ) -> anyhow::Result<Reply> {
        let path = messages_path(conversation);
        self.post_raw(&path, &words(content), &[("idempotency-key", key)]).await
    }

    /// Returns all messages of a conversation, oldest first, page by page.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn messages(&self, conversation: &str) -> anyhow::Result<Vec<MessageView>> {
        let base = format!("{}?limit=100", messages_path(conversation));
        let mut path = base.clone();
        let mut pages = Vec::new();
        loop {
            let page: MessageList = self.get(&path).await?;
            pages.push(page.messages);
            let Some(before) = page.next_before else { break };
            path = format!("{base}&before={before}");
        }
        Ok(pages.into_iter().rev().flatten().collect())
    }

    /// Waits for the answer to a message.
    ///
    /// # Errors
    /// When it is not there `within` the time.
    pub async fn answer(
        &self,
        conversation: &str,
        accepted: &Accepted,
        within: Duration,
    ) -> anyhow::Result<MessageView> {
        wait::until("the answer", within, async || {
            let page: MessageList = self.get(&messages_path(conversation)).await?;
            Ok(page.messages.into_iter().find(|message| message.id == accepted.answer_id))
        })
        .await
    }

    /// Returns the six agents.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn agents(&self) -> anyhow::Result<Vec<AgentView>> {
        Ok(self.get::<AgentList>("/api/agents").await?.agents)
    }

    /// Returns one agent.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn agent(&self, name: &str) -> anyhow::Result<AgentView> {
        self.get(&format!("/api/agents/{name}")).await
    }

    /// Returns one task with its children.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn task(&self, id: &str) -> anyhow::Result<TaskView> {
        self.get(&format!("/api/tasks/{id}")).await
    }

    /// Returns all tasks of the user, newest first, page by page.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn tasks(&self) -> anyhow::Result<Vec<TaskView>> {
        let mut tasks = Vec::new();
        let mut path = "/api/tasks?limit=100".to_owned();
        loop {
            let page: TaskList = self.get(&path).await?;
            tasks.extend(page.items);
            let Some(cursor) = page.next_cursor else { break };
            path = format!("/api/tasks?limit=100&cursor={cursor}");
        }
        Ok(tasks)
    }

    /// Searches the user's memories.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn recall(&self, query: &str) -> anyhow::Result<Vec<MemoryHitView>> {
        let found: MemoryResults =
            self.post("/api/memory/search", &serde_json::json!({"query": query})).await?;
        Ok(found.results)
    }

    /// Opens the live feed.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn feed(&self) -> anyhow::Result<Feed> {
        match &self.way {
            Way::Tcp(address) => Feed::tcp(address, self.token.as_deref(), &[]).await,
            Way::Local(socket) => Feed::local(socket, &key_beside(socket)?).await,
        }
    }

    /// Returns what is shown as a bearer token; the socket's key changes with every start.
    fn shown(&self) -> anyhow::Result<Option<String>> {
        match &self.way {
            Way::Local(socket) if self.token.is_none() => key_beside(socket).map(Some),
            _ => Ok(self.token.clone()),
        }
    }

    fn url(&self, path: &str) -> String {
        match &self.way {
            Way::Tcp(address) => format!("http://{address}{path}"),
            Way::Local(_) => format!("http://localhost{path}"),
        }
    }
}

fn key_beside(socket: &Path) -> anyhow::Result<String> {
    let path = socket.with_file_name("people.key");
    std::fs::read_to_string(&path).with_context(|| format!("while reading {}", path.display()))
}

/// Returns the path of a conversation's messages.
#[must_use]
pub fn messages_path(conversation: &str) -> String {
    format!("/api/conversations/{conversation}/messages")
}

fn words(content: &str) -> NewMessage {
    NewMessage { content: content.to_owned(), attachments: Vec::new() }
}

fn succeeded<T: DeserializeOwned>(path: &str, reply: &Reply) -> anyhow::Result<T> {
    if !(200..300).contains(&reply.status) {
        bail!("{path} answered {}: {}", reply.status, reply.text());
    }
    reply.json().with_context(|| format!("while reading the answer of {path}"))
}

fn builder() -> reqwest::ClientBuilder {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Fails only when somebody else has installed it, which is as good.
        let _first = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder().timeout(DEADLINE).no_proxy()
}
