//! The reply's body: the bytes as they come, with a limit on silence.
//!
//! Does not decode: a piece may end in the middle of a character or of an event. After an error the
//! stream is over.

use std::time::Duration;

use appliance_core::ports::{ByteStream, LlmError};
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use reqwest::Response;

use super::fault::Fault;

/// How much of an error's body is looked at before deciding whether to try again.
const PEEK_BYTES: usize = 64 * 1024;

/// How long an error's body is waited for before deciding without it.
const PEEK_PATIENCE: Duration = Duration::from_secs(10);

struct Reading {
    pieces: futures_core::stream::BoxStream<'static, reqwest::Result<Bytes>>,
    idle: Duration,
    model: String,
    bytes: u64,
}

/// Returns the body's pieces; ends in an error when it is cut or silent for longer than `idle`.
pub(super) fn stream(response: Response, idle: Duration, model: String) -> ByteStream {
    let pieces = response.bytes_stream().boxed();
    let start = Some(Reading { pieces, idle, model, bytes: 0 });
    stream::unfold(start, |reading| async move { reading?.step().await }).fuse().boxed()
}

impl Reading {
    async fn step(mut self) -> Option<(Result<Bytes, LlmError>, Option<Self>)> {
        let fault = match tokio::time::timeout(self.idle, self.pieces.next()).await {
            Ok(None) => return None,
            Ok(Some(Ok(piece))) => {
                self.bytes += piece.len() as u64;
                return Some((Ok(piece), Some(self)));
            }
            Ok(Some(Err(error))) => Fault::cut(self.bytes, error),
            Err(_) => Fault::Stalled { bytes: self.bytes, waited: self.idle },
        };
        Some((Err(fault.at(&self.model)), None))
    }
}

/// Reads the beginning of a body and returns it with a stream that still gives the whole of it.
pub(super) async fn peek(mut body: ByteStream) -> (Bytes, ByteStream) {
    let mut seen = Vec::new();
    let mut start = BytesMut::new();
    let deadline = tokio::time::Instant::now() + PEEK_PATIENCE;
    while start.len() < PEEK_BYTES {
        let Ok(Some(piece)) = tokio::time::timeout_at(deadline, body.next()).await else { break };
        if let Ok(bytes) = &piece {
            start.extend_from_slice(bytes);
        }
        seen.push(piece);
    }
    (start.freeze(), stream::iter(seen).chain(body).boxed())
}
