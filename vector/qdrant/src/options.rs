//! Which server, as whom, for which vectors. Checks it; connects to nothing.

use appliance_core::{Collection, StoreError, memory::Origin};
use qdrant_client::{Qdrant, config::QdrantConfig};
use secrecy::{ExposeSecret as _, SecretString};

use crate::fault::Fault;

/// Qdrant's REST port and its gRPC port, which come as a pair.
const REST_PORT: &str = ":6333";
const GRPC_PORT: &str = ":6334";

/// Longest wait for one answer, in seconds; a write waits until it is applied.
const TIMEOUT_SECONDS: u64 = 30;

/// Longest wait for a connection, in seconds.
const CONNECT_SECONDS: u64 = 5;

/// Settings of a [`QdrantIndex`](crate::QdrantIndex).
#[derive(Clone)]
pub struct QdrantOptions {
    /// The server's gRPC address, such as `http://127.0.0.1:6334`; 6333 is taken as 6334.
    pub url: String,
    /// The server's key, where it wants one.
    pub api_key: Option<SecretString>,
    /// The length of the vectors.
    pub dim: usize,
    /// The embedder's model.
    pub model: String,
    /// The records that the vectors are of; collections of others are made anew.
    pub origin: Option<Origin>,
    /// What the collections' names begin with; two appliances on one server need two.
    pub prefix: String,
}

impl std::fmt::Debug for QdrantOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QdrantOptions")
            .field("model", &self.model)
            .field("dim", &self.dim)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl QdrantOptions {
    /// Returns a collection's name on the server: prefix, model, dimension and the plan's name.
    #[must_use]
    pub fn name(&self, collection: Collection) -> String {
        let (prefix, model) = (plain(&self.prefix), plain(&self.model));
        format!("{prefix}-{model}-{}-{}", self.dim, collection.as_str())
    }

    /// Prepares the client; it connects with its first call.
    pub(crate) fn client(&self) -> Result<Qdrant, StoreError> {
        let fault = |fault: Fault| fault.at("vectors.connect");
        let url = self.address().map_err(fault)?;
        let mut config = QdrantConfig::from_url(&url)
            .timeout(TIMEOUT_SECONDS)
            .connect_timeout(CONNECT_SECONDS)
            .skip_compatibility_check();
        if let Some(key) = &self.api_key {
            let key = key.expose_secret().trim();
            // The client would put one that is no header into its error.
            if !key.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
                return Err(fault(Fault::BadKey));
            }
            if !key.is_empty() {
                config.set_api_key(key);
            }
        }
        config.build().map_err(|error| fault(Fault::from(error).to(&url)))
    }

    /// Returns the gRPC address.
    pub(crate) fn address(&self) -> Result<String, Fault> {
        let url = self.url.trim().trim_end_matches('/');
        let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
        let Some(host) = rest.filter(|rest| !rest.is_empty()) else {
            return Err(Fault::Address("it must begin with http:// or https://".to_owned()));
        };
        if host.contains(['@', '/', '?', '#']) {
            return Err(Fault::Address("it must be a host and a port, without more".to_owned()));
        }
        let Some(start) = url.strip_suffix(REST_PORT) else { return Ok(url.to_owned()) };
        tracing::warn!("6333 is Qdrant's REST port; its gRPC port 6334 is used");
        Ok(format!("{start}{GRPC_PORT}"))
    }
}

/// Leaves what a collection's name may hold.
fn plain(text: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let text: String = text.chars().map(|c| if fits(c) { c } else { '-' }).take(80).collect();
    text.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(url: &str) -> QdrantOptions {
        QdrantOptions {
            url: url.to_owned(),
            api_key: None,
            dim: 256,
            origin: None,
            model: "org/model v2".to_owned(),
            prefix: "ai-infra".to_owned(),
        }
    }

    #[test]
    fn the_rest_port_is_taken_as_the_grpc_port_and_others_stay() {
        let address = |url| options(url).address().ok();
        assert_eq!(address("http://q:6333/").as_deref(), Some("http://q:6334"));
        assert_eq!(address("https://q.example:7001").as_deref(), Some("https://q.example:7001"));
        assert_eq!(address("q:6334"), None);
        assert_eq!(address("http://user:pw@q:6334"), None);
    }

    #[test]
    fn a_name_carries_model_and_dimension_and_nothing_that_a_name_may_not_hold() {
        let name = options("http://q").name(Collection::Learnings);
        assert_eq!(name, "ai-infra-org-model-v2-256-learnings");
    }

    #[test]
    fn a_key_is_shown_nowhere_not_even_one_that_is_none() {
        let mut options = options("http://127.0.0.1:1");
        options.api_key = Some("canary-\u{e9}\n7f3a".to_owned().into());
        let error = options.client().err().map(|error| format!("{error} {error:?}")).unwrap();
        assert!(error.contains("QDRANT_API_KEY") && !error.contains("7f3a"), "{error}");
        assert!(!format!("{options:?}").contains("7f3a"));
    }
}
