//! `GET /api/auth/me`: who this request is.

use axum::Json;
use web_dto::Me;

use crate::{auth::CurrentUser, view};

/// Answers with the account behind the request.
pub(crate) async fn get(user: CurrentUser) -> Json<Me> {
    Json(view::me(&user.user))
}
