//! `POST /api/tokens`: makes a token for a program and says its secret, this once.

use std::time::Duration;

use appliance_core::{
    Actor, ApiToken, Batch, Conflict, MAX_TOKENS, RiskLevel, StoreError, Thing, TokenId,
    TokenScope, Write,
};
use axum::{
    Json as Answer,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use web_dto::{Code, MAX_TOKEN_DAYS, MAX_TOKEN_NAME_CHARS, MintedToken, NewToken};

use crate::{
    audit::Line,
    auth::{CurrentUser, SecretToken},
    error::ApiError,
    extract::Json,
    gate::Caller,
    parts::Shared,
};

/// Answers 201 with the token and its secret.
pub(crate) async fn post(
    State(app): State<Shared>,
    caller: Caller,
    user: CurrentUser,
    Json(body): Json<NewToken>,
) -> Result<Response, ApiError> {
    let owner = user.id();
    let (name, scopes) = (name(&body.name)?, scopes(&body.scopes)?);
    let lived = app.parts.mint.clock().lived();
    let expires_at = days(body.expires_in_days)?.map(|span| lived.plus(span));
    let secret = SecretToken::for_programs()
        .map_err(|_| ApiError::new(Code::Internal, "the system gives no random numbers"))?;
    let token = ApiToken {
        id: app.parts.mint.next(TokenId::from_uuid),
        user_id: owner,
        name,
        token_hash: secret.hash(),
        scopes,
        created_at: app.parts.mint.clock().now(),
        expires_at,
        last_used_at: None,
    };
    let mut line = Line::auth(Actor::User(owner), caller.ip, "token.make").on("token", &token.id);
    line.risk = RiskLevel::Medium;
    let batch = Batch::new()
        .write(Write::PutToken { token: token.clone(), at: lived })
        .write(line.write(&app.parts.mint));
    app.parts.records.apply(batch).await.map_err(refused)?;
    let url = app.parts.settings.base_url();
    let secret = secret.expose().to_owned();
    let made = MintedToken { token: super::view(&token, lived), secret, url };
    let mut response = (StatusCode::CREATED, Answer(made)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn refused(error: StoreError) -> ApiError {
    match error.as_conflict() {
        Some(Conflict::Exists(Thing::TokenName)) => {
            let detail = "one of your tokens has this name";
            ApiError::field(Code::TokenNameTaken, "/name", detail)
        }
        Some(Conflict::TokensFull(_)) => {
            let detail = format!("a person has at most {MAX_TOKENS} tokens; revoke one first");
            ApiError::new(Code::TokenLimit, detail)
        }
        _ => error.into(),
    }
}

fn name(text: &str) -> Result<String, ApiError> {
    let (name, length) = (text.trim(), text.trim().chars().count());
    if (1..=MAX_TOKEN_NAME_CHARS).contains(&length) && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    let detail = format!("a name has 1 to {MAX_TOKEN_NAME_CHARS} characters on one line");
    Err(ApiError::field(Code::TokenInvalid, "/name", detail))
}

fn scopes(names: &[String]) -> Result<Vec<TokenScope>, ApiError> {
    let known = || TokenScope::ALL.map(TokenScope::name).join(", ");
    let wrong = |detail| ApiError::field(Code::TokenInvalid, "/scopes", detail);
    let mut scopes = Vec::new();
    for name in names {
        let scope = TokenScope::named(name)
            .ok_or_else(|| wrong(format!("there is no scope `{name}`; there are {}", known())))?;
        scopes.push(scope);
    }
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        return Err(wrong(format!("a token has one scope at least, of {}", known())));
    }
    Ok(scopes)
}

fn days(days: Option<u32>) -> Result<Option<Duration>, ApiError> {
    let Some(days) = days else { return Ok(None) };
    if (1..=MAX_TOKEN_DAYS).contains(&days) {
        return Ok(Some(Duration::from_secs(u64::from(days) * 24 * 60 * 60)));
    }
    let detail =
        format!("a token lasts 1 to {MAX_TOKEN_DAYS} days, or for good without this field");
    Err(ApiError::field(Code::TokenInvalid, "/expires_in_days", detail))
}
