//! `GET /api/auth/session`: who is logged in, if anybody. The portal's first question, so that a
//! browser without a login is answered and not refused.

use axum::Json;
use web_dto::{Code, Me};

use crate::{auth::CurrentUser, error::ApiError, view};

/// Answers with the person, or `null`.
pub(crate) async fn get(user: Result<CurrentUser, ApiError>) -> Result<Json<Option<Me>>, ApiError> {
    match user {
        Ok(current) => Ok(Json(Some(view::me(&current.user)))),
        Err(refused) if refused.code == Code::AuthRequired => Ok(Json(None)),
        Err(failed) => Err(failed),
    }
}
