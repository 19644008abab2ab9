//! A server to test against: a real one, or Qdrant's own engine behind Qdrant's own stubs.
//!
//! QDRANT_URL names a real one; each test then has collections of its own and removes them. Without
//! it, `tests/python/qdrant_server.py` is started with the Python of AI_INFRA_TEST_PYTHON; without
//! that too the test is left out, loudly, and fails in CI.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
};

use appliance_core::Collection;
use qdrant_client::Qdrant;
use secrecy::SecretString;
use tempfile::TempDir;
use uuid::Uuid;
use vector_qdrant::QdrantOptions;

#[path = "../../../../tests/src/skip.rs"]
pub mod skip;

/// A running server; what was made on it ends with this value.
pub struct Server {
    pub options: QdrantOptions,
    process: Option<(Child, TempDir)>,
}

impl Server {
    /// Returns the server for vectors of `dim` numbers, or `None` where there is none to be had.
    pub fn start(dim: usize) -> anyhow::Result<Option<Self>> {
        match skip::variable("QDRANT_URL") {
            Some(url) => Ok(Some(Self { options: options(url, dim), process: None })),
            None => Self::engine(dim, &[], None),
        }
    }

    /// Starts the engine behind the stubs, whatever QDRANT_URL says.
    pub fn engine(
        dim: usize,
        arguments: &[&str],
        key: Option<&str>,
    ) -> anyhow::Result<Option<Self>> {
        let Some(python) = skip::variable("AI_INFRA_TEST_PYTHON") else {
            skip::loudly(
                "a test of vector/qdrant",
                "set QDRANT_URL to a server, or AI_INFRA_TEST_PYTHON to a Python that has \
                 qdrant-client and qdrant-edge-py",
            )?;
            return Ok(None);
        };
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/python/qdrant_server.py");
        let folder = TempDir::new()?;
        #[expect(clippy::disallowed_methods, reason = "a test starts its own server")]
        let mut command = std::process::Command::new(python);
        command.arg(script).arg(folder.path()).args(arguments);
        command.envs(key.map(|key| ("QDRANT_TEST_KEY", key)));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line)?;
        let port: u16 = line.trim().parse()?;
        let url = format!("http://127.0.0.1:{port}");
        Ok(Some(Self { options: options(url, dim), process: Some((child, folder)) }))
    }

    /// Returns a client of its own, past the index.
    pub fn client(&self) -> Qdrant {
        Qdrant::from_url(&self.options.url).skip_compatibility_check().build().unwrap()
    }

    /// Ends the server, where it is ours.
    pub fn stop(&mut self) {
        if let Some((mut child, _folder)) = self.process.take() {
            let _ended = child.kill();
            let _status = child.wait();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.process.is_some() {
            return self.stop();
        }
        let (client, options) = (self.client(), self.options.clone());
        let clear = move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            for collection in Collection::ALL {
                let _gone = runtime.block_on(client.delete_collection(options.name(collection)));
            }
        };
        let _cleared = std::thread::spawn(clear).join();
    }
}

fn options(url: String, dim: usize) -> QdrantOptions {
    QdrantOptions {
        url,
        api_key: skip::variable("QDRANT_API_KEY").map(SecretString::from),
        dim,
        origin: None,
        model: "test/model".to_owned(),
        prefix: format!("test-{}", Uuid::new_v4().simple()),
    }
}
