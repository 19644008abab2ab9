//! Makes what is missing on the server: collections, payload indexes, cards; removes a collection that
//! is used no more. Deletes no single point.
//!
//! Cut off anywhere, the next start finishes it: a collection without a card counts as empty, and a
//! missing index is made whenever it is found missing.

use appliance_core::Collection;
use qdrant_client::{
    Qdrant,
    qdrant::{
        CollectionInfo, CreateCollectionBuilder, CreateFieldIndexCollectionBuilder, Distance,
        FieldType, KeywordIndexParamsBuilder, VectorParamsBuilder, vectors_config,
    },
};

use crate::{
    card::{self, Card},
    fault::Fault,
    options::QdrantOptions,
    payload,
};

/// Makes a collection ready; returns the position up to which the records are in.
pub(crate) async fn collection(
    client: &Qdrant,
    collection: Collection,
    options: &QdrantOptions,
) -> Result<u64, Fault> {
    let name = options.name(collection);
    if !client.collection_exists(&name).await? {
        create(client, &name, options).await?;
        tracing::info!(collection = name, "a collection is made in Qdrant");
    }
    let info = client.collection_info(&name).await?.result.unwrap_or_default();
    check(&info, &name, options)?;
    for (field, kind) in payload::indexes(collection) {
        if !info.payload_schema.contains_key(field) {
            index(client, &name, field, kind).await?;
        }
    }
    let Some(found) = card::read(client, &name, options).await? else {
        card::write(client, &name, options, 0).await?;
        return Ok(0);
    };
    let Some(why) = refused(found, options) else { return Ok(found.position) };
    tracing::warn!(event = "rebuilding", collection = name, %why, "a collection is filled anew");
    remove(client, &name).await?;
    Box::pin(self::collection(client, collection, options)).await
}

fn refused(found: Card, options: &QdrantOptions) -> Option<String> {
    let origin = options.origin?;
    origin.refuses(found.history.unwrap_or(origin.history), found.position)
}

/// Removes a collection with all that is in it, if it is there.
pub(crate) async fn remove(client: &Qdrant, name: &str) -> Result<(), Fault> {
    if client.collection_exists(name).await? {
        client.delete_collection(name).await?;
        tracing::info!(collection = name, "a collection that nobody uses is removed from Qdrant");
    }
    Ok(())
}

async fn create(client: &Qdrant, name: &str, options: &QdrantOptions) -> Result<(), Fault> {
    let vectors = VectorParamsBuilder::new(options.dim as u64, Distance::Cosine);
    // The older of two names for it: the newer is not known to servers of a year ago.
    #[allow(deprecated, reason = "the newer name is not known to servers of a year ago")]
    let create = CreateCollectionBuilder::new(name).vectors_config(vectors).on_disk_payload(true);
    client.create_collection(create).await?;
    Ok(())
}

fn check(info: &CollectionInfo, name: &str, options: &QdrantOptions) -> Result<(), Fault> {
    let params = info.config.as_ref().and_then(|config| config.params.as_ref());
    let config = params.and_then(|params| params.vectors_config.as_ref()?.config.as_ref());
    let Some(vectors_config::Config::Params(vectors)) = config else { return Ok(()) };
    if vectors.size == options.dim as u64 && vectors.distance() == Distance::Cosine {
        return Ok(());
    }
    Err(Fault::Others {
        name: name.to_owned(),
        found: format!("{} numbers, compared by {:?}", vectors.size, vectors.distance()),
        wanted: format!("{} numbers, compared by {:?}", options.dim, Distance::Cosine),
    })
}

async fn index(client: &Qdrant, name: &str, field: &str, kind: FieldType) -> Result<(), Fault> {
    let mut index = CreateFieldIndexCollectionBuilder::new(name, field, kind).wait(true);
    if field == payload::OWNER {
        // Points of one owner lie together: every search is about one.
        index = index.field_index_params(KeywordIndexParamsBuilder::default().is_tenant(true));
    }
    client.create_field_index(index).await?;
    Ok(())
}
