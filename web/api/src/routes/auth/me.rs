//! `GET /api/auth/me`: who this request is.

use axum::{Json, extract::State};
use web_dto::Me;

use crate::{auth::CurrentUser, parts::Shared, view};

/// Answers with the account behind the request.
pub(crate) async fn get(State(app): State<Shared>, user: CurrentUser) -> Json<Me> {
    Json(view::me(&app.parts.settings.instance, &user.user))
}
