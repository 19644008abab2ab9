//! Deeds: what is done once is sent under a key, and sent again while the server is away. Decides
//! nothing else.

use std::time::Duration;

use http::Method;
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::sleep;
use web_dto::Problem;

use super::Client;
use crate::exit::{self, Failure};

/// How often a deed is sent while the server is away; the key makes it one deed.
const SENDS: u32 = 20;

/// Pause between two sends.
const PAUSE: Duration = Duration::from_millis(250);

impl Client {
    /// Sends something that is done once, again while the server is away; without a server it fails
    /// at once.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn post_deed<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        drop(self.connect().await?);
        self.post_again(path, body).await
    }

    /// As [`post_deed`](Self::post_deed), where a server was there a moment ago.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn post_again<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        let key = new_key();
        for _ in 1..SENDS {
            match self.post_once(path, &key, body).await {
                Err(error) if is_away(&error) => sleep(PAUSE).await,
                sent => return sent,
            }
        }
        self.post_once(path, &key, body).await
    }

    /// As [`post_again`](Self::post_again) under the caller's key, if there is one; returns the
    /// server's no as it stands.
    ///
    /// # Errors
    /// As [`Client::get`], but not for what the server says.
    pub async fn exchange_deed<T: DeserializeOwned>(
        &self,
        path: &str,
        key: Option<&str>,
        body: &impl Serialize,
    ) -> anyhow::Result<Result<T, Problem>> {
        let key = key.map_or_else(new_key, str::to_owned);
        for _ in 1..SENDS {
            match self.exchange(&Method::POST, path, Some(&key), Some(body)).await {
                Err(error) if is_away(&error) => sleep(PAUSE).await,
                sent => return sent,
            }
        }
        self.exchange(&Method::POST, path, Some(&key), Some(body)).await
    }
}

/// Makes a key that nobody else has: 122 random bits.
fn new_key() -> String {
    uuid::Uuid::new_v4().to_string()
}

fn is_away(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Failure>().is_some_and(|failure| failure.code == exit::UNAVAILABLE)
}
