//! The routes: every path this server answers to, on one page. Does no work of its own.
//!
//! Read from the bottom of each list: layers run in the reverse of the order they are added in, so
//! a request passes `around`, then the panic net, then `admit` (or `seated`), then its route.

use std::sync::Arc;

use appliance_core::desk::paths;
use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{delete, get, post},
};
use tower_http::catch_panic::CatchPanicLayer;
use web_dto::Code;

use crate::{
    error::ApiError,
    gate,
    parts::{App, Parts, Shared},
    portal, prefix,
    routes::{
        agents, auth, clock, conversations, desk, health, info, llm, logs, mcp, memory, messages,
        metrics, settings, tasks, tokens,
    },
    socket,
};

/// One router for each kind of caller.
#[derive(Debug, Clone)]
pub struct Faces {
    /// What TCP and `api.sock` serve.
    pub people: Router,
    /// What `agent.sock` serves.
    pub agents: Router,
}

/// Builds both routers over the same parts.
pub fn faces(parts: Parts) -> Faces {
    let app: Shared = Arc::new(App::new(parts));
    let people = Router::new()
        .merge(people())
        .merge(machines())
        .fallback(portal::serve)
        .method_not_allowed_fallback(not_allowed)
        .layer(from_fn_with_state(Arc::clone(&app), gate::admit));
    let agents = agents()
        .fallback(unknown)
        .method_not_allowed_fallback(not_allowed)
        .layer(from_fn_with_state(Arc::clone(&app), gate::seated));
    let people = prefix::below(app.parts.settings.base_path(), dressed(people, &app));
    Faces { people, agents: dressed(agents, &app) }
}

/// Puts around a router what every request passes first.
fn dressed(router: Router<Shared>, app: &Shared) -> Router {
    router
        .layer(CatchPanicLayer::custom(gate::panicked))
        .layer(from_fn_with_state(Arc::clone(app), gate::around))
        .with_state(Arc::clone(app))
}

/// What people use, through the portal and the command line.
fn people() -> Router<Shared> {
    Router::new()
        .route("/api/auth/login", post(auth::login))
        .route("/api/auth/logout", post(auth::logout))
        .route("/api/auth/me", get(auth::me))
        .route("/api/auth/session", get(auth::session))
        .route("/api/auth/setup", post(auth::setup))
        .route("/api/auth/setup/check", post(auth::setup_check))
        .route("/api/auth/setup-link", post(auth::setup_link))
        .route("/api/conversations", get(conversations::list).post(conversations::post))
        .route(
            "/api/conversations/{id}",
            get(conversations::get).patch(conversations::patch).delete(conversations::archive),
        )
        .route("/api/conversations/{id}/purge", post(conversations::purge))
        .route("/api/conversations/{id}/messages", get(messages::list).post(messages::post))
        .route("/api/agents", get(agents::list))
        .route("/api/agents/{name}", get(agents::get))
        .route("/api/agents/{name}/start", post(agents::start))
        .route("/api/agents/{name}/stop", post(agents::stop))
        .route("/api/agents/{name}/restart", post(agents::restart))
        .route("/api/agents/{name}/log", get(agents::log))
        .route("/api/tasks", get(tasks::list))
        .route("/api/tasks/{id}", get(tasks::get))
        .route("/api/tasks/{id}/cancel", post(tasks::cancel))
        .route("/api/memory", get(memory::list).post(memory::remember))
        .route("/api/memory/check", post(memory::check))
        .route("/api/memory/search", post(memory::search))
        .route("/api/memory/learnings", get(memory::learnings))
        .route("/api/memory/stats", get(memory::stats))
        .route("/api/memory/export", get(memory::export))
        .route("/api/memory/reindex", post(memory::reindex))
        .route("/api/memory/maintenance", post(memory::maintain))
        .route("/api/memory/forget", post(memory::forget_many))
        .route("/api/memory/purge", post(memory::purge))
        .route("/api/memory/undo", post(memory::undo))
        .route("/api/memory/actions", get(memory::actions))
        .route("/api/memory/signals", get(memory::signals).post(memory::signal))
        .route("/api/memory/{id}", get(memory::get))
        .route("/api/memory/{id}/forget", post(memory::forget))
        .route("/api/memory/{id}/pin", post(memory::pin))
        .route("/api/memory/{id}/correct", post(memory::correct))
        .route("/api/clock", get(clock::get))
        .route("/api/clock/confirm", post(clock::confirm))
        .route("/api/logs", get(logs::get))
        .route("/api/settings", get(settings::get))
        .route("/api/tokens", get(tokens::list).post(tokens::post))
        .route("/api/tokens/{id}", delete(tokens::delete))
        .route("/ws", get(socket::get))
        .route("/api/live", post(socket::post))
        .route("/mcp", post(mcp::post))
}

/// What probes and scrapers use.
fn machines() -> Router<Shared> {
    Router::new()
        .route("/api/info", get(info::get))
        .route("/api/health/live", get(health::live))
        .route("/api/health/ready", get(health::ready))
        .route("/api/health/agents", get(health::agents))
        .route("/api/health/model", get(health::model))
        .route("/metrics", get(metrics::get))
}

/// What the agents use, over their own socket.
fn agents() -> Router<Shared> {
    Router::new()
        .route(paths::HELLO, post(desk::hello))
        .route(paths::BEAT, post(desk::beat))
        .route(paths::LEASE_NEXT, post(desk::lease_next))
        .route(paths::RENEW, post(desk::renew))
        .route(paths::DELEGATE, post(desk::delegate))
        .route(paths::COMPLETE, post(desk::complete))
        .route(paths::FAIL, post(desk::fail))
        .route(paths::PROGRESS, post(desk::progress))
        .route(paths::THREAD, post(desk::thread))
        .route(paths::RECALL, post(desk::recall))
        .route(paths::CARE, post(desk::care))
        .route(paths::MESSAGES, post(llm::messages))
}

async fn unknown(method: http::Method, uri: http::Uri) -> ApiError {
    let detail = format!("nothing answers to {method} {} on the agents' socket", uri.path());
    ApiError::new(Code::RouteUnknown, detail)
}

async fn not_allowed(method: http::Method) -> ApiError {
    ApiError::new(Code::MethodNotAllowed, format!("this route does not take {method}"))
}
