//! `POST /api/auth/login`: e-mail and password against a session. The same answer and the same time
//! for a wrong password, an unknown account and a switched-off one.

use appliance_core::{Actor, AuditOutcome, Batch, Condition, Conflict, RiskLevel, User, Write};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use web_dto::{Code, Login};

use super::MAX_LOGIN_BYTES;
use crate::{
    audit::Line,
    auth::{Attempt, Hashed, Matched, logged_in, open, require_private},
    error::ApiError,
    extract::Json,
    gate::Caller,
    parts::{App, Shared},
};

/// Times a log-in is tried when its account is changed under its hands.
const TRIES: usize = 3;

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
        let (ip, is_hidden) = (caller.ip, caller.is_hidden);
        app.logins.check(&Attempt { ip, is_hidden, account: Some(&email), device })?;
    }
    require_private(&caller)?;

    let found = app.parts.users.by_email(&email).await?.filter(|user| user.is_active);
    let hash = found.as_ref().and_then(|user| user.password_hash.clone());
    let matched = app.passwords.matches(&body.password, hash).await?;
    let Some(user) = found.filter(|_| matched != Matched::No) else {
        return refuse(&app, &caller).await;
    };
    let anew = match matched {
        // One that cannot be chosen any more keeps the hash it has.
        Matched::AsTyped => app.passwords.hash(&body.password).await.ok(),
        Matched::No | Matched::Yes => None,
    };
    enter(&app, (user, anew), &body.password, &caller, &headers).await
}

/// Opens a session of the account, which gets its password's new hash if there is one.
async fn enter(
    app: &App,
    (mut user, mut anew): (User, Option<Hashed>),
    password: &str,
    caller: &Caller,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    for _ in 0..TRIES {
        if let Some(entered) = enter_once(app, (&user, anew.as_ref()), caller, headers).await? {
            return Ok(entered);
        }
        // The account was changed while the password was being checked.
        let now = app.parts.users.get(user.id).await?.filter(|now| now.is_active);
        let Some(now) = now else { return refuse(app, caller).await };
        if now.password_hash != user.password_hash {
            // Another log-in may have given the same password its new hash.
            match app.passwords.matches(password, now.password_hash.clone()).await? {
                Matched::No => return refuse(app, caller).await,
                Matched::Yes => anew = None,
                Matched::AsTyped => {}
            }
        }
        user = now;
    }
    Err(ApiError::new(Code::Conflict, "the account is being changed just now; try again"))
}

/// Opens a session of the account as it was read; `None` when it was changed since.
async fn enter_once(
    app: &App,
    (user, anew): (&User, Option<&Hashed>),
    caller: &Caller,
    headers: &HeaderMap,
) -> Result<Option<Response>, ApiError> {
    let opened = open(app, user, caller, headers)?;
    let mut seen = User { last_login_at: Some(opened.session.created_at), ..user.clone() };
    if let Some(Hashed(anew)) = anew {
        // The password is the same, so that no other log-in of the account ends by it.
        seen.password_hash = Some(anew.clone());
    }
    let line =
        Line::auth(Actor::User(user.id), caller.ip, "login").on("session", &opened.session.id);
    let batch = Batch::new()
        .when(Condition::UserUnchanged { id: user.id, updated_at: user.updated_at })
        .write(Write::PutUser(seen))
        .write(Write::PutSession(opened.session.clone()))
        .write(line.write(&app.parts.mint));
    match app.parts.records.apply(batch).await {
        Ok(_) => {
            app.logins.meet(caller.ip, caller.is_hidden, user.email.as_deref().unwrap_or_default());
            logged_in(app, user, &opened).map(Some)
        }
        Err(lost) if matches!(lost.as_conflict(), Some(Conflict::UserMoved(_))) => Ok(None),
        Err(error) => Err(error.into()),
    }
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
