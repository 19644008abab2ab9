//! The card of a collection: the one point in it that is no memory.
//!
//! Says whose vectors these are (model, dimension), of which history of records, and up to which
//! position these are in. It has no owner, so that no search finds it; counts leave it out by its id.

use appliance_core::HistoryId;
use qdrant_client::{
    Payload, Qdrant,
    qdrant::{
        Condition, CountPointsBuilder, Filter, GetPointsBuilder, PointId, PointStruct,
        UpsertPointsBuilder, Value, value::Kind,
    },
};
use uuid::Uuid;

use crate::{fault::Fault, options::QdrantOptions};

/// A random UUID; memories' ids are of version 7 and never meet it.
const CARD: Uuid = Uuid::from_u128(0x5b0c_71f6_2e0a_4a39_9d8e_61c2_f40b_7a15);

const MODEL: &str = "model";
const DIM: &str = "dim";
const POSITION: &str = "position";
const HISTORY: &str = "history";

/// What a card says of the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) position: u64,
    /// Cards of an older version name none.
    pub(crate) history: Option<HistoryId>,
}

/// Reads a collection's card; `None` where there is none.
pub(crate) async fn read(
    client: &Qdrant,
    name: &str,
    options: &QdrantOptions,
) -> Result<Option<Card>, Fault> {
    let wanted = GetPointsBuilder::new(name, vec![id()]).with_payload(true);
    let found = client.get_points(wanted).await?.result;
    let Some(card) = found.into_iter().next().map(|point| point.payload) else { return Ok(None) };
    let number = |field: &str| match card.get(field).and_then(|value| value.kind.as_ref()) {
        Some(Kind::IntegerValue(number)) => u64::try_from(*number).ok(),
        _ => None,
    };
    let model = card.get(MODEL).and_then(Value::as_str).map_or("", |model| model.as_str());
    if model != options.model || number(DIM) != Some(options.dim as u64) {
        return Err(Fault::Others {
            name: name.to_owned(),
            found: format!("{model} with {} numbers", number(DIM).unwrap_or(0)),
            wanted: format!("{} with {} numbers", options.model, options.dim),
        });
    }
    let history = card.get(HISTORY).and_then(Value::as_str).and_then(|id| id.parse().ok());
    Ok(Some(Card { position: number(POSITION).unwrap_or(0), history }))
}

/// Writes a collection's card.
pub(crate) async fn write(
    client: &Qdrant,
    name: &str,
    options: &QdrantOptions,
    position: u64,
) -> Result<(), Fault> {
    let mut payload = Payload::with_capacity(4);
    payload.insert(MODEL, options.model.as_str());
    payload.insert(DIM, options.dim as i64);
    payload.insert(POSITION, i64::try_from(position).unwrap_or(i64::MAX));
    if let Some(origin) = options.origin {
        payload.insert(HISTORY, origin.history.to_string());
    }
    let mut vector = vec![0.0_f32; options.dim];
    if let Some(first) = vector.first_mut() {
        *first = 1.0; // cosine knows no zero vector
    }
    let card = PointStruct::new(id(), vector, payload);
    client.upsert_points(UpsertPointsBuilder::new(name, vec![card]).wait(true)).await?;
    Ok(())
}

/// Counts the memories of a collection, exactly.
pub(crate) async fn count(client: &Qdrant, name: &str) -> Result<u64, Fault> {
    let memories = Filter::must_not([Condition::has_id([id()])]);
    let count = CountPointsBuilder::new(name).filter(memories).exact(true);
    Ok(client.count(count).await?.result.map_or(0, |found| found.count))
}

fn id() -> PointId {
    PointId::from(CARD)
}
