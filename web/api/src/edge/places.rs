//! A connection's place as its task holds it: told when it is lost, given back when it ends. Who
//! gets one and who loses one is decided in [`book`](super::book).

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::Notify;

use super::{
    Limits,
    book::{Book, Crowd, Id, Verdict},
};

/// Most connections that have lost their place and not gone yet before no more are accepted.
const MOST_LEAVING: usize = 256;

/// The places of one listener.
#[derive(Debug, Clone)]
pub(super) struct Places(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    gone: Notify,
}

#[derive(Debug)]
struct State {
    book: Book,
    bells: HashMap<Id, Arc<Notify>>,
}

impl Shared {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Places {
    pub(super) fn new(limits: &Limits) -> Self {
        let state = Mutex::new(State { book: Book::new(limits), bells: HashMap::new() });
        Self(Arc::new(Shared { state, gone: Notify::new() }))
    }

    /// Finds a place, at the cost of another connection if need be; `None` when there is none.
    pub(super) fn take(&self, crowd: Crowd, carrier: bool) -> Option<Arc<Place>> {
        let bell = Arc::new(Notify::new());
        let id = self.0.with(|state| {
            let Verdict::Taken { id, instead_of } = state.book.take(crowd, carrier) else {
                return None;
            };
            if let Some(lost) = instead_of.and_then(|gone| state.bells.get(&gone)) {
                lost.notify_one();
            }
            state.bells.insert(id, Arc::clone(&bell));
            Some(id)
        })?;
        Some(Arc::new(Place { shared: Arc::clone(&self.0), crowd, id, bell }))
    }

    /// Waits while too many that have lost their place are still here.
    pub(super) async fn settled(&self) {
        loop {
            let gone = self.0.gone.notified();
            if self.0.with(|state| state.book.leaving()) < MOST_LEAVING {
                return;
            }
            gone.await;
        }
    }
}

/// One connection's place; given back when the last holder drops it.
#[derive(Debug)]
pub(crate) struct Place {
    shared: Arc<Shared>,
    crowd: Crowd,
    id: Id,
    bell: Arc<Notify>,
}

impl Place {
    /// Notes that the connection carried a login that holds.
    pub(crate) fn prove(&self) {
        self.shared.with(|state| state.book.prove(self.id));
    }

    /// Tells whether the place is lost; a request of it that is being served gets it back.
    pub(super) fn is_lost(&self) -> bool {
        self.shared.with(|state| state.book.is_leaving(self.id))
    }

    /// Waits until the place is lost.
    pub(super) async fn lost(&self) {
        while !self.is_lost() {
            self.bell.notified().await;
        }
    }

    /// Marks the connection as serving until the mark is dropped.
    pub(super) fn serve(self: &Arc<Self>) -> Serving {
        self.shared.with(|state| state.book.serve(self.id, self.crowd));
        self.shared.gone.notify_one();
        Serving(Arc::clone(self))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.with(|state| {
            state.book.leave(self.id);
            state.bells.remove(&self.id);
        });
        self.shared.gone.notify_one();
    }
}

/// A request, or a socket, that is being served.
#[derive(Debug)]
pub(super) struct Serving(Arc<Place>);

impl Drop for Serving {
    fn drop(&mut self) {
        let place = &self.0;
        place.shared.with(|state| state.book.answered(place.id));
    }
}

/// An answer's body that keeps its connection serving until it has been written.
pub(super) struct Answering {
    body: axum::body::Body,
    _serving: Serving,
}

impl Answering {
    pub(super) const fn new(body: axum::body::Body, serving: Serving) -> Self {
        Self { body, _serving: serving }
    }
}

impl Body for Answering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
