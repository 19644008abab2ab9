//! What a program's token opens: each route by method, and which scopes open it.
//!
//! Denied by default: a route that no row names is open to no token, so a new one is closed until
//! somebody decides. Making and revoking tokens, and logging in or out, are no program's business.
//! `/mcp` is opened here and its tools that write by [`Grant::writes_memory`].

use appliance_core::{ApiToken, TokenId, TokenScope};
use http::{Method, request::Parts};
use web_dto::Code;

use crate::error::ApiError;

use TokenScope::{Chat, Full, Memory, MemoryRead, ReadOnly};

const READS_MEMORY: &[TokenScope] = &[MemoryRead, Memory, ReadOnly, Full];
const WRITES_MEMORY: &[TokenScope] = &[Memory, Full];
const READS_CHAT: &[TokenScope] = &[Chat, ReadOnly, Full];
const WRITES_CHAT: &[TokenScope] = &[Chat, Full];
const READS: &[TokenScope] = &[ReadOnly, Full];
const WRITES: &[TokenScope] = &[Full];

/// Method, route as the router has it, and the scopes that open it.
const OPENED: &[(&str, &str, &[TokenScope])] = &[
    ("GET", "/api/auth/me", &TokenScope::ALL),
    ("GET", "/api/auth/session", &TokenScope::ALL),
    ("GET", "/api/memory", READS_MEMORY),
    ("POST", "/api/memory", WRITES_MEMORY),
    ("POST", "/api/memory/check", WRITES_MEMORY),
    ("POST", "/api/memory/search", READS_MEMORY),
    ("GET", "/api/memory/learnings", READS_MEMORY),
    ("GET", "/api/memory/stats", READS_MEMORY),
    ("GET", "/api/memory/export", READS_MEMORY),
    ("GET", "/api/memory/actions", READS_MEMORY),
    ("GET", "/api/memory/signals", READS_MEMORY),
    ("POST", "/api/memory/signals", WRITES_MEMORY),
    ("POST", "/api/memory/forget", WRITES_MEMORY),
    ("POST", "/api/memory/undo", WRITES_MEMORY),
    ("GET", "/api/memory/{id}", READS_MEMORY),
    ("POST", "/api/memory/{id}/forget", WRITES_MEMORY),
    ("POST", "/api/memory/{id}/pin", WRITES_MEMORY),
    ("POST", "/api/memory/{id}/correct", WRITES_MEMORY),
    ("POST", "/api/memory/purge", WRITES),
    ("POST", "/api/memory/reindex", WRITES),
    ("POST", "/api/memory/maintenance", WRITES),
    ("POST", "/mcp", READS_MEMORY),
    ("GET", "/api/conversations", READS_CHAT),
    ("POST", "/api/conversations", WRITES_CHAT),
    ("GET", "/api/conversations/{id}", READS_CHAT),
    ("PATCH", "/api/conversations/{id}", WRITES_CHAT),
    ("DELETE", "/api/conversations/{id}", WRITES_CHAT),
    ("POST", "/api/conversations/{id}/purge", WRITES),
    ("GET", "/api/conversations/{id}/messages", READS_CHAT),
    ("POST", "/api/conversations/{id}/messages", WRITES_CHAT),
    ("GET", "/api/tasks", READS_CHAT),
    ("GET", "/api/tasks/{id}", READS_CHAT),
    ("POST", "/api/tasks/{id}/cancel", WRITES_CHAT),
    ("GET", "/ws", WRITES_CHAT),
    ("POST", "/api/live", WRITES_CHAT),
    ("GET", "/api/agents", READS_CHAT),
    ("GET", "/api/agents/{name}", READS_CHAT),
    ("POST", "/api/agents/{name}/start", WRITES),
    ("POST", "/api/agents/{name}/stop", WRITES),
    ("POST", "/api/agents/{name}/restart", WRITES),
    ("GET", "/api/agents/{name}/log", READS),
    ("GET", "/api/clock", READS),
    ("POST", "/api/clock/confirm", WRITES),
    ("GET", "/api/logs", READS),
    ("GET", "/api/settings", READS),
    ("GET", "/api/health/model", READS),
];

/// What one token may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    /// The token.
    pub(crate) id: TokenId,
    name: String,
    scopes: Vec<TokenScope>,
}

impl Grant {
    /// Takes it from a token that was found to be live.
    pub(super) fn of(token: ApiToken) -> Self {
        Self { id: token.id, name: token.name, scopes: token.scopes }
    }

    /// Tells whether it may change memories.
    pub(crate) fn writes_memory(&self) -> Result<(), ApiError> {
        self.reaches("changing a memory", WRITES_MEMORY)
    }

    /// Checks that it opens the route that a request takes.
    ///
    /// # Errors
    /// `token.scope`, naming the scopes that would.
    pub(super) fn opens(&self, parts: &Parts) -> Result<(), ApiError> {
        let route = parts.extensions.get::<axum::extract::MatchedPath>();
        let route = route.map_or("", axum::extract::MatchedPath::as_str);
        self.reaches(&format!("{} {route}", parts.method), openers(&parts.method, route))
    }

    fn reaches(&self, what: &str, openers: &[TokenScope]) -> Result<(), ApiError> {
        if self.scopes.iter().any(|scope| openers.contains(scope)) {
            return Ok(());
        }
        let has = listed(&self.scopes, " and ");
        let needed = match openers {
            [] => "is no program's business: log in for it".to_owned(),
            openers => format!("needs the scope {}", listed(openers, " or ")),
        };
        let detail = format!("{what} {needed}; the token `{}` has {has}", self.name);
        Err(ApiError::new(Code::TokenScope, detail))
    }
}

/// Returns the scopes that open a route; none for one that no row names.
fn openers(method: &Method, route: &str) -> &'static [TokenScope] {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    let opened = |row: &&(&str, &str, _)| row.0 == method && row.1 == route;
    OPENED.iter().find(opened).map_or(&[], |row| row.2)
}

fn listed(scopes: &[TokenScope], between: &str) -> String {
    scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(scopes: &[TokenScope]) -> Grant {
        Grant {
            id: TokenId::from_bytes([1; 16]),
            name: "editor".to_owned(),
            scopes: scopes.to_vec(),
        }
    }

    #[test]
    fn what_no_row_names_is_open_to_no_token() {
        for (method, route) in [
            (Method::GET, "/api/tokens"),
            (Method::POST, "/api/tokens"),
            (Method::POST, "/api/auth/logout"),
            (Method::POST, "/api/auth/setup-link"),
            (Method::GET, "/api/of-tomorrow"),
            (Method::PUT, "/api/memory"),
        ] {
            assert!(openers(&method, route).is_empty(), "{method} {route}");
        }
        assert_eq!(openers(&Method::HEAD, "/api/memory"), READS_MEMORY);
    }

    #[test]
    fn a_reading_scope_opens_no_row_that_writes() {
        for (method, route, openers) in OPENED {
            let reads = *method == "GET" && *route != "/ws";
            if !reads && !["/api/memory/search", "/mcp"].contains(route) {
                assert!(!openers.contains(&ReadOnly), "{route}");
                assert!(!openers.contains(&MemoryRead), "{route}");
            }
        }
    }

    #[test]
    fn a_refusal_names_the_scope_that_is_needed() {
        let refused = has(&[MemoryRead]).writes_memory().unwrap_err();
        assert_eq!(refused.code, Code::TokenScope);
        assert!(refused.detail().contains("memory or full"), "{}", refused.detail());
        assert!(has(&[MemoryRead, Memory]).writes_memory().is_ok());
    }

    #[test]
    fn the_wire_knows_the_scopes_by_the_same_names() {
        let here = TokenScope::ALL.map(TokenScope::name);
        assert_eq!(here, web_dto::TOKEN_SCOPES.map(|(name, _)| name));
    }
}
