//! What the port's rules do not say: positions, models, indexes, and a server that is away.
#![expect(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

mod support;

use appliance_core::{
    Collection, Embedding, ErrorKind, Facets, MemoryId, MemoryTier, SearchFilter, Timestamp,
    UserId,
    memory::{Labels, Utility},
    ports::{IndexEntry, VectorIndex as _},
};
use support::Server;
use vector_qdrant::{QdrantIndex, QdrantOptions};

const OWNER: UserId = UserId::from_bytes([9; 16]);

fn entry(n: u8, collection: Collection) -> IndexEntry {
    let moment = Timestamp::from_unix_micros(1_793_000_000_000_000 + i64::from(n));
    let facets = Facets {
        owner: OWNER,
        collection,
        tier: MemoryTier::Warm,
        agent: None,
        conversation_id: None,
        message_id: None,
        created_at: moment,
        utility: Utility::START,
        valid_from: moment,
        valid_until: None,
        labels: Labels::default(),
    };
    let embedding = Embedding::normalised(vec![f32::from(n), 1.0, 2.0]).unwrap();
    IndexEntry { id: MemoryId::from_bytes([n; 16]), facets, embedding }
}

async fn find(index: &QdrantIndex) -> Vec<MemoryId> {
    let query = Embedding::normalised(vec![1.0, 1.0, 1.0]).unwrap();
    let found = index.search(OWNER, &query, &SearchFilter::default(), 50).await.unwrap();
    found.into_iter().map(|(id, _)| id).collect()
}

#[tokio::test]
async fn points_and_position_are_there_after_a_restart() -> anyhow::Result<()> {
    let Some(server) = Server::start(3)? else { return Ok(()) };
    let index = QdrantIndex::connect(server.options.clone()).await?;
    assert_eq!((index.position(), index.count()), (0, 0), "cards are no memories");
    index.upsert(Collection::ALL.iter().zip(1..).map(|(it, n)| entry(n, *it)).collect()).await?;
    index.save(42).await?;
    assert_eq!(index.position(), 42);
    let again = QdrantIndex::connect(server.options.clone()).await?;
    assert_eq!((again.position(), again.count()), (42, 4));
    assert_eq!(find(&again).await.len(), 4);
    Ok(())
}

#[tokio::test]
async fn a_collection_that_is_lost_is_made_anew_and_sends_the_reader_back() -> anyhow::Result<()> {
    let Some(server) = Server::start(3)? else { return Ok(()) };
    let index = QdrantIndex::connect(server.options.clone()).await?;
    index.upsert(vec![entry(1, Collection::Memories), entry(2, Collection::Knowledge)]).await?;
    index.save(42).await?;
    server.client().delete_collection(server.options.name(Collection::Knowledge)).await?;
    let query = entry(1, Collection::Memories).embedding;
    let error = index.search(OWNER, &query, &SearchFilter::default(), 5).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.to_string().contains("filled anew from the records"), "{error}");
    let again = QdrantIndex::connect(server.options.clone()).await?;
    assert_eq!((again.position(), again.count()), (0, 1));
    again.upsert(vec![entry(2, Collection::Knowledge)]).await?;
    assert_eq!(find(&again).await.len(), 2);
    Ok(())
}

#[tokio::test]
async fn what_is_discarded_is_gone_from_the_server_and_can_begin_anew() -> anyhow::Result<()> {
    let Some(server) = Server::start(3)? else { return Ok(()) };
    let index = QdrantIndex::connect(server.options.clone()).await?;
    index.upsert(vec![entry(1, Collection::Memories), entry(2, Collection::Knowledge)]).await?;
    index.save(42).await?;
    index.discard().await?;
    for collection in Collection::ALL {
        let name = server.options.name(collection);
        assert!(!server.client().collection_exists(&name).await?, "{name}");
    }
    index.discard().await?; // what is not there is no error
    let again = QdrantIndex::connect(server.options.clone()).await?;
    assert_eq!((again.position(), again.count()), (0, 0));
    Ok(())
}

#[tokio::test]
async fn vectors_of_two_models_never_meet() -> anyhow::Result<()> {
    let Some(server) = Server::start(3)? else { return Ok(()) };
    let index = QdrantIndex::connect(server.options.clone()).await?;
    index.upsert(vec![entry(1, Collection::Memories)]).await?;
    let other = QdrantOptions { model: "other".to_owned(), ..server.options.clone() };
    let second = QdrantIndex::connect(other.clone()).await?;
    assert!(second.count() == 0 && find(&second).await.is_empty());
    for collection in Collection::ALL {
        server.client().delete_collection(other.name(collection)).await?;
    }
    // Another model whose name comes out the same.
    let same = QdrantOptions { model: "test-model".to_owned(), ..server.options.clone() };
    assert_eq!(same.name(Collection::Memories), server.options.name(Collection::Memories));
    let error = QdrantIndex::connect(same).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Invalid);
    let told = error.to_string();
    assert!(told.contains("test/model with 3 numbers, and not of test-model"), "{told}");
    Ok(())
}

#[tokio::test]
async fn the_plans_payload_indexes_are_made_and_mended() -> anyhow::Result<()> {
    let Some(server) = Server::start(3)? else { return Ok(()) };
    let _index = QdrantIndex::connect(server.options.clone()).await?;
    let wanted: [&[&str]; 4] = [
        &["tier", "agent", "created_at", "utility_score"],
        &["phase", "outcome", "extracted_at"],
        &["conversation_id", "user_id", "created_at"],
        &["source", "domain", "updated_at"],
    ];
    for (collection, fields) in Collection::ALL.into_iter().zip(wanted) {
        let info = server.client().collection_info(server.options.name(collection)).await?;
        let schema = info.result.unwrap().payload_schema;
        for field in fields.iter().chain(&["user_id", "valid_from", "valid_until"]) {
            assert!(schema.contains_key(*field), "{collection:?} has no index of {field}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_away_is_told_with_what_to_do() -> anyhow::Result<()> {
    let Some(mut server) = Server::engine(3, &[], None)? else { return Ok(()) };
    let index = QdrantIndex::connect(server.options.clone()).await?;
    server.stop();
    let query = entry(1, Collection::Memories).embedding;
    let put = index.upsert(vec![entry(1, Collection::Memories)]).await.unwrap_err();
    index.count();
    let connect = QdrantIndex::connect(server.options.clone()).await.unwrap_err();
    let delete = index.delete(OWNER, &[entry(1, Collection::Memories).id]).await.unwrap_err();
    let save = index.save(7).await.unwrap_err();
    assert_eq!(index.position(), 0, "what was saved before is still there");
    assert!(index.search(OWNER, &query, &SearchFilter::default(), 0).await?.is_empty());
    for error in [put, connect, delete, save] {
        assert_eq!(error.kind, ErrorKind::Unavailable);
        let told = error.to_string();
        assert!(told.contains("cannot be reached") && told.contains("QDRANT_HOST"), "{told}");
    }
    Ok(())
}

#[tokio::test]
async fn a_key_is_wanted_where_the_server_wants_one_and_shown_nowhere() -> anyhow::Result<()> {
    const KEY: &str = "canary-51c7";
    let Some(server) = Server::engine(3, &[], Some(KEY))? else { return Ok(()) };
    let with = |key: &str| QdrantOptions {
        api_key: Some(key.to_owned().into()),
        ..server.options.clone()
    };
    let index = QdrantIndex::connect(with(KEY)).await?;
    assert!(!format!("{index:?} {:?}", with(KEY)).contains(KEY));
    for key in ["", "canary-wrong"] {
        let error = QdrantIndex::connect(with(key)).await.unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(told.contains("refuses the key") && told.contains("QDRANT_API_KEY"), "{told}");
        assert!(!told.contains("canary"), "{told}");
    }
    Ok(())
}
