//! `POST /api/auth/logout`: ends the session at once, for its cookie, its JWT and its open sockets,
//! whether the store can write it down or not.

use appliance_core::{Actor, Batch, SessionId, StoreError, Write};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};

use crate::{
    audit::Line,
    auth::{CurrentUser, Via},
    error::ApiError,
    gate::Caller,
    parts::{App, Shared},
};

/// Answers 204 and clears the cookie; over the local socket there is nothing to end.
///
/// # Errors
/// As the store's; the cookie is cleared and the session is over even then, and `detail` says what
/// is not certain.
pub(crate) async fn post(State(app): State<Shared>, caller: Caller, user: CurrentUser) -> Response {
    let ended = match &user.via {
        Via::Session(id) => end(&app, *id, &user, &caller).await.map_err(unwritten),
        // A token opens no log-out; it is revoked.
        Via::LocalSocket | Via::Token(_) => Ok(()),
    };
    let mut response =
        ended.map_or_else(IntoResponse::into_response, |()| StatusCode::NO_CONTENT.into_response());
    if let Some(cookie) = app.cookies.clearing() {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

async fn end(
    app: &App,
    id: SessionId,
    user: &CurrentUser,
    caller: &Caller,
) -> Result<(), StoreError> {
    let line = Line::auth(Actor::User(user.id()), caller.ip, "logout").on("session", &id);
    let at = app.parts.mint.clock().lived();
    let batch =
        Batch::new().write(Write::RevokeSession { id, at }).write(line.write(&app.parts.mint));
    let written = app.parts.records.apply(batch.clone()).await;
    if written.is_err() {
        app.endings.remember(id, batch);
    }
    written.map(|_| ())
}

fn unwritten(cause: StoreError) -> ApiError {
    ApiError::from(cause).saying(
        "this login has ended, but the store could not write it down yet: a restart of the server \
         before it can would bring the login back for whoever has kept its token",
    )
}
