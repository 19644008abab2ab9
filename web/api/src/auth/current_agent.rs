//! The agent behind a request, as the fleet knows it by its process id. Trusts nothing it says.

use appliance_core::Incarnation;
use axum::extract::FromRequestParts;
use http::request::Parts;
use web_dto::Code;

use crate::{edge::Peer, error::ApiError, gate::Caller, parts::Shared};

/// One life of one of the six agents; only its own process gets this far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CurrentAgent(pub(crate) Incarnation);

impl FromRequestParts<Shared> for CurrentAgent {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        let Ok(caller) = Caller::from_request_parts(parts, app).await;
        Ok(Self(app.parts.fleet.who(local_pid(&caller)?)?))
    }
}

/// Returns the process id of a caller on the local socket.
///
/// # Errors
/// `agent.stranger` for anybody else.
pub(crate) fn local_pid(caller: &Caller) -> Result<u32, ApiError> {
    match caller.peer {
        Some(Peer::Local { pid, .. }) => Ok(pid),
        _ => Err(ApiError::new(Code::AgentStranger, "agents come over the local socket only")),
    }
}
