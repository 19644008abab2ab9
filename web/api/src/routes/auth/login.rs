//! `POST /api/auth/login`: e-mail and password against a session. The same answer and the same time
//! for a wrong password, an unknown account and a switched-off one.

use appliance_core::{Actor, AuditOutcome, Batch, RiskLevel, User, Write};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use web_dto::{Code, Login};

use super::MAX_LOGIN_BYTES;
use crate::{
    audit::Line,
    auth::{Attempt, logged_in, open, require_private},
    error::ApiError,
    extract::Json,
    gate::Caller,
    parts::{App, Shared},
};

/// Opens a session; the JWT is in the answer, the cookie beside it.
///
/// # Errors
/// 429 `auth.limited`, 403 `auth.insecure`, 401 `auth.failed`.
pub(crate) async fn post(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    Json(body): Json<Login, MAX_LOGIN_BYTES>,
) -> Result<Response, ApiError> {
    let email = super::normal_email(&body.email);
    if !caller.is_local() {
        let device = app.devices.known(&headers, &email);
        app.logins.check(&Attempt { ip: caller.ip, account: Some(&email), device })?;
    }
    require_private(&caller)?;

    let found = app.parts.users.by_email(&email).await?.filter(|user| user.is_active);
    let hash = found.as_ref().and_then(|user| user.password_hash.clone());
    let proven = app.passwords.matches(&body.password, hash.clone()).await?;
    match found.filter(|_| proven) {
        Some(user) => enter(&app, user, hash, &caller, &headers).await,
        None => refuse(&app, &caller).await,
    }
}

async fn enter(
    app: &App,
    user: User,
    hash: Option<String>,
    caller: &Caller,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let _alone = app.account_writes.lock().await;
    // The account may have changed while the password was being checked.
    let current = app.parts.users.get(user.id).await?;
    let Some(user) = current.filter(|now| now.is_active && now.password_hash == hash) else {
        return refuse(app, caller).await;
    };
    let opened = open(app, &user, caller, headers)?;
    let seen = User { last_login_at: Some(opened.session.created_at), ..user.clone() };
    let line =
        Line::auth(Actor::User(user.id), caller.ip, "login").on("session", &opened.session.id);
    let batch = Batch::new()
        .write(Write::PutUser(seen))
        .write(Write::PutSession(opened.session.clone()))
        .write(line.write(&app.parts.mint));
    app.parts.records.apply(batch).await?;
    app.logins.meet(caller.ip, user.email.as_deref().unwrap_or_default());
    logged_in(app, &user, &opened)
}

async fn refuse(app: &App, caller: &Caller) -> Result<Response, ApiError> {
    let mut line = Line::auth(Actor::Anonymous, caller.ip, "login");
    line.outcome = AuditOutcome::Denied;
    line.risk = RiskLevel::Medium;
    let batch = Batch::new().write(line.write(&app.parts.mint));
    if let Err(error) = app.parts.records.apply(batch).await {
        tracing::warn!(%error, ip = ?caller.ip, "a refused log-in is not in the audit trail");
    }
    Err(ApiError::new(Code::AuthFailed, "there is no account with this e-mail and password"))
}
