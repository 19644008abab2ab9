//! `POST /api/auth/setup-link`: a new one-time link, for the local command line and admins.

use axum::{Json, extract::State};
use web_dto::SetupLinkView;

use crate::{auth::Admin, error::ApiError, extract::Nothing, parts::Shared, setup};

/// Makes a link for the caller's own account; earlier ones fall.
pub(crate) async fn post(
    State(app): State<Shared>,
    Admin(user): Admin,
    _: Nothing,
) -> Result<Json<SetupLinkView>, ApiError> {
    let parts = &app.parts;
    let base = parts.settings.base_url();
    Ok(Json(setup::mint_link(&*parts.records, &parts.mint, user.id(), &base).await?))
}
