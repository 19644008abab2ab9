//! `GET /api/clock` and `POST /api/clock/confirm`: how far the wall clock is ahead of the time that
//! was lived, and a person's word that it is right. Sets no clock.

use appliance_core::{Batch, Clock, RiskLevel};
use axum::{Json, extract::State};
use web_dto::ClockView;

use crate::{
    audit::Line, auth::Admin, error::ApiError, extract::Nothing, gate::Caller, parts::Shared,
};

/// Answers with both moments.
pub(crate) async fn get(State(app): State<Shared>, Admin(_): Admin) -> Json<ClockView> {
    Json(view(app.parts.mint.clock().as_ref()))
}

/// Takes the wall clock's word: from now on what is due by it ends and is deleted.
///
/// # Errors
/// As the store's; unless it is written down, nothing is confirmed.
pub(crate) async fn confirm(
    State(app): State<Shared>,
    caller: Caller,
    Admin(user): Admin,
    _: Nothing,
) -> Result<Json<ClockView>, ApiError> {
    let mint = &app.parts.mint;
    let mut line = Line::data(user.id(), caller.ip, "clock.confirm");
    line.risk = RiskLevel::High;
    app.parts.records.apply(Batch::new().write(line.write(mint))).await?;
    let clock = mint.clock();
    tracing::warn!(
        event = "clock.confirmed",
        lived = %clock.lived(),
        now = %clock.now(),
        "a person has confirmed the clock"
    );
    clock.confirm();
    Ok(Json(view(clock.as_ref())))
}

fn view(clock: &dyn Clock) -> ClockView {
    ClockView {
        now: clock.now().to_string(),
        lived: clock.lived().to_string(),
        ahead_seconds: clock.unlived().as_secs(),
        behind_seconds: clock.set_back().as_secs(),
    }
}
