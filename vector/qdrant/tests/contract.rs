//! The port's rules for Qdrant: a real server where QDRANT_URL names one, its engine else.

mod support;

use std::sync::Arc;

use appliance_core::ports::VectorIndex;
use async_trait::async_trait;
use storage_contract::vectors::{DIM, VectorFixture};
use support::Server;
use vector_qdrant::QdrantIndex;

struct Fixture {
    index: Arc<QdrantIndex>,
    _server: Server,
}

#[async_trait]
impl VectorFixture for Fixture {
    fn index(&self) -> Arc<dyn VectorIndex> {
        self.index.clone()
    }
}

async fn connected(server: Option<Server>) -> anyhow::Result<Option<Fixture>> {
    let Some(server) = server else { return Ok(None) };
    let index = Arc::new(QdrantIndex::connect(server.options.clone()).await?);
    Ok(Some(Fixture { index, _server: server }))
}

mod as_in_use {
    use super::*;

    storage_contract::vectors_contract!(match connected(Server::start(DIM)?).await? {
        Some(it) => it,
        None => return Ok(()),
    });
}

mod with_graphs {
    use super::*;

    storage_contract::vectors_contract!(match connected(Server::engine(DIM, &["graph"], None)?)
        .await?
    {
        Some(it) => it,
        None => return Ok(()),
    });
}
