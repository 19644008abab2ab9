//! The live feed: one line to the server that comes back by itself. A WebSocket to `/ws`, and long
//! polls in its place for as long as none comes through.
//!
//! Hands every frame to its owner and sends what the owner says; it understands none of them. The
//! owner subscribes anew on every `connected` frame, with the place it has seen, so a broken line
//! loses nothing.

mod poll;
mod socket;

use std::time::Duration;

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::{FutureExt, StreamExt, pin_mut, select};
use gloo_timers::future::TimeoutFuture;
use leptos::{ev, prelude::*, task::spawn_local};
use web_dto::{ClientFrame, ClientPayload, ServerFrame};

use crate::{model::reconnect_after_ms, session::Session};

/// How long after the page's start a line that does not stand is said.
const SETTLED: Duration = Duration::from_secs(2);

/// The sending end; cheap to copy into event handlers.
#[derive(Clone, Copy)]
pub struct Feed {
    outbox: StoredValue<UnboundedSender<ClientFrame>>,
    bell: StoredValue<UnboundedSender<()>>,
    /// Whether the line stands.
    pub online: RwSignal<bool>,
    /// Whether the line has not stood for long enough to be said.
    down: RwSignal<bool>,
}

/// The other ends, for [`Feed::run`].
pub struct Line {
    inbox: UnboundedReceiver<ClientFrame>,
    bell: UnboundedReceiver<()>,
}

/// How a connection came to its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// It never stood.
    Never,
    /// It stood and broke.
    Broken,
    /// Another one is to be made at once.
    Again,
}

impl Feed {
    /// Makes a feed that says and hears nothing yet.
    pub fn new() -> (Self, Line) {
        let ((outbox, inbox), (ring, bell)) = (unbounded(), unbounded());
        let (outbox, ring) = (StoredValue::new(outbox), StoredValue::new(ring));
        let (online, down) = (RwSignal::new(false), RwSignal::new(false));
        (Self { outbox, bell: ring, online, down }, Line { inbox, bell })
    }

    /// Connects while somebody is logged in, and keeps connecting.
    pub fn run(self, line: Line, session: Session, on_frame: Callback<ServerFrame>) {
        _ = window_event_listener(ev::online, move |_| self.wake());
        _ = window_event_listener(ev::offline, move |_| self.online.set(false));
        set_timeout(move || self.down.set(true), SETTLED);
        spawn_local(keep_connected(line, self, on_frame, session));
    }

    /// Whether the line is down, and not just for the first moments, which are not worth a warning.
    pub fn is_down(self) -> bool {
        self.down.get() && !self.online.get()
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
        let mut end = socket::converse(&mut line, feed.online, on_frame).await;
        feed.online.set(false);
        // The browser hides why a socket was refused: a session that has ended is one reason, a
        // proxy that lets none through another.
        if end == End::Never && session.refresh().await && session.is_open() {
            end = poll::converse(&mut line, feed.online, on_frame).await;
            feed.online.set(false);
        }
        if end == End::Again {
            failures = 0;
            continue;
        }
        failures = if end == End::Broken { 1 } else { failures + 1 };
        let wait = TimeoutFuture::new(reconnect_after_ms(failures, js_sys::Math::random())).fuse();
        pin_mut!(wait);
        select! { () = wait => {}, _ = line.bell.next() => {} }
        if end == End::Broken {
            _ = session.refresh().await;
        }
    }
}

/// What was said to an earlier connection means nothing to this one.
fn forget_said(line: &mut Line) {
    while line.inbox.try_recv().is_ok() {}
}

fn ping() -> ClientFrame {
    ClientFrame { kind: "ping".to_owned(), payload: ClientPayload::default(), id: String::new() }
}
