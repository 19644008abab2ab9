//! The word that a listener is stopping, for whatever lives longer than a request: sockets and
//! long polls. Stops nothing by itself.

use std::{convert::Infallible, sync::Arc};

use axum::extract::FromRequestParts;
use http::request::Parts;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};

/// Carried by every request as an extension.
#[derive(Debug, Clone)]
pub struct Drain {
    token: CancellationToken,
    open: TaskTracker,
    slot: Option<Arc<OwnedSemaphorePermit>>,
}

/// Keeps a listener's drain waiting and the connection's place taken, for as long as it lives.
#[derive(Debug)]
pub struct Hold {
    _open: TaskTrackerToken,
    _slot: Option<Arc<OwnedSemaphorePermit>>,
}

impl Drain {
    pub(super) fn new(
        token: CancellationToken,
        open: TaskTracker,
        slot: OwnedSemaphorePermit,
    ) -> Self {
        Self { token, open, slot: Some(Arc::new(slot)) }
    }

    /// Returns a drain that never comes, for requests that no listener carried.
    #[must_use]
    pub fn never() -> Self {
        Self { token: CancellationToken::new(), open: TaskTracker::new(), slot: None }
    }

    /// Waits until the listener is told to stop.
    pub async fn begun(&self) {
        self.token.cancelled().await;
    }

    /// Holds the connection for what outlives it, such as a WebSocket.
    #[must_use]
    pub fn hold(&self) -> Hold {
        Hold { _open: self.open.token(), _slot: self.slot.clone() }
    }
}

impl<S: Sync> FromRequestParts<S> for Drain {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_else(Self::never))
    }
}
