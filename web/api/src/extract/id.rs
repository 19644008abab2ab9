//! Names in paths: ids of records and of agents. Looks nothing up.

use std::str::FromStr;

use appliance_core::{AgentName, ids::BadId};
use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use web_dto::Code;

use crate::error::ApiError;

/// The `{id}` of a path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Id<T>(pub(crate) T);

impl<T, S> FromRequestParts<S> for Id<T>
where
    T: FromStr<Err = BadId>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let text = segment(parts, state).await?;
        text.parse().map(Self).map_err(|bad: BadId| ApiError::new(Code::IdInvalid, bad.to_string()))
    }
}

/// The `{name}` of an agent's path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AgentPath(pub(crate) AgentName);

impl<S: Send + Sync> FromRequestParts<S> for AgentPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let text = segment(parts, state).await?;
        let name: Result<AgentName, _> = text.parse();
        name.map(Self).map_err(|unknown| ApiError::new(Code::AgentUnknown, unknown.to_string()))
    }
}

async fn segment<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<String, ApiError> {
    match Path::<String>::from_request_parts(parts, state).await {
        Ok(Path(text)) => Ok(text),
        Err(bad) => Err(ApiError::new(Code::IdInvalid, bad.body_text())),
    }
}
