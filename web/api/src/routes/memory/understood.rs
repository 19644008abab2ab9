//! Texts as they were sent, understood as memories, and the conversations that they name looked up.
//! Writes nothing.

use std::collections::HashMap;

use appliance_core::{ConversationId, Memory, UserId};
use web_dto::{Code, MAX_NEW_MEMORIES, NewMemory, WrongMemory};

use super::{
    filter::Wrong,
    said::{self, Place},
};
use crate::{error::ApiError, intake::require_conversation, parts::App};

/// The conversations that were found so far.
type Places = HashMap<Place, Option<ConversationId>>;

/// Holds a request to the number of texts that it may bring.
pub(super) fn bounded(items: &[NewMemory]) -> Result<(), ApiError> {
    let got = items.len();
    if (1..=MAX_NEW_MEMORIES).contains(&got) {
        return Ok(());
    }
    let detail = format!("{got} items; 1 to {MAX_NEW_MEMORIES} are taken at once");
    Err(ApiError::field(Code::BodyInvalid, "/items", detail))
}

/// Turns every item into a memory before the first is written.
pub(super) async fn all(
    app: &App,
    owner: UserId,
    items: &[NewMemory],
) -> Result<Vec<Memory>, ApiError> {
    let mut places = Places::new();
    let mut memories = Vec::with_capacity(items.len());
    for (n, item) in items.iter().enumerate() {
        let understood = one(app, owner, &mut places, item).await?;
        memories.push(understood.map_err(|(field, detail)| {
            ApiError::field(Code::BodyInvalid, &format!("/items/{n}/{field}"), detail)
        })?);
    }
    Ok(memories)
}

/// Returns every item that would be refused, and why.
pub(super) async fn wrong(
    app: &App,
    owner: UserId,
    items: &[NewMemory],
) -> Result<Vec<WrongMemory>, ApiError> {
    let mut places = Places::new();
    let mut wrong = Vec::new();
    for (item, said) in items.iter().enumerate() {
        let (field, detail) = match one(app, owner, &mut places, said).await {
            Ok(Ok(_)) => continue,
            Ok(Err(wrong)) => wrong,
            Err(error) if error.code == Code::NotFound => {
                ("conversation_id", error.detail().to_owned())
            }
            Err(error) => return Err(error),
        };
        wrong.push(WrongMemory { item, field: field.to_owned(), detail });
    }
    Ok(wrong)
}

/// Understands one item with its conversation; what makes no sense in it is the inner error.
async fn one(
    app: &App,
    owner: UserId,
    places: &mut Places,
    item: &NewMemory,
) -> Result<Result<Memory, Wrong>, ApiError> {
    let read = said::memory(app, owner, item).and_then(|it| said::place(item).map(|at| (it, at)));
    let (mut memory, place) = match read {
        Ok(read) => read,
        Err(wrong) => return Ok(Err(wrong)),
    };
    memory.provenance.conversation_id = match places.get(&place) {
        Some(known) => *known,
        None => {
            let found = found(app, owner, &place).await?;
            places.insert(place, found);
            found
        }
    };
    Ok(Ok(memory))
}

/// Finds the conversation that a place names.
async fn found(
    app: &App,
    owner: UserId,
    place: &Place,
) -> Result<Option<ConversationId>, ApiError> {
    match place {
        Place::Nowhere => Ok(None),
        Place::Here(id) => {
            require_conversation(app, owner, *id).await?;
            Ok(Some(*id))
        }
        Place::Named(name) => {
            if let Ok(id) = name.parse()
                && app.parts.conversations.get(owner, id).await?.is_some()
            {
                return Ok(Some(id));
            }
            Ok(Some(said::elsewhere(owner, name)))
        }
    }
}
