//! `POST /api/auth/logout`: ends the session at once, for its cookie, its JWT and its open sockets.

use appliance_core::{Actor, Batch, Write};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};

use crate::{
    audit::Line,
    auth::{CurrentUser, Via, clearing},
    error::ApiError,
    gate::Caller,
    parts::Shared,
};

/// Answers 204 and clears the cookie; over the local socket there is nothing to end.
pub(crate) async fn post(
    State(app): State<Shared>,
    caller: Caller,
    user: CurrentUser,
) -> Result<Response, ApiError> {
    if let Via::Session(id) = user.via {
        let line = Line::auth(Actor::User(user.id()), caller.ip, "logout").on("session", &id);
        let at = app.parts.mint.clock().now();
        let batch =
            Batch::new().write(Write::RevokeSession { id, at }).write(line.write(&app.parts.mint));
        app.parts.records.apply(batch).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(cookie) = clearing() {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
