//! The agent behind a request, as `gate::seated` knows it from the fleet. Trusts nothing it says.

use appliance_core::{Incarnation, ports::PeerProcess};
use axum::extract::FromRequestParts;
use http::request::Parts;
use web_dto::Code;

use crate::{error::ApiError, parts::Shared};

/// One life of one of the six agents; only its own process gets this far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CurrentAgent(pub(crate) Incarnation);

impl FromRequestParts<Shared> for CurrentAgent {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().copied().ok_or_else(stranger)
    }
}

/// The process on the agents' socket, whether or not it has a seat yet.
#[derive(Debug, Clone)]
pub(crate) struct Arriving(pub(crate) PeerProcess);

impl FromRequestParts<Shared> for Arriving {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, ApiError> {
        parts.extensions.get::<PeerProcess>().cloned().map(Self).ok_or_else(stranger)
    }
}

fn stranger() -> ApiError {
    ApiError::new(Code::AgentStranger, "agents come over their own socket only")
}
