//! Sends events at a steady pace of words, the first at once. Changes no byte.

use std::time::Duration;

use appliance_core::ports::ByteStream;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::time::Instant;

use super::reply::Event;

/// Returns the events as a body; the n-th word comes no earlier than n / pace after the first.
pub(super) fn stream(events: Vec<Event>, words_per_second: Option<u32>) -> ByteStream {
    let step = words_per_second.map(|pace| Duration::from_secs(1) / pace.max(1));
    let Some(step) = step else {
        return stream::iter(events.into_iter().map(|event| Ok(Bytes::from(event.bytes)))).boxed();
    };
    let state = (events.into_iter(), None::<Instant>);
    stream::unfold(state, move |(mut events, mut due)| async move {
        let event = events.next()?;
        if event.word {
            let at = due.unwrap_or_else(Instant::now);
            tokio::time::sleep_until(at).await;
            due = Some(at + step);
        }
        Some((Ok(Bytes::from(event.bytes)), (events, due)))
    })
    .fuse()
    .boxed()
}
