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
    book::{Book, Crowd, Id},
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
    /// Most that may be leaving.
    leaving: usize,
}

#[derive(Debug)]
struct State {
    book: Book,
    bells: HashMap<Id, Arc<Notify>>,
}

impl State {
    /// Tells a connection, if there is one, that it has lost its place.
    fn ring(&self, struck: Option<Id>) {
        if let Some(bell) = struck.and_then(|id| self.bells.get(&id)) {
            bell.notify_one();
        }
    }

    /// Notes that a connection is being served; `false` when it has lost its place for good.
    fn serve(&mut self, id: Id) -> bool {
        let served = self.book.serve(id);
        self.ring(served.unwrap_or_default());
        served.is_ok()
    }
}

impl Shared {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Places {
    pub(super) fn new(limits: &Limits) -> Self {
        let state = Mutex::new(State { book: Book::new(limits), bells: HashMap::new() });
        // They hold their files until they are gone.
        let leaving = MOST_LEAVING.min(limits.max_connections.div_ceil(2)).max(1);
        Self(Arc::new(Shared { state, gone: Notify::new(), leaving }))
    }

    /// Finds a place, at the cost of another connection if need be; `None` when there is none.
    pub(super) fn take(&self, crowd: Crowd, carrier: bool) -> Option<Arc<Place>> {
        let bell = Arc::new(Notify::new());
        let id = self.0.with(|state| {
            let (id, struck) = state.book.take(crowd, carrier).ok()?;
            state.ring(struck);
            state.bells.insert(id, Arc::clone(&bell));
            Some(id)
        })?;
        Some(Arc::new(Place { shared: Arc::clone(&self.0), id, bell }))
    }

    /// Waits while too many that have lost their place are still here.
    pub(super) async fn settled(&self) {
        loop {
            let gone = self.0.gone.notified();
            if self.0.with(|state| state.book.leaving()) < self.0.leaving {
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
    id: Id,
    bell: Arc<Notify>,
}

impl Place {
    /// Notes that the connection carried a login that holds.
    pub(crate) fn prove(&self) {
        self.shared.with(|state| state.book.prove(self.id));
    }

    fn is_lost(&self) -> bool {
        self.shared.with(|state| state.book.is_leaving(self.id))
    }

    /// Tells whether the place is lost and no request of it has got it back; none will from now on.
    pub(super) fn is_lost_for_good(&self) -> bool {
        self.shared.with(|state| state.book.bar(self.id))
    }

    /// Waits until the place is lost.
    pub(super) async fn lost(&self) {
        while !self.is_lost() {
            self.bell.notified().await;
        }
    }

    /// Marks the connection as serving until the mark is dropped; `None` when it has lost its place
    /// and nobody's is to be had.
    pub(super) fn serve(self: &Arc<Self>) -> Option<Serving> {
        self.go_on().then(|| Serving(Arc::clone(self)))
    }

    /// Notes that what is being served cannot go on before its client has sent more.
    pub(super) fn await_client(&self) {
        self.shared.with(|state| state.book.answered(self.id));
    }

    /// Notes that the client has sent it; `false` when the place is lost and nobody's is to be had.
    pub(super) fn go_on(&self) -> bool {
        let goes_on = self.shared.with(|state| state.serve(self.id));
        self.shared.gone.notify_one();
        goes_on
    }

    /// Notes that nothing more is awaited from the client; gives no lost place back.
    pub(super) fn stop_awaiting(&self) {
        self.shared.with(|state| state.book.resume(self.id));
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

/// An answer's body that keeps its connection serving, if it is, until it has been written.
pub(super) struct Answering {
    body: axum::body::Body,
    _serving: Option<Serving>,
}

impl Answering {
    pub(super) const fn new(body: axum::body::Body, serving: Option<Serving>) -> Self {
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
