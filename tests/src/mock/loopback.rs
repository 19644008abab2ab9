//! A web server on a free port of the loopback, which ends with its value: what every mock stands on.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context as _;
use axum::Router;
use tokio::{net::TcpListener, task::JoinHandle};

/// The running server.
#[derive(Debug)]
pub struct Loopback {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Loopback {
    /// Serves `routes` over `desk`.
    ///
    /// # Errors
    /// When no port is free on the loopback.
    pub async fn serve<S>(routes: Router<Arc<S>>, desk: &Arc<S>) -> anyhow::Result<Self>
    where
        S: Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("while binding the mock")?;
        let address = listener.local_addr().context("while asking for the mock's port")?;
        let routes = routes.with_state(Arc::clone(desk));
        let task = tokio::spawn(async move {
            // Ends when the test drops the mock; an accept error ends it too, and the test sees it.
            let _ended = axum::serve(listener, routes).await;
        });
        Ok(Self { address, task })
    }

    /// Returns where it is reached, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.task.abort();
    }
}
