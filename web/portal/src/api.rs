//! The server's REST routes as functions: words of `web_dto` in, words or a [`Failure`] out.
//!
//! The session travels in the cookie, which no script can read. Holds no state and decides nothing
//! about the screen.

use gloo_net::http::{Request, RequestBuilder, Response};
use serde::{Serialize, de::DeserializeOwned};
use web_dto::{
    Accepted, AgentList, AgentLog, AgentView, ConversationList, ConversationPatch,
    ConversationView, LoggedIn, Login, Me, MemoryQuery, MemoryQueryFilters, MemoryResults,
    MessageList, NewConversation, NewMessage, ServerInfo, SetUp, SettingList, TaskList, TaskView,
};

use crate::model::Failure;

/// What every route answers.
pub type Answer<T> = Result<T, Failure>;

/// Asks what may be shown before anybody has logged in.
pub async fn info() -> Answer<ServerInfo> {
    get("/api/info").await
}

/// Asks who is logged in, if anybody.
pub async fn session() -> Answer<Option<Me>> {
    get("/api/auth/session").await
}

/// Logs in; the answer sets the cookie.
pub async fn login(body: &Login) -> Answer<LoggedIn> {
    post("/api/auth/login", body).await
}

/// Sets the account up with the token of the one-time link; the answer sets the cookie.
pub async fn set_up(body: &SetUp) -> Answer<LoggedIn> {
    post("/api/auth/setup", body).await
}

/// Ends the session.
pub async fn logout() -> Answer<()> {
    let sent = Request::post("/api/auth/logout").send().await;
    checked(sent).await.map(drop)
}

/// Lists conversations that are `active` or `archived`, last changed first.
pub async fn conversations(status: &str, cursor: Option<&str>) -> Answer<ConversationList> {
    let from = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
    get(&format!("/api/conversations?status={status}&limit=100{from}")).await
}

/// Gets one conversation, whatever its status.
pub async fn conversation(id: &str) -> Answer<ConversationView> {
    get(&format!("/api/conversations/{id}")).await
}

/// Renames a conversation, puts it away or brings it back.
pub async fn change(id: &str, patch: &ConversationPatch) -> Answer<ConversationView> {
    let path = format!("/api/conversations/{id}");
    decoded(with_body(Request::patch(&path), patch).await?).await
}

/// Begins a conversation; its first message names it.
pub async fn new_conversation() -> Answer<ConversationView> {
    post("/api/conversations", &NewConversation::default()).await
}

/// Gets the newest messages of a conversation.
pub async fn messages(conversation: &str) -> Answer<MessageList> {
    get(&format!("/api/conversations/{conversation}/messages")).await
}

/// Messages read at once while somebody scrolls: few enough to be drawn between two frames.
const OLDER_AT_ONCE: usize = 12;

/// Gets the messages before `before`.
pub async fn messages_before(conversation: &str, before: &str) -> Answer<MessageList> {
    let query = format!("before={before}&limit={OLDER_AT_ONCE}");
    get(&format!("/api/conversations/{conversation}/messages?{query}")).await
}

/// Sends a message; repeating it with the same `key` sends it once.
pub async fn send(conversation: &str, key: &str, text: &str) -> Answer<Accepted> {
    let body = NewMessage { content: text.to_owned(), attachments: Vec::new() };
    let path = format!("/api/conversations/{conversation}/messages");
    decoded(with_body(Request::post(&path).header("Idempotency-Key", key), &body).await?).await
}

/// Lists the six agents.
pub async fn agents() -> Answer<AgentList> {
    get("/api/agents").await
}

/// Starts, stops or restarts an agent.
pub async fn steer(agent: &str, verb: &str) -> Answer<AgentView> {
    let sent = Request::post(&format!("/api/agents/{agent}/{verb}")).send().await;
    decoded(checked(sent).await?).await
}

/// Gets what an agent's window shows.
pub async fn agent_log(agent: &str) -> Answer<AgentLog> {
    get(&format!("/api/agents/{agent}/log?lines=100")).await
}

/// Lists the newest tasks.
pub async fn tasks() -> Answer<TaskList> {
    get("/api/tasks?limit=50").await
}

/// Gets a task with its parts.
pub async fn task(id: &str) -> Answer<TaskView> {
    get(&format!("/api/tasks/{id}")).await
}

/// Calls a task off; what was written of its answer stays.
pub async fn cancel(id: &str) -> Answer<TaskView> {
    let sent = Request::post(&format!("/api/tasks/{id}/cancel")).send().await;
    decoded(checked(sent).await?).await
}

/// Searches the memories.
pub async fn search(query: &str, limit: usize) -> Answer<MemoryResults> {
    let filters = MemoryQueryFilters::default();
    let body = MemoryQuery { query: query.to_owned(), limit, filters };
    post("/api/memory/search", &body).await
}

/// Lists the configuration; for admins.
pub async fn settings() -> Answer<SettingList> {
    get("/api/settings").await
}

async fn get<T: DeserializeOwned>(path: &str) -> Answer<T> {
    let sent = Request::get(path).send().await;
    decoded(checked(sent).await?).await
}

async fn post<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Answer<T> {
    decoded(with_body(Request::post(path), body).await?).await
}

async fn with_body(request: RequestBuilder, body: &impl Serialize) -> Answer<Response> {
    let request = request.json(body).map_err(|_| Failure::unreachable())?;
    checked(request.send().await).await
}

/// Turns everything but a 2xx into a failure.
async fn checked(sent: Result<Response, gloo_net::Error>) -> Answer<Response> {
    let response = sent.map_err(|_| Failure::unreachable())?;
    if response.ok() {
        return Ok(response);
    }
    let body = response.text().await.unwrap_or_default();
    Err(Failure::from_answer(response.status(), &body))
}

async fn decoded<T: DeserializeOwned>(response: Response) -> Answer<T> {
    let status = response.status();
    response.json().await.map_err(|_| Failure::from_answer(status, ""))
}
