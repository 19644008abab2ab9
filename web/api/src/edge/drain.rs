//! The word that a listener is stopping, for whatever lives longer than a request: sockets and
//! long polls. Stops nothing by itself.

use std::{convert::Infallible, sync::Arc};

use axum::extract::FromRequestParts;
use http::request::Parts;
use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};

use super::places::{Place, Serving};

/// Carried by every request as an extension.
#[derive(Debug, Clone)]
pub struct Drain {
    token: CancellationToken,
    open: TaskTracker,
    place: Option<Arc<Place>>,
}

/// Keeps a listener's drain waiting and the connection's place taken, for as long as it lives.
#[derive(Debug)]
pub struct Hold {
    _open: TaskTrackerToken,
    _serving: Option<Serving>,
}

impl Drain {
    pub(super) const fn new(
        token: CancellationToken,
        open: TaskTracker,
        place: Arc<Place>,
    ) -> Self {
        Self { token, open, place: Some(place) }
    }

    /// Returns a drain that never comes, for requests that no listener carried.
    #[must_use]
    pub fn never() -> Self {
        Self { token: CancellationToken::new(), open: TaskTracker::new(), place: None }
    }

    /// Returns the same word without the connection's place, for what outlives the connection, such
    /// as a line of long polls, each of which has a place of its own.
    #[must_use]
    pub fn placeless(&self) -> Self {
        Self { place: None, ..self.clone() }
    }

    /// Waits until the listener is told to stop.
    pub async fn begun(&self) {
        self.token.cancelled().await;
    }

    /// Holds the connection for what outlives it, such as a WebSocket.
    #[must_use]
    pub fn hold(&self) -> Hold {
        Hold { _open: self.open.token(), _serving: self.place.as_ref().and_then(Place::serve) }
    }

    /// Notes that the connection carried a login that holds: it counts among strangers no more.
    pub(crate) fn prove(&self) {
        if let Some(place) = &self.place {
            place.prove();
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Drain {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_else(Self::never))
    }
}
