//! `POST /api/memory/signals`: what a person tells about an answer moves the memories it cited.

use appliance_core::{ConversationId, MessageId, SignalType, UserId, ports::Told};
use axum::{Json as Answer, extract::State};
use http::StatusCode;
use web_dto::{Code, NewSignal, SignalView};

use super::{care, filter::Wrong};
use crate::{
    auth::CurrentUser,
    error::ApiError,
    extract::{IdempotencyKey, Json},
    gate::Caller,
    intake::require_conversation,
    parts::{App, Shared},
    view,
};

/// The route's name in batch keys.
const ROUTE: &str = "memory.signal";

/// Answers 201 with the signal as it is kept.
///
/// # Errors
/// 422 `body.invalid` that points at the field; 404 for an answer or a conversation that is not the
/// caller's.
pub(crate) async fn post(
    State(app): State<Shared>,
    caller: Caller,
    user: CurrentUser,
    key: IdempotencyKey,
    Json(body): Json<NewSignal>,
) -> Result<(StatusCode, Answer<SignalView>), ApiError> {
    let told = told(&body).map_err(|(field, detail)| {
        ApiError::field(Code::BodyInvalid, &format!("/{field}"), detail)
    })?;
    let owner = user.id();
    require_answer(&app, owner, &told).await?;
    let key = key.batch_key(owner, ROUTE, &[&format!("{body:?}")]);
    let by = care::by(&user, &caller, key);
    let signal = app.parts.care.signal(&by, told).await?;
    Ok((StatusCode::CREATED, Answer(view::signal(signal))))
}

fn told(body: &NewSignal) -> Result<Told, Wrong> {
    let kind = SignalType::ALL.into_iter().find(|kind| kind.as_str() == body.kind);
    let kind = kind.ok_or_else(|| ("kind", kinds()))?;
    let message_id: Option<MessageId> = id("message_id", body.message_id.as_deref())?;
    let conversation_id: Option<ConversationId> =
        id("conversation_id", body.conversation_id.as_deref())?;
    if message_id.is_none() && conversation_id.is_none() {
        let detail =
            "say which answer it is about: `message_id`, or `conversation_id` for its last";
        return Err(("message_id", detail.to_owned()));
    }
    Ok(Told {
        kind,
        strength: strength(kind, body)?,
        rating: body.rating.map(|rating| (rating.value, rating.of)),
        comment: body.comment.clone(),
        conversation_id,
        message_id,
        task_id: None,
        learned: Vec::new(),
    })
}

fn kinds() -> String {
    let names: Vec<&str> = SignalType::ALL.iter().map(|kind| kind.as_str()).collect();
    format!("kind is not one of {}", names.join(", "))
}

fn id<T: std::str::FromStr>(field: &'static str, text: Option<&str>) -> Result<Option<T>, Wrong> {
    text.map(|text| text.parse().map_err(|_| (field, "not a UUID".to_owned()))).transpose()
}

/// Returns the strength in thousandths: as given, as the rating says, or full.
fn strength(kind: SignalType, body: &NewSignal) -> Result<i32, Wrong> {
    let rates = kind == SignalType::UserRating;
    match (body.rating, body.strength) {
        (Some(_), Some(_)) => Err(("strength", "give `rating` or `strength`, not both".to_owned())),
        (Some(_), None) if !rates => {
            Err(("rating", "only user_rating has one; give `strength`".to_owned()))
        }
        (Some(rating), None) => {
            if !matches!(rating.of, 5 | 10) || !(1..=rating.of).contains(&rating.value) {
                return Err(("rating", "not 1 to 10 of 10, nor 1 to 5 of 5".to_owned()));
            }
            Ok(how_good(rating.value, rating.of))
        }
        (None, Some(strength)) => {
            let least = if rates { -1.0 } else { 0.0 };
            if !(least..=1.0).contains(&strength) {
                return Err(("strength", format!("not within {least}..=1")));
            }
            Ok((strength * 1_000.0).round() as i32)
        }
        (None, None) if rates => {
            Err(("rating", "a rating says how good: give `rating` or `strength`".to_owned()))
        }
        (None, None) => Ok(1_000),
    }
}

/// Returns what a rating says, in thousandths: the worst is -1000, the middle 0, the best 1000.
fn how_good(value: u8, of: u8) -> i32 {
    let (value, of) = (i32::from(value), i32::from(of));
    (2 * value - of - 1) * 1_000 / (of - 1)
}

/// Finds what the signal is about, or says that it is not there, whoever else may own it.
async fn require_answer(app: &App, owner: UserId, told: &Told) -> Result<(), ApiError> {
    if let Some(id) = told.conversation_id {
        require_conversation(app, owner, id).await?;
    }
    if let Some(id) = told.message_id {
        let found = app.parts.conversations.message(owner, id).await?;
        found.ok_or_else(|| ApiError::not_found("message"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use web_dto::RatingView;

    use super::*;

    #[test]
    fn a_rating_is_as_good_as_its_place_between_worst_and_best() {
        assert_eq!([1, 5, 6, 8, 10].map(|n| how_good(n, 10)), [-1000, -111, 111, 555, 1000]);
        assert_eq!([1, 3, 5].map(|n| how_good(n, 5)), [-1000, 0, 1000]);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let about = || NewSignal {
            kind: "user_rating".to_owned(),
            message_id: Some("0196f0a0-0000-7000-8000-000000000001".to_owned()),
            ..NewSignal::default()
        };
        let field = |body: NewSignal| told(&body).unwrap_err().0;
        let rating = |value, of| Some(RatingView { value, of });
        assert_eq!(field(NewSignal { kind: "applause".to_owned(), ..about() }), "kind");
        assert_eq!(field(about()), "rating");
        assert_eq!(field(NewSignal { rating: rating(11, 10), ..about() }), "rating");
        assert_eq!(field(NewSignal { rating: rating(0, 5), ..about() }), "rating");
        assert_eq!(field(NewSignal { strength: Some(f32::NAN), ..about() }), "strength");
        let retried = || NewSignal { kind: "task_retry".to_owned(), ..about() };
        assert_eq!(field(NewSignal { strength: Some(-0.1), ..retried() }), "strength");
        assert_eq!(field(NewSignal { rating: rating(3, 5), ..retried() }), "rating");
        assert_eq!(field(NewSignal { message_id: None, ..retried() }), "message_id");
        assert_eq!(told(&retried()).unwrap().strength, 1_000);
    }
}
