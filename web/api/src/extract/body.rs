//! A request's body, whole, within a size and a time. Parses nothing.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use web_dto::Code;

use crate::error::ApiError;

/// Longest time a body may take to arrive.
const READ_TIME: Duration = Duration::from_secs(30);

/// How much of a body that is too large is still read, so that its sender gets to see the answer
/// instead of a reset connection.
const DISCARD_BYTES: usize = 8 * 1024 * 1024;

/// Longest time spent on that.
const DISCARD_TIME: Duration = Duration::from_secs(2);

/// Returns the body if it has at most `limit` bytes.
///
/// # Errors
/// `body.too_large`, whether or not Content-Length admits it; `body.malformed` when it is late or
/// breaks off.
pub(crate) async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, ApiError> {
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|text| text.to_str().ok());
    let declared = declared.and_then(|text| text.parse::<usize>().ok());
    if declared.is_some_and(|size| size > limit) {
        // With `Expect: 100-continue` nothing has been sent yet and nothing will be.
        if !headers.contains_key(header::EXPECT) {
            discard(body).await;
        }
        return Err(too_large(limit));
    }
    match tokio::time::timeout(READ_TIME, collect(body, limit)).await {
        Ok(read) => read,
        Err(_) => Err(ApiError::new(
            Code::BodyMalformed,
            format!("the body did not arrive within {} s", READ_TIME.as_secs()),
        )),
    }
}

async fn collect(mut body: Body, limit: usize) -> Result<Bytes, ApiError> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|cause| {
            ApiError::new(Code::BodyMalformed, "the body broke off").because(cause)
        })?;
        let Ok(piece) = frame.into_data() else { continue };
        if whole.len() + piece.len() > limit {
            discard(body).await;
            return Err(too_large(limit));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

async fn discard(mut body: Body) {
    let reading = async {
        let mut seen = 0;
        while let Some(Ok(frame)) = body.frame().await {
            seen += frame.data_ref().map_or(0, Bytes::len);
            if seen > DISCARD_BYTES {
                return;
            }
        }
    };
    // A sender that takes longer is cut off; it has been refused either way.
    let _ = tokio::time::timeout(DISCARD_TIME, reading).await;
}

fn too_large(limit: usize) -> ApiError {
    ApiError::new(Code::BodyTooLarge, format!("the body has more than {} KiB", limit / 1024))
}
