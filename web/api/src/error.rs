//! The one error of the HTTP face: a code of the table, a sentence, and the cause for the log.
//!
//! Handlers return it with `?`; `gate::around` turns it into `application/problem+json`, because
//! only there the request's id is known. Does not pass a driver's words on to clients: they may
//! name hosts and paths, so they go to the log alone.

use std::{sync::Arc, time::Duration};

use appliance_core::{
    Conflict, ErrorKind, StoreError,
    ports::{CareError, DeskError, FleetError, LlmError, LlmErrorKind, SearchError},
};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use web_dto::{Code, FieldError, Problem};

type Source = Box<dyn std::error::Error + Send + Sync>;

/// How long a client should wait for a store or model that is away.
const RETRY_SOON: Duration = Duration::from_secs(2);

/// Why a request is refused.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) code: Code,
    detail: String,
    errors: Vec<FieldError>,
    retry_after: Option<Duration>,
    source: Option<Source>,
}

impl ApiError {
    /// Refuses with `code`; `detail` says what happened here.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), retry_after: None, source: None }
    }

    /// Refuses one field of the body.
    pub(crate) fn field(code: Code, pointer: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let error = FieldError { pointer: pointer.to_owned(), detail: detail.clone() };
        Self { errors: vec![error], ..Self::new(code, detail) }
    }

    /// Says that `what` is not there, or not the caller's.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("there is no such {what}"))
    }

    /// Says which rule a change lost to.
    fn lost(conflict: Option<&Conflict>) -> Self {
        match conflict {
            Some(it @ Conflict::KeyReused) => Self::new(Code::KeyReused, it.to_string()),
            Some(it @ Conflict::EmailTaken) => {
                Self::field(Code::EmailTaken, "/email", it.to_string())
            }
            Some(it @ Conflict::AlreadyUndone(_)) => Self::new(Code::NothingToUndo, it.to_string()),
            Some(Conflict::LeaseLost { .. }) => {
                Self::new(Code::LeaseLost, "the lease is not held any more")
            }
            _ => Self::new(Code::Conflict, "it has changed since it was read; nothing was written"),
        }
    }

    /// Says when to come back.
    pub(crate) fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Says it in other words than the cause's own.
    pub(crate) fn saying(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Keeps the cause for the log.
    pub(crate) fn because(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Returns the sentence for the client.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// Returns the pointer of the first wrong field.
    pub(crate) fn pointer(&self) -> Option<&str> {
        self.errors.first().map(|field| field.pointer.as_str()).filter(|it| !it.is_empty())
    }

    /// Logs what an operator has to know of: the server's own failures, once, with their cause.
    pub(crate) fn log(&self) {
        let (code, detail) = (self.code.as_str(), self.detail.as_str());
        let cause = self.source.as_ref().map(ToString::to_string);
        if self.code.status() >= 500 {
            tracing::error!(code, detail, cause, "request failed");
        } else {
            tracing::debug!(code, detail, cause, "request refused");
        }
    }

    /// Builds the document for one request.
    pub(crate) fn problem(&self, request_id: &str) -> Problem {
        let mut problem = Problem::new(self.code, &self.detail, request_id);
        problem.errors.clone_from(&self.errors);
        problem
    }
}

impl IntoResponse for ApiError {
    /// Leaves the body to `gate::around`, which finds the error among the extensions.
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let refused = match error.kind {
            ErrorKind::Unavailable => {
                Self::new(Code::StoreUnavailable, "the store cannot answer just now")
                    .retry_after(RETRY_SOON)
            }
            ErrorKind::Full => Self::new(Code::StoreFull, full(&error)),
            ErrorKind::Corrupt => Self::new(Code::StoreCorrupt, "a stored record is damaged"),
            ErrorKind::TooLarge => Self::new(Code::BodyTooLarge, "a value is over its limit"),
            ErrorKind::Conflict => Self::lost(error.as_conflict()),
            ErrorKind::Invalid => Self::new(Code::Internal, "the server made a wrong call"),
        };
        refused.because(error)
    }
}

/// The store's own words say what is full, and name no path.
fn full(error: &StoreError) -> String {
    let why = std::error::Error::source(error).map(ToString::to_string);
    let why = why.filter(|words| !words.contains('/')); // a driver's, which may name one
    why.unwrap_or_else(|| "there is no room, and nothing was written".to_owned())
}

impl From<SearchError> for ApiError {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Empty | SearchError::TooLong { .. } => {
                Self::field(Code::SearchInvalid, "/query", error.to_string())
            }
            SearchError::Embedder(cause) => {
                Self::new(Code::StoreUnavailable, "the memory search cannot answer just now")
                    .retry_after(RETRY_SOON)
                    .because(cause)
            }
            SearchError::Store(cause) => cause.into(),
        }
    }
}

impl From<CareError> for ApiError {
    fn from(error: CareError) -> Self {
        match error {
            CareError::Unknown(_) => Self::new(Code::NotFound, error.to_string()),
            CareError::NothingToUndo => Self::new(Code::NothingToUndo, error.to_string()),
            CareError::Invalid(why) => Self::new(Code::BodyInvalid, why),
            CareError::Over(_) => Self::new(Code::Conflict, error.to_string()),
            CareError::Busy(_) => Self::new(Code::JobRunning, error.to_string()),
            CareError::Search(cause) => cause.into(),
            CareError::Store(cause) => cause.into(),
        }
    }
}

impl From<DeskError> for ApiError {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::LeaseLost(_) => Self::new(Code::LeaseLost, error.to_string()),
            DeskError::Refused(why) => Self::new(Code::BodyInvalid, why),
            DeskError::Search(cause) => cause.into(),
            DeskError::Store(cause) => cause.into(),
        }
    }
}

impl From<FleetError> for ApiError {
    fn from(error: FleetError) -> Self {
        match error {
            FleetError::Taken { .. } => Self::new(Code::AgentTaken, error.to_string()),
            FleetError::Stranger { .. } => Self::new(Code::AgentStranger, error.to_string()),
            FleetError::Process { .. } => Self::new(Code::AgentProcess, error.to_string()),
            FleetError::Store(cause) => cause.into(),
        }
    }
}

impl From<LlmError> for ApiError {
    fn from(error: LlmError) -> Self {
        let code = match error.kind {
            LlmErrorKind::Unavailable | LlmErrorKind::Unauthorised => Code::ModelUnavailable,
            LlmErrorKind::Invalid => Code::BodyInvalid,
            LlmErrorKind::Limited => Code::RateLimited,
        };
        let wait = error.retry_after.unwrap_or(RETRY_SOON);
        let refused = Self::new(code, error.to_string());
        if error.kind == LlmErrorKind::Invalid { refused } else { refused.retry_after(wait) }
    }
}

#[cfg(test)]
mod tests {
    use appliance_core::Thing;

    use super::*;

    #[test]
    fn a_driver_error_does_not_reach_the_client() {
        let cause = StoreError::unavailable("users.get", "db at 10.0.0.7:5432 refused");
        let error = ApiError::from(cause);
        assert_eq!(error.code, Code::StoreUnavailable);
        assert!(!error.problem("r").detail.contains("10.0.0.7"));
    }

    #[test]
    fn conflicts_are_told_apart_by_their_rule() {
        let code = |conflict| ApiError::from(StoreError::conflict("records.apply", conflict)).code;
        assert_eq!(code(Conflict::KeyReused), Code::KeyReused);
        assert_eq!(code(Conflict::EmailTaken), Code::EmailTaken);
        let gone = Conflict::Gone(Thing::SetupLink);
        assert_eq!(code(gone), Code::Conflict);
    }

    #[test]
    fn waiting_times_are_rounded_up_to_whole_seconds() {
        let response = ApiError::new(Code::AuthLimited, "wait")
            .retry_after(Duration::from_millis(5_001))
            .into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "6");
    }
}
