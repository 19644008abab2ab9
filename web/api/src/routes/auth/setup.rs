//! `POST /api/auth/setup`: the holder of the one-time link chooses e-mail and password; `/check` asks
//! beforehand whether the link can still be used.
//!
//! One batch: the link must hold, is used up, the account gets its name and hash, and the first
//! session opens. Logins of the account from before die with the change.

use std::time::Duration;

use appliance_core::{Actor, Batch, Condition, Conflict, RiskLevel, Thing, TokenHash, User, Write};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use web_dto::{Code, SetUp, SetUpCheck};

use super::MAX_LOGIN_BYTES;
use crate::{
    audit::Line,
    auth::{Attempt, SecretToken, logged_in, open, require_private},
    error::ApiError,
    extract::Json,
    gate::Caller,
    parts::{App, Shared},
};

/// Most characters a display name may have.
const MAX_NAME_CHARS: usize = 100;

/// Times a set-up is tried when its account is changed under its hands.
const TRIES: usize = 3;

/// Uses the link up and logs its holder in.
///
/// # Errors
/// 410 `setup.link_invalid`, 422 for the fields, 409 `email.taken`, 403 `auth.insecure`.
pub(crate) async fn post(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    Json(body): Json<SetUp, MAX_LOGIN_BYTES>,
) -> Result<Response, ApiError> {
    if !caller.is_local() {
        let (ip, is_hidden) = (caller.ip, caller.is_hidden);
        app.logins.check(&Attempt { ip, is_hidden, account: None, device: None })?;
    }
    require_private(&caller)?;
    let link = SecretToken::hash_of(&body.token);
    holder(&app, link).await?;
    let email = super::normal_email(&body.email);
    super::check_email(&email)?;
    let name = display_name(&body.display_name)?;
    let hash = app.passwords.hash(&body.password).await?.0;
    let chosen = Chosen { email, name, hash };
    for _ in 0..TRIES {
        if let Some(entered) = enter(&app, link, &chosen, &caller, &headers).await? {
            return Ok(entered);
        }
    }
    Err(ApiError::new(Code::Conflict, "the account is being changed just now; try again"))
}

/// Says whether a link can still be used, so that nobody fills a form in for nothing. Uses nothing up.
///
/// # Errors
/// 410 `setup.link_invalid`.
pub(crate) async fn check(
    State(app): State<Shared>,
    Json(body): Json<SetUpCheck, MAX_LOGIN_BYTES>,
) -> Result<StatusCode, ApiError> {
    holder(&app, SecretToken::hash_of(&body.token)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the holder of a link chose.
#[derive(Debug)]
struct Chosen {
    email: String,
    name: String,
    hash: String,
}

/// Sets the account up as it stands now and opens its first session; `None` when it was changed
/// meanwhile.
async fn enter(
    app: &App,
    link: TokenHash,
    chosen: &Chosen,
    caller: &Caller,
    headers: &HeaderMap,
) -> Result<Option<Response>, ApiError> {
    let before = holder(app, link).await?;
    let user = set_up(app, &before, chosen);
    let opened = open(app, &user, caller, headers)?;
    let mut line = Line::auth(Actor::User(user.id), caller.ip, "setup").on("user", &user.id);
    line.risk = RiskLevel::High;
    let batch = Batch::new()
        .when(Condition::SetupLinkValid { token_hash: link, at: app.parts.mint.clock().lived() })
        .when(Condition::UserUnchanged { id: user.id, updated_at: before.updated_at })
        .write(Write::TakeSetupLink(link))
        .write(Write::PutUser(user.clone()))
        .write(Write::PutSession(opened.session.clone()))
        .write(line.write(&app.parts.mint));
    let refused = match app.parts.records.apply(batch).await {
        Ok(_) => {
            app.logins.meet(caller.ip, caller.is_hidden, user.email.as_deref().unwrap_or_default());
            return logged_in(app, &user, &opened).map(Some);
        }
        Err(refused) => refused,
    };
    match refused.as_conflict() {
        Some(Conflict::UserMoved(_)) => Ok(None),
        // Somebody else used the link in this very moment.
        Some(Conflict::Gone(Thing::SetupLink)) => Err(link_invalid()),
        _ => Err(refused.into()),
    }
}

async fn holder(app: &App, link: TokenHash) -> Result<User, ApiError> {
    let now = app.parts.mint.clock().lived();
    let found = app.parts.users.setup_link(link).await?.filter(|link| now < link.expires_at);
    let Some(link) = found else { return Err(link_invalid()) };
    app.parts.users.get(link.user_id).await?.ok_or_else(link_invalid)
}

fn link_invalid() -> ApiError {
    ApiError::new(Code::SetupLinkInvalid, "this link cannot be used any more")
}

fn display_name(text: &str) -> Result<String, ApiError> {
    let name = text.trim();
    let chars = name.chars().count();
    if (1..=MAX_NAME_CHARS).contains(&chars) && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    let detail = format!("the name has {chars} characters, it takes 1 to {MAX_NAME_CHARS}");
    Err(ApiError::field(Code::BodyInvalid, "/display_name", detail))
}

/// The account as it is after the set-up; later than before, so that whoever read it before knows.
fn set_up(app: &App, before: &User, chosen: &Chosen) -> User {
    let least = before.updated_at.plus(Duration::from_micros(1));
    let now = app.parts.mint.clock().lived().max(least);
    User {
        email: Some(chosen.email.clone()),
        password_hash: Some(chosen.hash.clone()),
        display_name: chosen.name.clone(),
        updated_at: now,
        last_login_at: Some(now),
        ..before.clone()
    }
}
