//! The live feed: one WebSocket to `/ws` that comes back by itself.
//!
//! Hands every frame to its owner and sends what the owner says; it understands none of them. The
//! owner subscribes anew on every `connected` frame, with the place it has seen, so a broken line
//! loses nothing.

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::{FutureExt, SinkExt, StreamExt, pin_mut, select};
use gloo_net::websocket::{Message, futures::WebSocket};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use web_dto::{ClientFrame, ClientPayload, ServerFrame};

use crate::{model::reconnect_after_ms, session::Session};

/// A ping after this much silence; the server answers at once.
const PING_AFTER_MS: u32 = 20_000;

/// Silences in a row after which the line counts as dead.
const MOST_SILENCES: u32 = 2;

/// The sending end; cheap to copy into event handlers.
#[derive(Clone, Copy)]
pub struct Feed {
    outbox: StoredValue<UnboundedSender<ClientFrame>>,
    /// Whether the line stands.
    pub online: RwSignal<bool>,
}

impl Feed {
    /// Connects, and keeps connecting until the page is left.
    pub fn start(on_frame: Callback<ServerFrame>) -> Self {
        let (outbox, inbox) = unbounded();
        let feed = Self { outbox: StoredValue::new(outbox), online: RwSignal::new(false) };
        let session = Session::here();
        let loop_ = keep_connected(inbox, feed.online, on_frame, session);
        leptos::reactive::spawn_local_scoped_with_cancellation(loop_);
        feed
    }

    /// Sends a frame if the line stands; a subscription is repeated when it does again.
    pub fn send(self, kind: &str, payload: ClientPayload) {
        let frame = ClientFrame { kind: kind.to_owned(), payload, id: String::new() };
        // The other end lives as long as the page does.
        self.outbox.with_value(|outbox| _ = outbox.unbounded_send(frame));
    }
}

/// Connects again and again, waiting longer while it fails.
async fn keep_connected(
    mut inbox: UnboundedReceiver<ClientFrame>,
    online: RwSignal<bool>,
    on_frame: Callback<ServerFrame>,
    session: Session,
) {
    let mut failures = 0;
    loop {
        if converse(&mut inbox, online, on_frame).await {
            failures = 0;
        }
        online.set(false);
        failures += 1;
        TimeoutFuture::new(reconnect_after_ms(failures, js_sys::Math::random())).await;
        // The browser hides why a socket was refused; a session that has ended is one reason.
        if let Err(failure) = crate::api::me().await {
            session.notice(&failure);
        }
    }
}

/// Runs one connection to its end; says whether it ever stood.
async fn converse(
    inbox: &mut UnboundedReceiver<ClientFrame>,
    online: RwSignal<bool>,
    on_frame: Callback<ServerFrame>,
) -> bool {
    let Ok(socket) = WebSocket::open(&address()) else { return false };
    let (mut write, read) = socket.split();
    let mut read = read.fuse();
    let mut stood = false;
    let mut silences = 0;
    loop {
        let silence = TimeoutFuture::new(PING_AFTER_MS).fuse();
        pin_mut!(silence);
        let say = select! {
            heard = read.next() => {
                let Some(Ok(Message::Text(text))) = heard else { return stood };
                if !stood {
                    stood = true;
                    // What was said to an earlier connection means nothing to this one.
                    while inbox.try_recv().is_ok() {}
                    online.set(true);
                }
                silences = 0;
                if let Ok(frame) = serde_json::from_str(&text) {
                    on_frame.run(frame);
                }
                continue;
            }
            frame = inbox.next() => {
                let Some(frame) = frame else { return stood };
                frame
            }
            () = silence => {
                silences += 1;
                if silences > MOST_SILENCES {
                    return stood;
                }
                ClientFrame { kind: "ping".to_owned(), payload: ClientPayload::default(), id: String::new() }
            }
        };
        let Ok(text) = serde_json::to_string(&say) else { continue };
        if write.send(Message::Text(text)).await.is_err() {
            return stood;
        }
    }
}

/// The feed's address beside the page's own.
fn address() -> String {
    let location = window().location();
    let scheme = if location.protocol().is_ok_and(|p| p == "https:") { "wss" } else { "ws" };
    format!("{scheme}://{}/ws", location.host().unwrap_or_default())
}
