//! The live feed: one WebSocket to `/ws` that comes back by itself.
//!
//! Hands every frame to its owner and sends what the owner says; it understands none of them. The
//! owner subscribes anew on every `connected` frame, with the place it has seen, so a broken line
//! loses nothing.

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::{FutureExt, SinkExt, StreamExt, pin_mut, select};
use gloo_net::websocket::{Message, futures::WebSocket};
use gloo_timers::future::TimeoutFuture;
use leptos::{ev, prelude::*, task::spawn_local};
use web_dto::{ClientFrame, ClientPayload, ServerFrame};

use crate::{
    model::{read_frame, reconnect_after_ms},
    session::Session,
};

/// A ping after this much silence; the server answers at once.
const PING_AFTER_MS: u32 = 20_000;

/// Silences in a row after which the line counts as dead.
const MOST_SILENCES: u32 = 2;

/// The sending end; cheap to copy into event handlers.
#[derive(Clone, Copy)]
pub struct Feed {
    outbox: StoredValue<UnboundedSender<ClientFrame>>,
    bell: StoredValue<UnboundedSender<()>>,
    /// Whether the line stands.
    pub online: RwSignal<bool>,
}

/// The other ends, for [`Feed::run`].
pub struct Line {
    inbox: UnboundedReceiver<ClientFrame>,
    bell: UnboundedReceiver<()>,
}

impl Feed {
    /// Makes a feed that says and hears nothing yet.
    pub fn new() -> (Self, Line) {
        let ((outbox, inbox), (ring, bell)) = (unbounded(), unbounded());
        let (outbox, ring) = (StoredValue::new(outbox), StoredValue::new(ring));
        (Self { outbox, bell: ring, online: RwSignal::new(false) }, Line { inbox, bell })
    }

    /// Connects while somebody is logged in, and keeps connecting.
    pub fn run(self, line: Line, session: Session, on_frame: Callback<ServerFrame>) {
        _ = window_event_listener(ev::online, move |_| self.wake());
        _ = window_event_listener(ev::offline, move |_| self.online.set(false));
        spawn_local(keep_connected(line, self, on_frame, session));
    }

    /// Connects now rather than when the wait is over: somebody logged in, or the network is back.
    pub fn wake(self) {
        // The other end lives as long as the page does.
        self.bell.with_value(|bell| _ = bell.unbounded_send(()));
    }

    /// Sends a frame if the line stands; a subscription is repeated when it does again.
    pub fn send(self, kind: &str, payload: ClientPayload) {
        let frame = ClientFrame { kind: kind.to_owned(), payload, id: String::new() };
        self.outbox.with_value(|outbox| _ = outbox.unbounded_send(frame));
    }
}

/// Connects again and again, waiting longer while it fails.
async fn keep_connected(
    mut line: Line,
    feed: Feed,
    on_frame: Callback<ServerFrame>,
    session: Session,
) {
    let mut failures = 0;
    loop {
        if !session.is_open() {
            failures = 0;
            if line.bell.next().await.is_none() {
                return;
            }
            continue;
        }
        if converse(&mut line, feed.online, on_frame).await {
            failures = 0;
        }
        feed.online.set(false);
        failures += 1;
        let wait = TimeoutFuture::new(reconnect_after_ms(failures, js_sys::Math::random())).fuse();
        pin_mut!(wait);
        select! { () = wait => {}, _ = line.bell.next() => {} }
        // The browser hides why a socket was refused; a session that has ended is one reason.
        session.refresh().await;
    }
}

/// Runs one connection to its end; says whether it ever stood.
async fn converse(
    line: &mut Line,
    online: RwSignal<bool>,
    on_frame: Callback<ServerFrame>,
) -> bool {
    let Ok(socket) = WebSocket::open(&address()) else { return false };
    let (mut write, read) = socket.split();
    let mut read = read.fuse();
    let (mut stood, mut silences) = (false, 0);
    loop {
        // After a ring the line may be dead without knowing it: ask at once.
        let silence = TimeoutFuture::new(PING_AFTER_MS).fuse();
        pin_mut!(silence);
        let say = select! {
            heard = read.next() => {
                let Some(Ok(Message::Text(text))) = heard else { return stood };
                if !stood {
                    stood = true;
                    // What was said to an earlier connection means nothing to this one.
                    while line.inbox.try_recv().is_ok() {}
                }
                online.set(true);
                silences = 0;
                if let Ok(frame) = read_frame(&text) {
                    on_frame.run(frame);
                }
                continue;
            }
            frame = line.inbox.next() => {
                let Some(frame) = frame else { return stood };
                frame
            }
            _ = line.bell.next() => ping(),
            () = silence => {
                silences += 1;
                if silences > MOST_SILENCES {
                    return stood;
                }
                ping()
            }
        };
        let Ok(text) = serde_json::to_string(&say) else { continue };
        if write.send(Message::Text(text)).await.is_err() {
            return stood;
        }
    }
}

fn ping() -> ClientFrame {
    ClientFrame { kind: "ping".to_owned(), payload: ClientPayload::default(), id: String::new() }
}

/// The feed's address beside the page's own.
fn address() -> String {
    let location = window().location();
    let scheme = if location.protocol().is_ok_and(|p| p == "https:") { "wss" } else { "ws" };
    format!("{scheme}://{}/ws", location.host().unwrap_or_default())
}
