//! Errors on the wire: RFC 9457 with a stable code, a hint and the request's id.
//!
//! [`Code`] is the one table of codes: the server picks from it, the portal matches on it, and a
//! test holds the documentation against it.

use serde::{Deserialize, Serialize};

/// A problem document, `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `urn:ai-infra:problem:<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code's short text.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What happened here, and the limit or name involved.
    pub detail: String,
    /// The stable code, such as `message.too_long`.
    pub code: String,
    /// What to do about it.
    pub hint: String,
    /// Finds the request in the log.
    pub request_id: String,
    /// Which fields are wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// One wrong field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// JSON pointer (RFC 6901), such as `/content`.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

macro_rules! codes {
    ($($name:ident = $code:literal, $status:literal, $title:literal, $hint:literal;)+) => {
        /// The stable error codes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $(
            #[doc = concat!("`", $code, "`, ", $status, ": ", $title, ".")]
            $name,
        )+ }

        /// Every code, in the order of the table.
        pub const CODES: &[Code] = &[$(Code::$name),+];

        impl Code {
            /// Returns the code on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// Returns the HTTP status it comes with.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status),+ }
            }

            /// Returns its short text.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title),+ }
            }

            /// Returns what to do about it.
            #[must_use]
            pub const fn hint(self) -> &'static str {
                match self { $(Self::$name => $hint),+ }
            }
        }
    };
}

codes! {
    RouteUnknown = "route.unknown", 404, "no such route", "check the path; GET /api/info answers everywhere";
    MethodNotAllowed = "method.not_allowed", 405, "method not allowed", "use one of the methods in the Allow header";
    RequestMalformed = "request.malformed", 400, "the request's head is ambiguous", "send one Host header that names this server";
    BodyMalformed = "body.malformed", 400, "body is not valid JSON", "send UTF-8 JSON; `detail` names the line and column";
    BodyInvalid = "body.invalid", 422, "body has wrong fields", "mend the fields listed under `errors`";
    BodyTooLarge = "body.too_large", 413, "body is too large", "send at most 1 MiB";
    BodyNotJson = "body.not_json", 415, "body is not declared as JSON", "set Content-Type: application/json";
    NotAcceptable = "accept.unusable", 406, "the answer has no form that is accepted", "set Accept: application/json, text/event-stream";
    McpRefused = "mcp.refused", 400, "this is not how MCP is spoken", "send what `detail` asks for; the revisions spoken are those of modelcontextprotocol.io";
    QueryInvalid = "query.invalid", 422, "query parameter is wrong", "mend the parameter that `detail` names";
    IdInvalid = "id.invalid", 422, "id is not a UUID", "use an id as the API returned it";
    MessageEmpty = "message.empty", 422, "message is empty", "say something";
    MessageTooLong = "message.too_long", 422, "message is too long", "send at most 50,000 characters, or split it";
    AttachmentsUnsupported = "attachments.unsupported", 422, "attachments are not taken", "send the text alone";
    KeyReused = "idempotency.reused", 422, "Idempotency-Key was used for another request", "use a new key for a new request";
    KeyInvalid = "idempotency.invalid", 422, "Idempotency-Key is not usable", "use 1 to 128 visible ASCII characters";
    AuthRequired = "auth.required", 401, "not logged in", "log in, or send Authorization: Bearer with a valid token";
    PeopleKey = "people.key", 401, "the local socket's key is missing or wrong", "send Authorization: Bearer with what people.key beside the socket holds; `ai-infra` does so by itself";
    AuthFailed = "auth.failed", 401, "e-mail or password is wrong", "try again, or run `ai-infra setup-link` on the server";
    AuthLimited = "auth.limited", 429, "too many attempts", "wait as long as Retry-After says";
    AuthInsecure = "auth.insecure", 403, "log-in over plain http", "put TLS in front, or use the server's loopback address";
    SetupLinkInvalid = "setup.link_invalid", 410, "the link is used up, expired or unknown", "run `ai-infra setup-link` on the server for a new one";
    EmailInvalid = "email.invalid", 422, "e-mail is not usable", "use an address such as you@example.com";
    EmailTaken = "email.taken", 409, "e-mail belongs to another account", "use another address";
    PasswordWeak = "password.weak", 422, "password is too short or too long, or cannot be typed everywhere", "use 12 to 1,024 characters, and no control characters";
    Forbidden = "forbidden", 403, "not allowed", "ask an admin of this server";
    TokenScope = "token.scope", 403, "the token does not reach this", "use a token with a scope that `detail` names; POST /api/tokens makes one for whoever is logged in";
    TokenInvalid = "token.invalid", 422, "this token cannot be made", "mend the field listed under `errors`";
    TokenNameTaken = "token.name_taken", 409, "there is a token of that name", "use another name, or revoke the one that has it";
    TokenLimit = "token.limit", 409, "there are as many tokens as a person may have", "revoke one that is not used any more";
    OriginForeign = "origin.foreign", 403, "request comes from another site", "use the portal's own address";
    HostForeign = "host.foreign", 421, "host name is not this server's", "add the name to server.allowed_hosts";
    NotFound = "not_found", 404, "not found", "check the id; what belongs to another user is not found either";
    AgentUnknown = "agent.unknown", 404, "no such agent", "the agents are supervisor, code, data, infra, research, qa";
    Conflict = "conflict", 409, "somebody else was first", "read again and retry";
    LeaseLost = "lease.lost", 409, "the lease is not held any more", "drop the work and ask for the next";
    LeaseNeeded = "lease.needed", 403, "the model is spoken to under a lease only", "name the task in the header x-ai-infra-task; the agent must hold its lease";
    AgentStranger = "agent.stranger", 403, "this process is no agent", "only the processes that the server starts are agents; with `ai-infra serve --agents none` they are run by hand";
    AgentTaken = "agent.taken", 409, "the agent already runs", "stop the other process first";
    AgentProcess = "agent.process", 503, "the agent's process cannot be reached", "look at the agent with `ai-infra agent list`; `ai-infra doctor` says more";
    RateLimited = "rate.limited", 429, "too many requests", "wait as long as Retry-After says";
    SearchInvalid = "search.invalid", 422, "search is not usable", "mend what `detail` names";
    NothingToUndo = "memory.nothing_to_undo", 409, "there is nothing to undo", "GET /api/memory/actions lists what was done; after 30 days it is final";
    JobRunning = "job.running", 409, "the same job is running already", "GET /api/memory/stats shows how far it is; try again when it has ended";
    ModelUnavailable = "model.unavailable", 503, "the model cannot be reached", "try again; `ai-infra doctor` says more";
    StoreFull = "store.full", 507, "the disk is full", "free space; nothing that was confirmed is lost";
    StoreUnavailable = "store.unavailable", 503, "the store cannot answer", "try again; `ai-infra doctor` says more";
    StoreCorrupt = "store.corrupt", 500, "stored data is damaged", "stop the server and run `ai-infra doctor`";
    ServerBusy = "server.busy", 503, "too many connections", "wait as long as Retry-After says; server.max_connections raises the limit";
    ShuttingDown = "server.stopping", 503, "the server is stopping", "try again in a moment";
    Internal = "internal", 500, "something went wrong inside", "look for the request id in `ai-infra logs`";
}

impl Problem {
    /// Builds the document for `code`.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>, request_id: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:ai-infra:problem:{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            detail: detail.into(),
            code: code.as_str().to_owned(),
            hint: code.hint().to_owned(),
            request_id: request_id.into(),
            errors: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_have_an_error_status() {
        let mut seen = std::collections::BTreeSet::new();
        for code in CODES {
            assert!(seen.insert(code.as_str()), "{} twice", code.as_str());
            assert!((400..600).contains(&code.status()), "{}", code.as_str());
            assert!(!code.hint().is_empty() && !code.title().is_empty());
        }
    }
}
