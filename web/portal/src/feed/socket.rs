//! One WebSocket, from its opening to its end.

use futures_util::{FutureExt, SinkExt, StreamExt, pin_mut, select};
use gloo_net::websocket::{Message, futures::WebSocket};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use web_dto::ServerFrame;

use super::{End, Line, forget_said, ping};
use crate::{base::at, model::read_frame};

/// Longest time until the server's first frame: a proxy may swallow what it does not understand.
const OPENING_MS: u32 = 5_000;

/// A ping after this much silence; the server answers at once.
const PING_AFTER_MS: u32 = 20_000;

/// Longest wait for an answer when the network has just come back: the line may be dead without
/// knowing it.
const DOUBT_MS: u32 = 1_500;

/// Silences in a row after which the line counts as dead.
const MOST_SILENCES: u32 = 2;

/// Runs one connection to its end.
pub(super) async fn converse(
    line: &mut Line,
    online: RwSignal<bool>,
    on_frame: Callback<ServerFrame>,
) -> End {
    let Ok(socket) = WebSocket::open(&address()) else { return End::Never };
    let (mut write, read) = socket.split();
    let mut read = read.fuse();
    let (mut stood, mut doubted, mut silences) = (false, false, 0);
    loop {
        let silence = TimeoutFuture::new(match (stood, doubted) {
            (false, _) => OPENING_MS,
            (true, true) => DOUBT_MS,
            (true, false) => PING_AFTER_MS,
        });
        let silence = silence.fuse();
        pin_mut!(silence);
        let say = select! {
            heard = read.next() => {
                let Some(Ok(Message::Text(text))) = heard else {
                    return if stood { End::Broken } else { End::Never };
                };
                if !stood {
                    stood = true;
                    forget_said(line);
                }
                online.set(true);
                (doubted, silences) = (false, 0);
                if let Ok(frame) = read_frame(&text) {
                    on_frame.run(frame);
                }
                continue;
            }
            frame = line.inbox.next() => {
                let Some(frame) = frame else { return End::Broken };
                frame
            }
            // An attempt that was made without a network may wait long for its end.
            _ = line.bell.next() => {
                if !stood {
                    return End::Again;
                }
                doubted = true;
                ping()
            }
            () = silence => {
                silences += 1;
                match stood {
                    false => return End::Never,
                    true if doubted => return End::Again,
                    true if silences > MOST_SILENCES => return End::Broken,
                    true => ping(),
                }
            }
        };
        // Before it stands nothing is heard; the owner subscribes when it does.
        if !stood {
            continue;
        }
        let Ok(text) = serde_json::to_string(&say) else { continue };
        if write.send(Message::Text(text)).await.is_err() {
            return End::Broken;
        }
    }
}

/// Waits until a socket would come through again, trying now and then.
pub(super) async fn stands_again() {
    for wait in [3_000, 10_000].into_iter().chain(std::iter::repeat(60_000)) {
        TimeoutFuture::new(wait).await;
        let Ok(mut socket) = WebSocket::open(&address()) else { continue };
        let late = TimeoutFuture::new(OPENING_MS).fuse();
        pin_mut!(late);
        let mut first = socket.next().fuse();
        let heard = select! { heard = first => matches!(heard, Some(Ok(_))), () = late => false };
        if heard {
            return;
        }
    }
}

/// The feed's address beside the page's own.
fn address() -> String {
    let location = window().location();
    let scheme = if location.protocol().is_ok_and(|p| p == "https:") { "wss" } else { "ws" };
    format!("{scheme}://{}{}", location.host().unwrap_or_default(), at("/ws"))
}
