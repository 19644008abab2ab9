//! The accept loops: one for TCP, one for unix sockets, and the drain they share. Binds nothing: the
//! lifecycle hands over bound listeners, so that "port in use" is its error to tell.

use std::{future::Future, io, sync::Arc, time::Duration};

use appliance_tasks::{TaskKind, Tasks};
use axum::Router;
use tokio::{
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    sync::Semaphore,
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Drain, Limits, Peer,
    connection::{self, Served},
    hall, peer,
    places::{Place, Places},
    subscriber,
};

/// One connection; the listener's drain ends it.
const CONNECTION: TaskKind = TaskKind::new("edge.connection");

/// Pause after a failed accept, so that "too many open files" does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Most connections at once that are told why they are refused; the rest are dropped.
const TOLD_AT_ONCE: usize = 64;

/// Serves `router` over TCP until `stop`, then drains; returns when every connection has ended.
pub async fn serve_tcp(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
    limits: Limits,
    tasks: Tasks,
) {
    let face = Face::new(router, stop, limits, tasks);
    face.accept(
        || listener.accept(),
        |face, (stream, address): (TcpStream, _)| {
            // Small answers must not wait for more; a failure only costs latency.
            let _ = stream.set_nodelay(true);
            let carrier = face.limits.proxies.contains(address.ip());
            match face.places.take(Some(subscriber(address.ip())), carrier) {
                Some(place) => face.spawn_remote(stream, Peer::Remote(address), place),
                None => face.turn_away(stream),
            }
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
    tasks: Tasks,
) {
    let ours = rustix::process::geteuid().as_raw();
    let face = Face::new(router, stop, limits, tasks);
    face.accept(
        || listener.accept(),
        |face, (stream, _): (UnixStream, _)| face.spawn_local(door, stream, ours),
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
    places: Places,
    told: Arc<Semaphore>,
    tasks: Tasks,
    open: TaskTracker,
    cut: CancellationToken,
}

impl Face {
    fn new(router: Router, stop: CancellationToken, limits: Limits, tasks: Tasks) -> Self {
        Self {
            router,
            stop,
            places: Places::new(&limits),
            told: Arc::new(Semaphore::new(TOLD_AT_ONCE.min(limits.max_connections.div_ceil(2)))),
            limits,
            tasks,
            open: TaskTracker::new(),
            cut: CancellationToken::new(),
        }
    }

    /// Accepts until told to stop, and no faster than those who lost their place go.
    async fn accept<C, Next>(&self, next: impl Fn() -> Next, serve: impl Fn(&Self, C))
    where
        Next: Future<Output = io::Result<C>>,
    {
        let accept = async {
            loop {
                self.places.settled().await;
                match next().await {
                    Ok(connection) => serve(self, connection),
                    Err(error) => {
                        self.limits.shortage.note(&error);
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

    fn spawn_local(&self, door: Door, stream: UnixStream, ours: u32) {
        let Ok(credentials) = stream.peer_cred() else { return };
        let (uid, pid) = (credentials.uid(), credentials.pid());
        if !Peer::admits(uid, ours) {
            tracing::warn!(uid, pid, "a process of another user was refused on the local socket");
            self.track(connection::refuse(stream, uid));
            return;
        }
        let Some(place) = self.places.take(None, true) else { return self.turn_away(stream) };
        let pid = pid.and_then(|pid| u32::try_from(pid).ok()).unwrap_or(0);
        let peer = match door {
            Door::People => Peer::Local { pid, uid },
            Door::Agents => Peer::Agent(peer::process(&stream, pid)),
        };
        let with = self.served(peer, place);
        self.track(connection::serve(stream, with));
    }

    fn spawn_remote(&self, stream: TcpStream, peer: Peer, place: Arc<Place>) {
        let with = self.served(peer, place);
        self.track(async move {
            if hall::speaks(&stream, &with.place, &with.drain, &with.limits).await {
                connection::serve(stream, with).await;
            }
        });
    }

    fn served(&self, peer: Peer, place: Arc<Place>) -> Served {
        let drain = Drain::new(self.stop.clone(), self.open.clone(), Arc::clone(&place));
        Served { router: self.router.clone(), peer, place, drain, limits: self.limits.clone() }
    }

    /// Says that there is no place, unless too many are being told already.
    fn turn_away<Io>(&self, stream: Io)
    where
        Io: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let Ok(telling) = Arc::clone(&self.told).try_acquire_owned() else { return };
        self.track(async move {
            connection::turn_away(stream).await;
            drop(telling);
        });
    }

    /// Runs one connection until it ends or the drain's time is up.
    fn track(&self, connection: impl Future<Output = ()> + Send + 'static) {
        let cut = self.cut.clone();
        let open = self.open.token();
        self.tasks.spawn(CONNECTION, async move {
            let _open = open;
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
