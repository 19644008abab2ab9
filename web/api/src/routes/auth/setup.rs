//! `POST /api/auth/setup`: the holder of the one-time link chooses e-mail and password.
//!
//! One batch: the link must hold, is used up, the account gets its name and hash, and the first
//! session opens. Logins of the account from before die with the change.

use appliance_core::{
    Actor, Batch, Condition, Conflict, RiskLevel, StoreError, Thing, TokenHash, User, Write,
};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use web_dto::{Code, SetUp};

use super::MAX_LOGIN_BYTES;
use crate::{
    audit::Line,
    auth::{Attempt, Hashed, SecretToken, logged_in, open, require_private},
    error::ApiError,
    extract::Json,
    gate::Caller,
    parts::{App, Shared},
};

/// Most characters a display name may have.
const MAX_NAME_CHARS: usize = 100;

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
        app.logins.check(&Attempt { ip: caller.ip, account: None, device: None })?;
    }
    require_private(&caller)?;
    let link = SecretToken::hash_of(&body.token);
    let user = holder(&app, link).await?;
    let email = super::normal_email(&body.email);
    super::check_email(&email)?;
    let name = display_name(&body.display_name)?;
    let hash = app.passwords.hash(&body.password).await?;

    let _alone = app.account_writes.lock().await;
    let user = chosen(&app, &user, email, name, hash);
    let opened = open(&app, &user, &caller, &headers)?;
    let mut line = Line::auth(Actor::User(user.id), caller.ip, "setup").on("user", &user.id);
    line.risk = RiskLevel::High;
    let batch = Batch::new()
        .when(Condition::SetupLinkValid { token_hash: link, at: app.parts.mint.clock().lived() })
        .write(Write::TakeSetupLink(link))
        .write(Write::PutUser(user.clone()))
        .write(Write::PutSession(opened.session.clone()))
        .write(line.write(&app.parts.mint));
    match app.parts.records.apply(batch).await {
        Ok(_) => {
            app.logins.meet(caller.ip, user.email.as_deref().unwrap_or_default());
            logged_in(&app, &user, &opened)
        }
        Err(cause) => Err(refused(cause)),
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

fn chosen(app: &App, user: &User, email: String, display_name: String, hash: Hashed) -> User {
    let now = app.parts.mint.clock().lived().max(user.updated_at);
    User {
        email: Some(email),
        password_hash: Some(hash.0),
        display_name,
        updated_at: now,
        last_login_at: Some(now),
        ..user.clone()
    }
}

/// The link may have been used by somebody else in this very moment.
fn refused(cause: StoreError) -> ApiError {
    match cause.as_conflict() {
        Some(Conflict::Gone(Thing::SetupLink)) => link_invalid(),
        _ => cause.into(),
    }
}
