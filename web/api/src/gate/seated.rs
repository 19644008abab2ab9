//! The door of the agents' socket: before any route is looked for, the process must hold a seat.
//! Knows the fleet's word alone; what an agent may do with a seat is the desk's to decide.

use appliance_core::{desk::paths, ports::PeerProcess};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use web_dto::Code;

use crate::{auth::CurrentAgent, edge::Peer, error::ApiError, parts::Shared};

/// Lets a request through if its process is one of the six, or says hello.
pub(crate) async fn seated(
    State(app): State<Shared>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = match process(&request) {
        Ok(peer) => peer,
        Err(refusal) => return refusal.into_response(),
    };
    if request.uri().path() != paths::HELLO {
        match app.parts.fleet.who(&peer) {
            Ok(who) => request.extensions_mut().insert(CurrentAgent(who)),
            Err(refusal) => return ApiError::from(refusal).into_response(),
        };
    }
    request.extensions_mut().insert(peer);
    next.run(request).await
}

fn process(request: &Request) -> Result<PeerProcess, ApiError> {
    match request.extensions().get::<Peer>() {
        Some(Peer::Agent(process)) => Ok(process.clone()),
        _ => Err(ApiError::new(Code::AgentStranger, "agents come over their own socket only")),
    }
}
