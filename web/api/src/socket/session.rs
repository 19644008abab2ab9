//! One connected client: what it says, what it follows, and when it is shown the door.
//!
//! Closes within a second when the login ends, at once when the server drains, after a minute
//! without an answer to pings, and on a client that sends nonsense. Frames go out through one
//! bounded queue, so a slow client holds up nobody else.

use std::{collections::HashMap, time::Duration};

use appliance_core::{Timestamp, Topic};
use appliance_redact::Redactor;
use appliance_tasks::TaskKind;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use futures_util::{SinkExt as _, Stream, StreamExt as _, stream::SplitSink};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use web_dto::{
    Channel, ClientFrame, ClientPayload, Code, ConnectedPayload, MessagePayload, ServerFrame,
    ServerPayload,
};

use super::{
    feed::{self, Feed},
    frames::{self, Followed},
    lines::SILENCE,
};
use crate::{
    auth::CurrentUser,
    edge::Drain,
    error::ApiError,
    extract::{IdempotencyKey, parse_json},
    gate::Caller,
    intake::{self, Offered},
    parts::Shared,
};

/// Sends one client's frames.
const WRITE: TaskKind = TaskKind::new("socket.write");

/// Frames waiting for one client.
pub(super) const QUEUE: usize = 256;

/// How often the login is looked up and the client's silence is measured.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// How often the client is pinged.
const PING_EVERY: Duration = Duration::from_secs(30);

/// Longest time one frame may take to go out.
const SEND_TIME: Duration = Duration::from_secs(10);

/// Bad frames after which a client is shown the door.
const MAX_BAD_FRAMES: u32 = 10;

/// Topics one client may follow at once.
const MAX_FEEDS: usize = 64;

/// Why a socket is closed from this side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bye {
    /// The client left or is gone.
    Gone,
    /// Its login has ended.
    LoggedOut,
    /// The server is stopping.
    Draining,
    /// It sent too much nonsense.
    Nonsense,
}

/// Serves the socket to its end.
pub(super) async fn run(
    app: Shared,
    user: CurrentUser,
    caller: Caller,
    drain: Drain,
    socket: WebSocket,
) {
    let (sink, incoming) = socket.split();
    let (out, queue) = mpsc::channel(QUEUE);
    let write = write(sink, queue, app.parts.redactor.clone());
    let mut writer = app.parts.home.spawn(WRITE, write);
    let session = Session::new(app, user, caller, out.clone());
    let bye = tokio::select! {
        bye = session.serve(incoming.map(Result::ok), &drain) => bye,
        () = writer.ended() => return,
    };
    let farewell = async {
        // Behind what is already queued, so that the client reads why.
        let _ = out.send(Message::Close(close_frame(bye))).await;
        writer.ended().await;
    };
    if timeout(SEND_TIME, farewell).await.is_err() {
        writer.abort();
    }
}

fn close_frame(bye: Bye) -> Option<CloseFrame> {
    let (code, reason) = match bye {
        Bye::Gone => return None,
        Bye::LoggedOut => (close_code::POLICY, "the login has ended"),
        Bye::Draining => (close_code::AWAY, "the server is stopping"),
        Bye::Nonsense => (close_code::POLICY, "too many bad frames"),
    };
    Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) })
}

/// Sends what is queued; ends when the client takes no more.
async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut queue: mpsc::Receiver<Message>,
    redactor: Redactor,
) {
    while let Some(message) = queue.recv().await {
        let message = match message {
            Message::Text(text) => Message::Text(redactor.text(&text).as_ref().into()),
            other => other,
        };
        let last = matches!(message, Message::Close(_));
        let sent = timeout(SEND_TIME, sink.send(message)).await;
        if last || !matches!(sent, Ok(Ok(()))) {
            return;
        }
    }
}

/// What one client has said and follows.
pub(super) struct Session {
    app: Shared,
    user: CurrentUser,
    caller: Caller,
    out: mpsc::Sender<Message>,
    feeds: HashMap<Followed, Feed>,
    bad_frames: u32,
}

impl Session {
    /// Begins with a client that follows nothing yet; what it is told goes to `out`.
    pub(super) fn new(
        app: Shared,
        user: CurrentUser,
        caller: Caller,
        out: mpsc::Sender<Message>,
    ) -> Self {
        Self { app, user, caller, out, feeds: HashMap::new(), bad_frames: 0 }
    }

    /// Hears the client and tells it what it follows, until one of both has to go.
    pub(super) async fn serve(
        mut self,
        mut incoming: impl Stream<Item = Option<Message>> + Unpin,
        drain: &Drain,
    ) -> Bye {
        self.greet().await;
        let mut check = interval(CHECK_EVERY);
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut heard, mut pinged) = (Instant::now(), Instant::now());
        loop {
            tokio::select! {
                message = incoming.next() => {
                    let Some(Some(message)) = message else { return Bye::Gone };
                    heard = Instant::now();
                    if let Err(bye) = self.hear(message).await {
                        return bye;
                    }
                }
                _ = check.tick() => {
                    if heard.elapsed() >= SILENCE {
                        return Bye::Gone;
                    }
                    if let Err(bye) = self.still_welcome().await {
                        return bye;
                    }
                    if pinged.elapsed() >= PING_EVERY {
                        pinged = Instant::now();
                        // A full queue has plenty for the client to answer to already.
                        let _ = self.out.try_send(Message::Ping(bytes::Bytes::new()));
                    }
                }
                () = drain.begun() => return Bye::Draining,
            }
        }
    }

    fn now(&self) -> Timestamp {
        self.app.parts.mint.clock().now()
    }

    async fn send(&self, frame: ServerFrame) {
        // A writer that has ended ends the session too; there is nobody to tell.
        if let Some(message) = frames::text(&frame) {
            let _ = self.out.send(message).await;
        }
    }

    async fn answer(&self, payload: ServerPayload, id: &str) {
        self.send(frames::answer(payload, id, self.now())).await;
    }

    async fn greet(&self) {
        let (epoch, _) = self.app.parts.live.position(Topic::Agents);
        let user_id = self.user.id().to_string();
        self.answer(ServerPayload::Connected(ConnectedPayload { user_id, epoch }), "").await;
    }

    /// Looks the login up again.
    async fn still_welcome(&self) -> Result<(), Bye> {
        // A store that cannot answer is no reason to let anybody stay.
        if self.user.still_live(&self.app).await.unwrap_or(false) {
            return Ok(());
        }
        let ended = ApiError::new(Code::AuthRequired, "the login has ended");
        self.send(frames::refusal(&ended, "", self.now())).await;
        Err(Bye::LoggedOut)
    }

    async fn hear(&mut self, message: Message) -> Result<(), Bye> {
        let text = match message {
            Message::Text(text) => self.app.parts.redactor.text(&text).into_owned(),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Close(_) => return Err(Bye::Gone),
            Message::Binary(_) => {
                let error = ApiError::new(Code::BodyMalformed, "binary frames are not taken");
                return self.refuse(&error, "").await;
            }
        };
        let frame: ClientFrame = match parse_json(text.as_bytes()) {
            Ok(frame) => frame,
            Err(error) => return self.refuse(&error, &frames::id_in(&text)).await,
        };
        match self.obey(&frame.kind, frame.payload, &frame.id).await {
            Ok(()) => Ok(()),
            Err(error) => self.refuse(&error, &frame.id).await,
        }
    }

    /// Answers with an error; a client that goes on like that is shown the door.
    async fn refuse(&mut self, error: &ApiError, id: &str) -> Result<(), Bye> {
        error.log();
        self.send(frames::refusal(error, id, self.now())).await;
        let nonsense = matches!(
            error.code,
            Code::BodyMalformed | Code::BodyInvalid | Code::IdInvalid | Code::KeyInvalid
        );
        self.bad_frames += u32::from(nonsense);
        if self.bad_frames > MAX_BAD_FRAMES { Err(Bye::Nonsense) } else { Ok(()) }
    }

    async fn obey(&mut self, kind: &str, payload: ClientPayload, id: &str) -> Result<(), ApiError> {
        match kind {
            "subscribe" => self.subscribe(&payload, id).await,
            "unsubscribe" => self.unsubscribe(&payload, id).await,
            "send_message" => self.take_message(payload, id).await,
            "ping" => {
                self.answer(ServerPayload::Pong, id).await;
                Ok(())
            }
            _ => Err(ApiError::field(
                Code::BodyInvalid,
                "/type",
                "`type` is not `subscribe`, `unsubscribe`, `send_message` or `ping`",
            )),
        }
    }

    async fn subscribe(&mut self, payload: &ClientPayload, id: &str) -> Result<(), ApiError> {
        let followed = self.followed(payload).await?;
        if self.feeds.len() >= MAX_FEEDS && !self.feeds.contains_key(&followed) {
            let detail = format!("one connection follows at most {MAX_FEEDS} channels");
            return Err(ApiError::new(Code::RateLimited, detail));
        }
        // A second subscription to the same feed replaces the first.
        self.feeds.remove(&followed);
        let begun = feed::begin(&self.app, followed);
        self.answer(followed.subscribed(true, begun.from), id).await;
        if let Some(reason) = payload.resume_from.and_then(|seen| begun.gap_since(seen)) {
            self.answer(followed.resync(reason, begun.from), "").await;
        }
        let feed = begun.run(self.app.clone(), self.user.clone(), self.out.clone());
        self.feeds.insert(followed, feed);
        Ok(())
    }

    async fn unsubscribe(&mut self, payload: &ClientPayload, id: &str) -> Result<(), ApiError> {
        let followed = self.followed(payload).await?;
        self.feeds.remove(&followed);
        let from = feed::position(&self.app, followed.topic);
        self.answer(followed.subscribed(false, from), id).await;
        Ok(())
    }

    /// Reads what a frame is about; another person's conversation is not there.
    async fn followed(&self, payload: &ClientPayload) -> Result<Followed, ApiError> {
        let missing = |pointer, detail| ApiError::field(Code::BodyInvalid, pointer, detail);
        let channel = payload
            .channel
            .ok_or_else(|| missing("/payload/channel", "`channel` says what to follow"))?;
        let topic = match channel {
            Channel::Agents => Topic::Agents,
            Channel::Tasks => Topic::Tasks(self.user.id()),
            Channel::Conversation => {
                let id = conversation_id(payload)?;
                intake::require_conversation(&self.app, self.user.id(), id).await?;
                Topic::Conversation(id)
            }
        };
        Ok(Followed { channel, topic })
    }

    /// Takes a message in as REST does; the frame's id makes a repeat harmless.
    async fn take_message(&self, payload: ClientPayload, id: &str) -> Result<(), ApiError> {
        let conversation_id = conversation_id(&payload)?;
        let content = payload.content.ok_or_else(|| {
            ApiError::field(Code::MessageEmpty, "/payload/content", "the message has no text")
        })?;
        let offered = Offered {
            owner: self.user.id(),
            ip: self.caller.ip,
            conversation_id,
            content: content.clone(),
            attachments: payload.attachments.len(),
            key: IdempotencyKey::new(id)?,
        };
        let accepted = intake::take(&self.app, offered).await?;
        let stored = MessagePayload {
            message_id: accepted.message_id.to_string(),
            conversation_id: conversation_id.to_string(),
            seq: 0,
            answers: None,
            role: "user".to_owned(),
            content,
            agent: None,
            is_complete: true,
            citations: Vec::new(),
            model: None,
            task_id: None,
            stopped: false,
            cut_off: None,
        };
        self.answer(ServerPayload::Message(stored), id).await;
        Ok(())
    }
}

fn conversation_id(payload: &ClientPayload) -> Result<appliance_core::ConversationId, ApiError> {
    let text = payload.conversation_id.as_deref().ok_or_else(|| {
        let detail = "`conversation_id` says which conversation";
        ApiError::field(Code::BodyInvalid, "/payload/conversation_id", detail)
    })?;
    text.parse()
        .map_err(|bad: appliance_core::ids::BadId| ApiError::new(Code::IdInvalid, bad.to_string()))
}
