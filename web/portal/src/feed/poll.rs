//! The line by long polls, for as long as no WebSocket comes through. One request always listens;
//! what is said goes in requests of its own.

use futures_util::{FutureExt, StreamExt, pin_mut, select};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use web_dto::{Listen, ServerFrame};

use super::{End, Line, forget_said, ping, socket};
use crate::api;

/// Longest time a request listens; the server answers after 25 s at the latest.
const LISTEN_MS: u32 = 40_000;

/// How often a page that nobody sees looks whether that is still so.
const LOOK_EVERY_MS: u32 = 500;

/// Runs one line to its end, or until a socket would come through.
pub(super) async fn converse(
    line: &mut Line,
    online: RwSignal<bool>,
    on_frame: Callback<ServerFrame>,
) -> End {
    let Ok((name, first)) = api::live(Listen::default()).await else { return End::Never };
    forget_said(line);
    let hear = |frames: Vec<ServerFrame>| {
        online.set(true);
        frames.into_iter().for_each(|frame| on_frame.run(frame));
    };
    hear(first);
    let listen = || {
        let body = Listen { line: Some(name.clone()), say: Vec::new() };
        async {
            seen().await;
            in_time(api::live(body)).await
        }
        .fuse()
    };
    let (poll, back) = (listen(), socket::stands_again().fuse());
    pin_mut!(poll, back);
    loop {
        let mut say = select! {
            heard = poll => {
                let frames = match heard {
                    Some(Ok((_, frames))) => frames,
                    // A line that the server has given up is opened again like one that broke: after
                    // a pause, because the next one may fare no better.
                    _ => return End::Broken,
                };
                hear(frames);
                poll.set(listen());
                continue;
            }
            frame = line.inbox.next() => {
                let Some(frame) = frame else { return End::Broken };
                vec![frame]
            }
            _ = line.bell.next() => vec![ping()],
            () = back => return End::Again,
        };
        while let Ok(frame) = line.inbox.try_recv() {
            say.push(frame);
        }
        let said = in_time(api::live(Listen { line: Some(name.clone()), say })).await;
        if !matches!(said, Some(Ok(_))) {
            return End::Broken;
        }
    }
}

/// Waits until somebody can see the page: browsers have few connections for all the tabs of a server,
/// and one that listens keeps one.
async fn seen() {
    while document().hidden() {
        TimeoutFuture::new(LOOK_EVERY_MS).await;
    }
}

/// Gives up on a request that is answered too late.
async fn in_time<T>(request: impl Future<Output = T>) -> Option<T> {
    let (request, late) = (request.fuse(), TimeoutFuture::new(LISTEN_MS).fuse());
    pin_mut!(request, late);
    select! { answer = request => Some(answer), () = late => None }
}
