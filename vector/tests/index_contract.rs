//! The port's rules for the exact index and for the segment index, small enough to build graphs.

use std::sync::Arc;

use appliance_core::ports::VectorIndex;
use async_trait::async_trait;
use storage_contract::vectors::{DIM, VectorFixture};
use vector::{ExactIndex, Options, SegmentIndex};

struct Exact(Arc<ExactIndex>);

#[async_trait]
impl VectorFixture for Exact {
    fn index(&self) -> Arc<dyn VectorIndex> {
        Arc::clone(&self.0) as _
    }
}

struct Segments(Arc<SegmentIndex>);

impl Segments {
    /// Sealed, merged, linked and walked with a few dozen entries.
    fn tiny() -> Self {
        let options = Options {
            fresh_rows: 16,
            graph_from: 32,
            scan_up_to: 0,
            walk_cost: 0,
            ..Options::default()
        };
        Self(Arc::new(SegmentIndex::new(DIM, options, appliance_tasks::Tasks::new())))
    }

    /// As it is in use: a few hundred entries are scanned.
    fn usual() -> Self {
        Self(Arc::new(SegmentIndex::new(DIM, Options::default(), appliance_tasks::Tasks::new())))
    }
}

#[async_trait]
impl VectorFixture for Segments {
    fn index(&self) -> Arc<dyn VectorIndex> {
        Arc::clone(&self.0) as _
    }

    async fn settle(&self) {
        self.0.consolidate();
    }
}

mod exact {
    use super::*;

    storage_contract::vectors_contract!(Exact(Arc::new(ExactIndex::new(DIM))));
}

mod segments {
    use super::*;

    storage_contract::vectors_contract!(Segments::tiny());
}

mod segments_as_in_use {
    use super::*;

    storage_contract::vectors_contract!(Segments::usual());
}
