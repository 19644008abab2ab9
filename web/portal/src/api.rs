//! The server's REST routes as functions: words of `web_dto` in, words or a [`Failure`] out.
//!
//! The session travels in the cookie, which no script can read. Holds no state and decides nothing
//! about the screen.

use gloo_net::http::{Method, RequestBuilder};
use serde::{Serialize, de::DeserializeOwned};
use web_dto::{
    Accepted, ActionList, ActionView, AgentList, AgentLog, AgentView, ConversationList,
    ConversationPatch, ConversationView, Listen, LoggedIn, Login, Me, MemoryList, MemoryView,
    MessageList, NewConversation, NewMemories, NewMemory, NewMessage, PurgeConfirmed,
    PurgeMemories, PurgedView, Remembered, ServerFrame, ServerInfo, SetUp, SetUpCheck, SettingList,
    TaskList, TaskView,
};

use crate::{
    base::at,
    model::{
        Checks, Failure,
        memory::{Asked, Figures, Found, read_deed},
        read_heard,
    },
};

/// What every route answers.
pub type Answer<T> = Result<T, Failure>;

/// Asks what may be shown before anybody has logged in.
pub async fn info() -> Answer<ServerInfo> {
    get("/api/info").await
}

/// Asks how the server is; one that cannot serve says so too, with a 503.
pub async fn health() -> Answer<Checks> {
    parsed(&answered(get_at("/api/health/ready"), None).await?.1)
}

/// Says that the server's clock is right.
pub async fn confirm_clock() -> Answer<()> {
    sent(post_at("/api/clock/confirm"), Some("{}".to_owned())).await.map(drop)
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

/// Asks whether the token of a one-time link can still be used.
pub async fn check_set_up(token: &str) -> Answer<()> {
    let body = SetUpCheck { token: token.to_owned() };
    sent(post_at("/api/auth/setup/check"), written(&body)).await.map(drop)
}

/// Listens to or speaks on a line of long polls.
pub async fn live(body: Listen) -> Answer<(String, Vec<ServerFrame>)> {
    let answer = sent(post_at("/api/live"), written(&body)).await?;
    read_heard(&answer).map_err(|_| Failure::from_answer(200, ""))
}

/// Ends the session.
pub async fn logout() -> Answer<()> {
    sent(post_at("/api/auth/logout"), None).await.map(drop)
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
    parsed(&sent(patch_at(&path), written(patch)).await?)
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
const OLDER_AT_ONCE: usize = 8;

/// Gets the messages before `before`.
pub async fn messages_before(conversation: &str, before: &str) -> Answer<MessageList> {
    let query = format!("before={before}&limit={OLDER_AT_ONCE}");
    get(&format!("/api/conversations/{conversation}/messages?{query}")).await
}

/// Gets many messages before `before`, or the newest.
pub async fn many_messages(conversation: &str, before: Option<&str>) -> Answer<MessageList> {
    let before = before.map(|before| format!("&before={before}")).unwrap_or_default();
    get(&format!("/api/conversations/{conversation}/messages?limit=100{before}")).await
}

/// Sends a message; repeating it with the same `key` sends it once.
pub async fn send(conversation: &str, key: &str, text: &str) -> Answer<Accepted> {
    let body = NewMessage { content: text.to_owned(), attachments: Vec::new() };
    let path = format!("/api/conversations/{conversation}/messages");
    parsed(&sent(post_at(&path).header("Idempotency-Key", key), written(&body)).await?)
}

/// Lists the six agents.
pub async fn agents() -> Answer<AgentList> {
    get("/api/agents").await
}

/// Starts, stops or restarts an agent.
pub async fn steer(agent: &str, verb: &str) -> Answer<AgentView> {
    parsed(&sent(post_at(&format!("/api/agents/{agent}/{verb}")), None).await?)
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
    parsed(&sent(post_at(&format!("/api/tasks/{id}/cancel")), None).await?)
}

/// Searches the memories; a peek, because it is asked at every key.
pub async fn search(asked: &Asked, limit: usize) -> Answer<Found> {
    let body = Some(asked.body(limit));
    let answer = sent(post_at("/api/memory/search"), body).await?;
    Found::read(&answer).map_err(|_| Failure::from_answer(200, ""))
}

/// Reads a page of the memories; `query` is what [`Asked::list`] says.
pub async fn memories(query: &str) -> Answer<MemoryList> {
    get(&format!("/api/memory?{query}")).await
}

/// Gets one memory.
pub async fn memory(id: &str) -> Answer<MemoryView> {
    get(&format!("/api/memory/{id}")).await
}

/// Remembers one text.
pub async fn remember(text: String) -> Answer<Remembered> {
    let item = NewMemory { text, ..NewMemory::default() };
    post("/api/memory", &NewMemories { items: vec![item] }).await
}

/// Does something to memories: `path` is what stands after `/api/memory/`.
pub async fn deed(path: &str, body: String) -> Answer<ActionView> {
    let body = Some(body).filter(|body| !body.is_empty());
    let answer = sent(post_at(&format!("/api/memory/{path}")), body).await?;
    read_deed(&answer).map_err(|_| Failure::from_answer(200, ""))
}

/// Deletes one memory for good, with its traces; returns what went.
pub async fn purge_memory(id: &str) -> Answer<PurgedView> {
    post("/api/memory/purge", &PurgeMemories { ids: vec![id.to_owned()], confirm: true }).await
}

/// Deletes a conversation for good, with what was remembered of it.
pub async fn purge_conversation(id: &str) -> Answer<PurgedView> {
    post(&format!("/api/conversations/{id}/purge"), &PurgeConfirmed { confirm: true }).await
}

/// Asks how full memory is and what was done last.
pub async fn figures() -> Answer<Figures> {
    let mut figures: Figures = get("/api/memory/stats").await?;
    figures.deeds = get::<ActionList>("/api/memory/actions?limit=10").await?.items;
    Ok(figures)
}

/// Begins to build every vector anew.
pub async fn reindex() -> Answer<()> {
    sent(post_at("/api/memory/reindex"), None).await.map(drop)
}

/// Lists the configuration; for admins.
pub async fn settings() -> Answer<SettingList> {
    get("/api/settings").await
}

// Everything that waits is written once, for all types: what is made for each is the reading alone.

async fn get<T: DeserializeOwned>(path: &str) -> Answer<T> {
    parsed(&sent(get_at(path), None).await?)
}

async fn post<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Answer<T> {
    parsed(&sent(post_at(path), written(body)).await?)
}

fn get_at(path: &str) -> RequestBuilder {
    RequestBuilder::new(&at(path)).method(Method::GET)
}

fn post_at(path: &str) -> RequestBuilder {
    RequestBuilder::new(&at(path)).method(Method::POST)
}

fn patch_at(path: &str) -> RequestBuilder {
    RequestBuilder::new(&at(path)).method(Method::PATCH)
}

fn written(body: &impl Serialize) -> Option<String> {
    serde_json::to_string(body).ok()
}

fn parsed<T: DeserializeOwned>(answer: &str) -> Answer<T> {
    serde_json::from_str(answer).map_err(|_| Failure::from_answer(200, ""))
}

/// Sends a request and returns the answer's text; everything but a 2xx is a failure.
async fn sent(request: RequestBuilder, body: Option<String>) -> Answer<String> {
    match answered(request, body).await? {
        (200..=299, text, _) => Ok(text),
        (status, text, wait) => Err(Failure::from_answer(status, &text).after(wait)),
    }
}

/// Sends a request and returns the answer's status and text, and how long it tells to wait.
async fn answered(
    request: RequestBuilder,
    body: Option<String>,
) -> Answer<(u16, String, Option<u32>)> {
    let sent = match body {
        None => request.send().await,
        Some(body) => match request.header("content-type", "application/json").body(body) {
            Ok(request) => request.send().await,
            Err(error) => Err(error),
        },
    };
    let response = sent.map_err(|_| Failure::unreachable())?;
    let wait = response.headers().get("retry-after").and_then(|wait| wait.parse().ok());
    Ok((response.status(), response.text().await.unwrap_or_default(), wait))
}
