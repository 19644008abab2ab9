//! The accept loops: one for TCP, one for unix sockets, and the drain they share. Binds nothing: the
//! lifecycle hands over bound listeners, so that "port in use" is its error to tell.

use std::{future::Future, io, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Drain, Limits, Peer, connection, peer};

/// Pause after a failed accept, so that "too many open files" does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `router` over TCP until `stop`, then drains; returns when every connection has ended.
pub async fn serve_tcp(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
    limits: Limits,
) {
    let face = Face::new(router, stop, limits);
    face.accept(
        || listener.accept(),
        |face, (stream, address): (TcpStream, _), slot| {
            // Small answers must not wait for more; a failure only costs latency.
            let _ = stream.set_nodelay(true);
            face.spawn(stream, Peer::Remote(address), slot);
        },
    )
    .await;
    drop(listener);
    face.drained().await;
}

/// Whose unix socket it is; decides what a request says about its peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// `api.sock`: requests carry the caller's process and user id.
    People,
    /// `agent.sock`: requests carry a hold of the caller's process.
    Agents,
}

/// Serves `router` over a unix socket until `stop`, then drains.
///
/// A caller that is neither this server's user nor root is refused with 403 before any route sees
/// it.
pub async fn serve_unix(
    door: Door,
    listener: UnixListener,
    router: Router,
    stop: CancellationToken,
    limits: Limits,
) {
    let ours = rustix::process::geteuid().as_raw();
    let face = Face::new(router, stop, limits);
    face.accept(
        || listener.accept(),
        |face, (stream, _): (UnixStream, _), slot| face.spawn_local(door, stream, ours, slot),
    )
    .await;
    drop(listener);
    face.drained().await;
}

/// One listener's connections.
struct Face {
    router: Router,
    stop: CancellationToken,
    limits: Limits,
    slots: Arc<Semaphore>,
    open: TaskTracker,
    cut: CancellationToken,
}

impl Face {
    fn new(router: Router, stop: CancellationToken, limits: Limits) -> Self {
        let places = limits.max_connections.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            router,
            stop,
            limits,
            slots: Arc::new(Semaphore::new(places)),
            open: TaskTracker::new(),
            cut: CancellationToken::new(),
        }
    }

    /// Accepts until told to stop; a connection is only taken once there is a slot for it.
    async fn accept<C, Next>(
        &self,
        next: impl Fn() -> Next,
        serve: impl Fn(&Self, C, OwnedSemaphorePermit),
    ) where
        Next: Future<Output = io::Result<C>>,
    {
        let accept = async {
            loop {
                let Ok(slot) = Arc::clone(&self.slots).acquire_owned().await else { return };
                match next().await {
                    Ok(connection) => serve(self, connection, slot),
                    Err(error) => {
                        tracing::warn!(%error, "while accepting a connection");
                        sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        };
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = accept => {}
        }
    }

    fn spawn_local(&self, door: Door, stream: UnixStream, ours: u32, slot: OwnedSemaphorePermit) {
        let Ok(credentials) = stream.peer_cred() else { return };
        let (uid, pid) = (credentials.uid(), credentials.pid());
        if !Peer::admits(uid, ours) {
            tracing::warn!(uid, pid, "a process of another user was refused on the local socket");
            self.track(connection::refuse(stream, uid));
            return;
        }
        let pid = pid.and_then(|pid| u32::try_from(pid).ok()).unwrap_or(0);
        let peer = match door {
            Door::People => Peer::Local { pid, uid },
            Door::Agents => Peer::Agent(peer::process(&stream, pid)),
        };
        self.spawn(stream, peer, slot);
    }

    fn spawn<Io>(&self, stream: Io, peer: Peer, slot: OwnedSemaphorePermit)
    where
        Io: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let drain = Drain::new(self.stop.clone(), self.open.clone(), slot);
        let router = self.router.clone();
        self.track(connection::serve(stream, router, peer, drain, self.limits));
    }

    /// Runs one connection until it ends or the drain's time is up.
    fn track(&self, connection: impl Future<Output = ()> + Send + 'static) {
        let cut = self.cut.clone();
        self.open.spawn(async move {
            tokio::select! {
                () = connection => {}
                () = cut.cancelled() => {}
            }
        });
    }

    async fn drained(&self) {
        self.open.close();
        if tokio::time::timeout(self.limits.drain, self.open.wait()).await.is_err() {
            tracing::warn!(open = self.open.len(), "the drain's time is up, connections are cut");
            self.cut.cancel();
        }
    }
}
