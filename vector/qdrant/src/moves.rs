//! Points in, other payloads on, and from one collection to another. Checks no dimension.
//!
//! A point that changes its collection is written to the new one before it is taken out of the old,
//! so that a cut leaves it twice and never not at all; the records are read again from the last
//! position, which takes the second away.

use std::collections::HashMap;

use appliance_core::{Collection, Facets, MemoryId, ports::IndexEntry};
use futures_util::future::try_join_all;
use qdrant_client::{
    Qdrant,
    qdrant::{
        DeletePointsBuilder, GetPointsBuilder, PointId, PointStruct, PointsIdsList,
        PointsUpdateOperation, UpdateBatchPointsBuilder, UpsertPointsBuilder, Value,
        points_update_operation::{Operation, OverwritePayload},
        vectors_output::VectorsOptions,
    },
};

use crate::{
    fault::Fault,
    payload,
    place::{Four, number, sorted},
};

/// Most points in one call: about 3 MB of the longest vectors.
pub(crate) const AT_ONCE: usize = 100;

/// Inserts or replaces points; where an id comes twice, the last counts.
pub(crate) async fn put(
    client: &Qdrant,
    names: &Four<String>,
    entries: Vec<IndexEntry>,
) -> Result<(), Fault> {
    let entries = last(entries, |entry| entry.id);
    for few in entries.chunks(AT_ONCE) {
        let by_place = sorted(few.to_vec(), |entry| entry.facets.collection);
        let puts = names.iter().zip(&by_place).map(|(name, entries)| {
            let points = entries.iter().map(|entry| {
                let vector = entry.embedding.values().to_vec();
                PointStruct::new(payload::point(entry.id), vector, payload::of(&entry.facets))
            });
            upsert(client, name, points.collect())
        });
        try_join_all(puts).await?;
        let elsewhere = names.iter().enumerate().map(|(place, name)| {
            let others = few.iter().filter(|it| number(it.facets.collection) != place);
            remove(client, name, others.map(|entry| entry.id).collect())
        });
        try_join_all(elsewhere).await?;
    }
    Ok(())
}

/// Gives points that are there other payloads; returns how many were there.
pub(crate) async fn retag(
    client: &Qdrant,
    names: &Four<String>,
    entries: Vec<(MemoryId, Facets)>,
) -> Result<usize, Fault> {
    let mut count = 0;
    for few in last(entries, |(id, _)| *id).chunks(AT_ONCE) {
        let ids: Vec<MemoryId> = few.iter().map(|(id, _)| *id).collect();
        let found = names.iter().map(|name| owners(client, name, &ids));
        for (place, owners) in try_join_all(found).await?.into_iter().enumerate() {
            let here = few.iter().filter(|(id, facets)| {
                owners.get(id).is_some_and(|owner| *owner == facets.owner.to_string())
            });
            let here: Vec<(MemoryId, Facets)> = here.cloned().collect();
            count += here.len();
            let (stay, go): (Vec<_>, Vec<_>) =
                here.into_iter().partition(|(_, facets)| number(facets.collection) == place);
            overwrite(client, &names[place], stay).await?;
            relocate(client, names, place, go).await?;
        }
    }
    Ok(count)
}

/// Returns who owns those of `ids` that a collection has.
async fn owners(
    client: &Qdrant,
    name: &str,
    ids: &[MemoryId],
) -> Result<HashMap<MemoryId, String>, Fault> {
    let ids: Vec<PointId> = ids.iter().copied().map(payload::point).collect();
    let found = client.get_points(GetPointsBuilder::new(name, ids).with_payload(true)).await?;
    let owner =
        |payload: &HashMap<String, Value>| Some(payload.get(payload::OWNER)?.as_str()?.clone());
    let known = found.result.into_iter();
    Ok(known.filter_map(|it| Some((payload::memory(it.id)?, owner(&it.payload)?))).collect())
}

async fn overwrite(
    client: &Qdrant,
    name: &str,
    entries: Vec<(MemoryId, Facets)>,
) -> Result<(), Fault> {
    if entries.is_empty() {
        return Ok(());
    }
    let operations = entries.into_iter().map(|(id, facets)| {
        let change = OverwritePayload {
            payload: payload::of(&facets).into(),
            points_selector: Some(these(vec![id]).ids.into()),
            ..OverwritePayload::default()
        };
        PointsUpdateOperation { operation: Some(Operation::OverwritePayload(change)) }
    });
    let batch = UpdateBatchPointsBuilder::new(name, operations.collect::<Vec<_>>()).wait(true);
    client.update_points_batch(batch).await?;
    Ok(())
}

/// Moves points to the collections that their new facets name.
async fn relocate(
    client: &Qdrant,
    names: &Four<String>,
    from: usize,
    entries: Vec<(MemoryId, Facets)>,
) -> Result<(), Fault> {
    if entries.is_empty() {
        return Ok(());
    }
    let ids: Vec<MemoryId> = entries.iter().map(|(id, _)| *id).collect();
    let mut vectors = vectors(client, &names[from], &ids).await?;
    let points = entries.into_iter().filter_map(|(id, facets)| {
        let vector = vectors.remove(&id)?;
        let point = PointStruct::new(payload::point(id), vector, payload::of(&facets));
        Some((facets.collection, point))
    });
    let by_place =
        sorted(points.collect(), |(collection, _): &(Collection, PointStruct)| *collection);
    let puts = names.iter().zip(by_place).map(|(name, points)| {
        upsert(client, name, points.into_iter().map(|(_, point)| point).collect())
    });
    try_join_all(puts).await?;
    remove(client, &names[from], ids).await
}

async fn vectors(
    client: &Qdrant,
    name: &str,
    ids: &[MemoryId],
) -> Result<HashMap<MemoryId, Vec<f32>>, Fault> {
    let ids: Vec<PointId> = ids.iter().copied().map(payload::point).collect();
    let found = client.get_points(GetPointsBuilder::new(name, ids).with_vectors(true)).await?;
    let dense = found.result.into_iter().filter_map(|point| {
        let VectorsOptions::Vector(vector) = point.vectors?.vectors_options? else { return None };
        let qdrant_client::qdrant::vector_output::Vector::Dense(dense) = vector.into_vector()
        else {
            return None;
        };
        Some((payload::memory(point.id)?, dense.data))
    });
    Ok(dense.collect())
}

async fn upsert(client: &Qdrant, name: &str, points: Vec<PointStruct>) -> Result<(), Fault> {
    if points.is_empty() {
        return Ok(());
    }
    client.upsert_points(UpsertPointsBuilder::new(name, points).wait(true)).await?;
    Ok(())
}

async fn remove(client: &Qdrant, name: &str, ids: Vec<MemoryId>) -> Result<(), Fault> {
    if ids.is_empty() {
        return Ok(());
    }
    client.delete_points(DeletePointsBuilder::new(name).points(these(ids)).wait(true)).await?;
    Ok(())
}

fn these(ids: Vec<MemoryId>) -> PointsIdsList {
    PointsIdsList { ids: ids.into_iter().map(payload::point).collect() }
}

/// Keeps the last item of each id, in order.
fn last<T>(items: Vec<T>, id: impl Fn(&T) -> MemoryId) -> Vec<T> {
    let mut places = HashMap::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        places.insert(id(item), at);
    }
    let lasting = items.into_iter().enumerate();
    lasting.filter(|(at, item)| places.get(&id(item)) == Some(at)).map(|(_, item)| item).collect()
}
