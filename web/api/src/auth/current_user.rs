//! The logged-in person as an extractor: a handler that takes one cannot run without.
//!
//! Over the local socket it is the first user; over TCP the session behind the bearer token or the
//! cookie, or the program's token, looked up on every request so that a logout or a revocation acts at
//! once. A token opens what its scopes do and nothing else. Opens no session.

use appliance_core::{SessionId, User, UserId, UserRole};
use axum::extract::FromRequestParts;
use http::request::Parts;
use web_dto::Code;

use super::{Grant, Login, SecretToken, bearer::bearer, by_token, session::is_live, token::PREFIX};
use crate::{
    edge::Drain,
    error::ApiError,
    gate::Caller,
    parts::{App, Shared},
};

/// How a person proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Via {
    /// A process of the server's own user on the local socket.
    LocalSocket,
    /// A session, by cookie or bearer token.
    Session(SessionId),
    /// A program, by a token that its owner made for it.
    Token(Grant),
}

/// A person that is logged in.
#[derive(Debug, Clone)]
pub(crate) struct CurrentUser {
    pub(crate) user: User,
    pub(crate) via: Via,
}

impl CurrentUser {
    /// Returns whose records this request may see.
    pub(crate) const fn id(&self) -> UserId {
        self.user.id
    }

    /// Returns by which login.
    pub(crate) const fn login(&self) -> Login {
        match &self.via {
            Via::LocalSocket => Login::LocalSocket,
            Via::Session(id) => Login::Session(*id),
            Via::Token(grant) => Login::Token(grant.id),
        }
    }

    /// Tells whether this person may steer agents and see the server's log.
    pub(crate) fn is_admin(&self) -> bool {
        self.via == Via::LocalSocket || self.user.role == UserRole::Admin
    }

    /// Checks that this request may change memories, which only a token may lack.
    ///
    /// # Errors
    /// `token.scope`.
    pub(crate) fn writes_memory(&self) -> Result<(), ApiError> {
        match &self.via {
            Via::Token(grant) => grant.writes_memory(),
            Via::LocalSocket | Via::Session(_) => Ok(()),
        }
    }

    /// Tells whether the login behind this request still counts.
    pub(crate) async fn still_live(&self, app: &App) -> Result<bool, ApiError> {
        match &self.via {
            Via::LocalSocket => Ok(true),
            Via::Session(id) => Ok(by_session(app, *id).await?.is_some()),
            Via::Token(grant) => match app.parts.users.token(grant.id).await? {
                Some(token) => Ok(by_token::live_owner(app, &token).await?.is_some()),
                None => Ok(false),
            },
        }
    }
}

impl FromRequestParts<Shared> for CurrentUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        let Ok(caller) = Caller::from_request_parts(parts, app).await;
        app.endings.settle(&*app.parts.records, &app.parts.mint).await;
        if caller.is_local() {
            return first_user(app).await;
        }
        let found = if let Some(token) = bearer(&parts.headers) {
            if token.starts_with(PREFIX) {
                return by_program(app, token, parts).await;
            }
            let now = app.parts.mint.clock().lived().unix_micros() / 1_000_000;
            match app.tokens.session(token, now) {
                Some(session) => by_session(app, session).await?,
                None => None,
            }
        } else if let Some(token) = app.cookies.session(&parts.headers) {
            by_cookie(app, token).await?
        } else {
            return Err(ApiError::new(Code::AuthRequired, "the request carries no login"));
        };
        if let (Some(_), Some(drain)) = (&found, parts.extensions.get::<Drain>()) {
            drain.prove();
        }
        found.ok_or_else(|| ApiError::new(Code::AuthRequired, "the login has ended"))
    }
}

/// A person who may steer agents and see the server's log.
#[derive(Debug, Clone)]
pub(crate) struct Admin(pub(crate) CurrentUser);

impl FromRequestParts<Shared> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        let current = CurrentUser::from_request_parts(parts, app).await?;
        if current.is_admin() {
            return Ok(Self(current));
        }
        Err(ApiError::new(Code::Forbidden, "this takes an admin"))
    }
}

async fn by_program(app: &App, token: &str, parts: &Parts) -> Result<CurrentUser, ApiError> {
    let shown = by_token::shown(app, token).await?;
    let (token, user) = shown.ok_or_else(|| {
        ApiError::new(Code::AuthRequired, "the token is unknown, revoked or has expired")
    })?;
    if let Some(drain) = parts.extensions.get::<Drain>() {
        drain.prove();
    }
    let grant = Grant::of(token.clone());
    grant.opens(parts)?;
    let now = app.parts.mint.clock().now();
    app.uses.note((&app.parts.records, &app.parts.home), &token, now);
    Ok(CurrentUser { user, via: Via::Token(grant) })
}

async fn first_user(app: &App) -> Result<CurrentUser, ApiError> {
    let user = app.parts.users.first().await?.ok_or_else(|| {
        ApiError::new(Code::AuthRequired, "this server has no user yet; restart it to make one")
    })?;
    Ok(CurrentUser { user, via: Via::LocalSocket })
}

async fn by_session(app: &App, id: SessionId) -> Result<Option<CurrentUser>, ApiError> {
    live(app, app.parts.users.session(id).await?).await
}

async fn by_cookie(app: &App, token: &str) -> Result<Option<CurrentUser>, ApiError> {
    let session = app.parts.users.session_by_token(SecretToken::hash_of(token)).await?;
    live(app, session).await
}

async fn live(
    app: &App,
    session: Option<appliance_core::Session>,
) -> Result<Option<CurrentUser>, ApiError> {
    let Some(session) = session else { return Ok(None) };
    let Some(user) = app.parts.users.get(session.user_id).await? else { return Ok(None) };
    let now = app.parts.mint.clock().lived();
    if app.endings.ended(session.id) || !is_live(&session, &user, now) {
        return Ok(None);
    }
    Ok(Some(CurrentUser { user, via: Via::Session(session.id) }))
}
