//! One followed topic of one socket: a task that turns its events into frames, in order.
//!
//! Invariant: the feed is subscribed to *before* its position is read, and events up to that
//! position are skipped; what is after it is sent or, when the client is too slow, owned up to with
//! `resync`. Nothing falls between.

use appliance_core::{EventBody, LiveEvent, Topic, ports::Subscription};
use appliance_tasks::{AbortOnDrop, TaskKind};
use axum::extract::ws::Message;
use tokio::sync::mpsc;
use web_dto::{Place, ServerFrame};

use super::frames::{self, Followed};
use crate::{
    auth::CurrentUser,
    parts::{App, Shared},
    routes::agents::seen,
};

/// Ends with its socket, which drains.
const FEED: TaskKind = TaskKind::new("socket.feed");

/// A running feed; dropping it ends it.
#[derive(Debug)]
pub(super) struct Feed {
    _task: AbortOnDrop,
}

/// A feed that has been subscribed to and not yet begun, with the place it will begin after.
pub(super) struct Begun {
    subscription: Box<dyn Subscription>,
    followed: Followed,
    pub(super) from: Place,
}

/// Subscribes, then reads the position.
pub(super) fn begin(app: &App, followed: Followed) -> Begun {
    let subscription = app.parts.live.subscribe(followed.topic);
    Begun { subscription, followed, from: position(app, followed.topic) }
}

pub(super) fn position(app: &App, topic: Topic) -> Place {
    let (epoch, seq) = app.parts.live.position(topic);
    Place { epoch, seq }
}

impl Begun {
    /// Tells why a client that has seen everything up to `seen` must refetch, if it must.
    pub(super) fn gap_since(&self, seen: Place) -> Option<&'static str> {
        if seen.epoch != self.from.epoch {
            return Some("epoch");
        }
        (seen.seq != self.from.seq).then_some("gap")
    }

    /// Starts to send events to `out`.
    pub(super) fn run(self, app: Shared, user: CurrentUser, out: mpsc::Sender<Message>) -> Feed {
        let home = app.parts.home.clone();
        Feed { _task: home.spawn(FEED, forward(app, user, self, out)).abort_on_drop() }
    }
}

async fn forward(app: Shared, user: CurrentUser, begun: Begun, out: mpsc::Sender<Message>) {
    let Begun { mut subscription, followed, mut from } = begun;
    while let Some(next) = subscription.next().await {
        let frame = match next {
            Ok(event) if event.seq <= from.seq => continue,
            Ok(event) => event_frame(&app, &user, event).await,
            Err(lagged) => {
                tracing::debug!(%lagged, "a live client was too slow");
                from = position(&app, followed.topic);
                let now = app.parts.mint.clock().now();
                Some(frames::answer(followed.resync("lagged", from), "", now))
            }
        };
        let Some(message) = frame.as_ref().and_then(frames::text) else { continue };
        if out.send(message).await.is_err() {
            return;
        }
    }
}

async fn event_frame(app: &App, user: &CurrentUser, event: LiveEvent) -> Option<ServerFrame> {
    let agent = match &event.body {
        // A status that cannot be checked for the viewer's eyes is not shown.
        EventBody::Agent(status) => Some(seen(app, user, status.clone()).await.ok()?),
        _ => None,
    };
    frames::event(event, agent, app.parts.mint.clock().now())
}
