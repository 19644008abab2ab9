//! A request's body as it comes in: while its client owes bytes, the connection counts as one that
//! waits, and goes when its place is wanted. Limits neither size nor time (`extract::body` does).

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::BoxError;
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::places::Place;

/// A request's body, and the place of the connection that brings it.
pub(super) struct Arriving {
    body: Incoming,
    place: Arc<Place>,
    /// Whether bytes were asked for and have not come.
    owed: bool,
}

impl Arriving {
    pub(super) const fn new(body: Incoming, place: Arc<Place>) -> Self {
        Self { body, place, owed: false }
    }

    /// Passes on what came, if the connection still has its place or gets it back.
    fn note(&mut self, pending: bool) -> io::Result<()> {
        if pending && !self.owed {
            self.place.await_client();
        } else if !pending && self.owed && !self.place.go_on() {
            return Err(io::Error::other("its connection's place was given to another"));
        }
        self.owed = pending;
        Ok(())
    }
}

impl Body for Arriving {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match self.note(polled.is_pending()) {
            Ok(()) => polled.map_err(Into::into),
            Err(lost) => Poll::Ready(Some(Err(lost.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Arriving {
    /// Nobody waits for the rest any more: what is left is to answer.
    fn drop(&mut self) {
        if self.owed {
            self.place.stop_awaiting();
        }
    }
}
