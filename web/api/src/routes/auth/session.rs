//! `GET /api/auth/session`: who is logged in, if anybody. The portal's first question, so that a
//! browser without a login is answered and not refused.

use axum::{Json, extract::State};
use web_dto::{Code, Me};

use crate::{auth::CurrentUser, error::ApiError, parts::Shared, view};

/// Answers with the person, or `null`.
pub(crate) async fn get(
    State(app): State<Shared>,
    user: Result<CurrentUser, ApiError>,
) -> Result<Json<Option<Me>>, ApiError> {
    match user {
        Ok(current) => Ok(Json(Some(view::me(&app.parts.settings.instance, &current.user)))),
        Err(refused) if refused.code == Code::AuthRequired => Ok(Json(None)),
        Err(failed) => Err(failed),
    }
}
