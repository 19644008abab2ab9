//! The body of a request that needs none: read to its end, like every other, and dropped. A sender that is
//! still writing when it is answered would see a broken pipe instead of the answer. Parses nothing.

use axum::extract::{FromRequest, Request};
use web_dto::MAX_BODY_BYTES;

use super::body;
use crate::error::ApiError;

/// No body, or one that says nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nothing;

impl<S: Send + Sync> FromRequest<S> for Nothing {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        body::read(&parts.headers, body, MAX_BODY_BYTES).await?;
        Ok(Self)
    }
}
