//! A stream of pieces without secrets; errors pass. What was held back comes before the end.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_core::Stream;

use super::Flow;

/// The redacted stream.
#[derive(Debug)]
pub struct Redacted<S> {
    pieces: S,
    flow: Flow,
    ended: bool,
}

impl<S> Redacted<S> {
    pub(super) fn new(pieces: S, flow: Flow) -> Self {
        Self { pieces, flow, ended: false }
    }
}

impl<S, E> Stream for Redacted<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    type Item = Result<Bytes, E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        while !self.ended {
            match ready!(Pin::new(&mut self.pieces).poll_next(cx)) {
                Some(Ok(piece)) => {
                    let clean = self.flow.next(&piece);
                    if !clean.is_empty() {
                        return Poll::Ready(Some(Ok(clean)));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => self.ended = true,
            }
        }
        let rest = self.flow.end();
        Poll::Ready((!rest.is_empty()).then_some(Ok(rest)))
    }
}
