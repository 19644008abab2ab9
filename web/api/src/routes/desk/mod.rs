//! `/agent/v1/*`: the desk's commands, for the six agents' own processes over `agent.sock`.
//!
//! Who asks is known from the kernel ([`CurrentAgent`](crate::auth::CurrentAgent)); nothing an
//! agent says about itself is believed, but its name at hello, which the fleet checks.

mod beat;
mod care;
mod complete;
mod delegate;
mod fail;
mod hello;
mod lease_next;
mod progress;
mod recall;
mod renew;
mod thread;

pub(crate) use beat::post as beat;
pub(crate) use care::post as care;
pub(crate) use complete::post as complete;
pub(crate) use delegate::post as delegate;
pub(crate) use fail::post as fail;
pub(crate) use hello::post as hello;
pub(crate) use lease_next::post as lease_next;
pub(crate) use progress::post as progress;
pub(crate) use recall::post as recall;
pub(crate) use renew::post as renew;
pub(crate) use thread::post as thread;

use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use crate::{error::ApiError, extract::Json};

/// Most bytes an agent's command may have: answers are longer than questions.
pub(crate) const MAX_COMMAND_BYTES: usize = 8 * 1024 * 1024;

/// An agent's command.
#[derive(Debug)]
pub(crate) struct Command<T>(T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Command<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let Json(command) = Json::<T, MAX_COMMAND_BYTES>::from_request(request, state).await?;
        Ok(Self(command))
    }
}
