//! Opening a login: the record, the cookie and the token that go with it, and when one is dead.

use appliance_core::{IdMint, Session, SessionId, Timestamp, User};
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};
use web_dto::{Code, LoggedIn};

use super::SecretToken;
use crate::{error::ApiError, gate::Caller, parts::App, view};

/// Most bytes of a client's description of itself that are kept.
const MAX_USER_AGENT_BYTES: usize = 255;

/// A login that has been prepared but not stored.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) session: Session,
    pub(crate) token: SecretToken,
}

/// Prepares a login of `user` for whoever sent the request.
pub(crate) fn open(
    app: &App,
    user: &User,
    caller: &Caller,
    headers: &HeaderMap,
) -> Result<Opened, ApiError> {
    let token = SecretToken::mint()
        .map_err(|_| ApiError::new(Code::Internal, "the system gives no random numbers"))?;
    let mint: &IdMint = &app.parts.mint;
    // By lived time, so that no jump of the clock ends a login or brings one back; and not before
    // the account's last change: see `is_live`.
    let now = mint.clock().lived().max(user.updated_at);
    let session = Session {
        id: mint.next(SessionId::from_uuid),
        user_id: user.id,
        token_hash: token.hash(),
        ip_address: caller.ip.map(|ip| ip.to_string()),
        user_agent: user_agent(headers),
        created_at: now,
        expires_at: now.plus(app.parts.settings.session_ttl),
        revoked_at: None,
    };
    Ok(Opened { session, token })
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::USER_AGENT)?.to_str().ok()?;
    Some(text[..text.floor_char_boundary(MAX_USER_AGENT_BYTES)].to_owned())
}

/// Answers a log-in: the JWT in the body, the cookie beside it.
pub(crate) fn logged_in(app: &App, user: &User, opened: &Opened) -> Result<Response, ApiError> {
    let session = &opened.session;
    let life = (
        session.created_at.unix_micros() / 1_000_000,
        session.expires_at.unix_micros() / 1_000_000,
    );
    let body = LoggedIn {
        token: app.tokens.issue(session.id, user.id, life)?,
        expires_at: session.expires_at.to_string(),
        user: view::me(&app.parts.settings.instance, user),
    };
    let mut response = Json(body).into_response();
    let cookie = app
        .cookies
        .setting(opened.token.expose(), app.parts.settings.session_ttl)
        .ok_or_else(|| ApiError::new(Code::Internal, "no cookie was made"))?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    if let Some(email) = &user.email {
        response.headers_mut().append(header::SET_COOKIE, app.devices.mark(email)?);
    }
    Ok(response)
}

/// Tells whether a login still counts for its user.
///
/// A login opened before the account last changed (new password, switched off) is dead.
pub(crate) fn is_live(session: &Session, user: &User, now: Timestamp) -> bool {
    session.revoked_at.is_none()
        && now < session.expires_at
        && user.is_active
        && session.created_at >= user.updated_at
}

/// Refuses to take a password from the network in plain text.
///
/// # Errors
/// `auth.insecure` unless the request came by TLS (a proxy of ours says so) or never left this
/// machine.
pub(crate) fn require_private(caller: &Caller) -> Result<(), ApiError> {
    if caller.https || caller.is_loopback() {
        return Ok(());
    }
    Err(ApiError::new(
        Code::AuthInsecure,
        "passwords are not taken over plain http: put TLS in front (a proxy that is named in \
         server.trusted_proxies and sends X-Forwarded-Proto: https), or log in at the server's \
         loopback address",
    ))
}
