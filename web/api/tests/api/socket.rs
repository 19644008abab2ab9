//! The live feed over a real WebSocket: order, gaps, rights, and the end of a login.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]

use std::{ops::Deref, time::Duration};

use appliance_core::{AgentName, ConversationId, EventBody, MessageId, Topic, ports::Live};
use futures_util::{SinkExt as _, StreamExt as _};
use http::{HeaderValue, header};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _, http::Request},
};
use web_api::edge::Limits;

use crate::{
    edge::{Running, listening},
    house::{As, Scene},
};

type Socket = WebSocketStream<TcpStream>;

fn upgrade(server: &Running, who: As<'_>, origin: Option<&str>) -> Request<()> {
    let mut it = format!("ws://{}/ws", server.address).into_client_request().unwrap();
    let headers = it.headers_mut();
    match who {
        As::Cookie(person) => {
            headers.insert(header::COOKIE, person.cookie.parse().unwrap());
        }
        As::Bearer(person) => {
            let value = format!("Bearer {}", person.jwt);
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        As::Nobody | As::Local | As::Agent => {}
    }
    if let Some(origin) = origin {
        headers.insert(header::ORIGIN, HeaderValue::from_str(origin).unwrap());
    }
    it
}

async fn connect(server: &Running, request: Request<()>) -> Result<Socket, u16> {
    let stream = TcpStream::connect(server.address).await.unwrap();
    match client_async(request, stream).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(refused)) => Err(refused.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

async fn next(socket: &mut Socket) -> Value {
    loop {
        let message = timeout(Duration::from_secs(3), socket.next()).await.expect("silence");
        match message.expect("closed").unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Close(frame) => panic!("closed: {frame:?}"),
            _ => {}
        }
    }
}

async fn say(socket: &mut Socket, frame: Value) {
    socket.send(Message::text(frame.to_string())).await.unwrap();
}

/// Waits for the server's close and returns its reason.
async fn closed(socket: &mut Socket, limit: Duration) -> String {
    let wait = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Close(Some(frame)))) => return frame.reason.to_string(),
                Some(Ok(_)) => {}
                other => return format!("{other:?}"),
            }
        }
    };
    timeout(limit, wait).await.expect("still open")
}

/// A scene with a listener in front.
struct Stage {
    scene: Scene,
    server: Running,
}

impl Deref for Stage {
    type Target = Scene;

    fn deref(&self) -> &Scene {
        &self.scene
    }
}

async fn scene() -> Stage {
    let scene = Scene::new().await;
    let server = listening(&scene.house, Limits::default()).await;
    Stage { scene, server }
}

impl Stage {
    async fn open(&self, who: As<'_>) -> Socket {
        let own = format!("http://{}", self.server.address);
        let mut socket =
            connect(&self.server, upgrade(&self.server, who, Some(&own))).await.unwrap();
        let hello = next(&mut socket).await;
        assert_eq!(hello["type"], "connected");
        assert_eq!(hello["payload"]["epoch"], self.house.epoch());
        socket
    }

    fn chunk(&self, id: MessageId, offset: u64, text: &str) {
        let conversation: ConversationId = self.thread.parse().unwrap();
        let body = EventBody::Chunk {
            message_id: id,
            answers: MessageId::from_bytes([9; 16]),
            agent: AgentName::Code,
            attempt: 1,
            offset,
            text: text.to_owned(),
        };
        self.house.live.publish(Topic::Conversation(conversation), body);
    }
}

fn subscribe(thread: &str) -> Value {
    json!({"type": "subscribe", "id": "s",
        "payload": {"channel": "conversation", "conversation_id": thread}})
}

#[tokio::test]
async fn a_message_sent_here_is_answered_stored_and_streamed_in_order() {
    let scene = scene().await;
    let mut socket = scene.open(As::Cookie(&scene.ann)).await;
    say(&mut socket, subscribe(&scene.thread)).await;
    let subscribed = next(&mut socket).await;
    assert_eq!((&subscribed["type"], &subscribed["id"]), (&json!("subscribed"), &json!("s")));
    assert_eq!(subscribed["payload"]["from"]["seq"], 0);

    let text = "`code` && <b>é</b> 👩‍👩‍👧";
    let send = json!({"type": "send_message", "id": "m1",
        "payload": {"conversation_id": scene.thread, "content": text}});
    say(&mut socket, send.clone()).await;
    let (one, two) = (next(&mut socket).await, next(&mut socket).await);
    let (event, answer) = if one.get("id").is_none() { (one, two) } else { (two, one) };
    assert_eq!((&answer["type"], &answer["id"]), (&json!("message"), &json!("m1")));
    assert_eq!((&event["seq"], &event["payload"]["content"]), (&json!(1), &json!(text)));
    assert_eq!(event["payload"]["message_id"], answer["payload"]["message_id"]);

    say(&mut socket, send).await;
    let repeat = next(&mut socket).await;
    assert_eq!(repeat["payload"]["message_id"], answer["payload"]["message_id"], "taken once");

    let answer_id = MessageId::from_bytes([4; 16]);
    for (n, piece) in ["Hé", "llo"].into_iter().enumerate() {
        scene.chunk(answer_id, if n == 0 { 0 } else { 3 }, piece);
    }
    for (seq, piece, offset) in [(2, "Hé", 0), (3, "llo", 3)] {
        let frame = next(&mut socket).await;
        assert_eq!((&frame["type"], &frame["seq"]), (&json!("message_chunk"), &json!(seq)));
        let payload = &frame["payload"];
        assert_eq!((&payload["content"], &payload["offset"]), (&json!(piece), &json!(offset)));
        assert_eq!((&payload["attempt"], &payload["is_complete"]), (&json!(1), &json!(false)));
    }
}

#[tokio::test]
async fn another_persons_conversation_is_not_there() {
    let scene = scene().await;
    let mut socket = scene.open(As::Cookie(&scene.bob)).await;
    say(&mut socket, subscribe(&scene.thread)).await;
    let refused = next(&mut socket).await;
    assert_eq!(
        (&refused["type"], &refused["payload"]["code"]),
        (&json!("error"), &json!("not_found"))
    );
    let send = json!({"type": "send_message", "id": "x",
        "payload": {"conversation_id": scene.thread, "content": "hi"}});
    say(&mut socket, send).await;
    assert_eq!(next(&mut socket).await["payload"]["code"], "not_found");

    for channel in ["tasks", "agents"] {
        say(&mut socket, json!({"type": "subscribe", "payload": {"channel": channel}})).await;
        assert_eq!(next(&mut socket).await["type"], "subscribed");
    }
    let said = scene.house.say(&scene.thread, As::Bearer(&scene.ann), "for ann only").await;
    let mut status = appliance_core::ports::Fleet::list(&*scene.house.fleet).remove(1);
    status.tasks = vec![said.task_id.parse().unwrap()];
    scene.house.live.publish(Topic::Agents, EventBody::Agent(status));
    let frame = next(&mut socket).await;
    assert_eq!(frame["type"], "agent_status", "and no task of hers before it");
    assert!(!frame.to_string().contains(&said.task_id), "{frame}");
    say(&mut socket, json!({"type": "ping", "id": "p"})).await;
    assert_eq!(next(&mut socket).await["type"], "pong", "nothing in between");
}

#[tokio::test]
async fn only_own_pages_and_logged_in_clients_may_connect() {
    let scene = scene().await;
    let own = format!("http://{}", scene.server.address);
    let tried = async |who: As<'_>, origin: Option<&str>| {
        connect(&scene.server, upgrade(&scene.server, who, origin)).await.map(|_| ())
    };
    assert_eq!(tried(As::Cookie(&scene.ann), Some("http://evil.example")).await, Err(403));
    assert_eq!(tried(As::Cookie(&scene.ann), None).await, Err(403));
    assert_eq!(tried(As::Nobody, Some(&own)).await, Err(401));
    assert_eq!(tried(As::Bearer(&scene.ann), None).await, Ok(()), "no browser sends a bearer");
    assert_eq!(tried(As::Cookie(&scene.ann), Some(&own)).await, Ok(()));
}

#[tokio::test]
async fn a_login_that_ends_closes_its_sockets() {
    let scene = scene().await;
    let mut socket = scene.open(As::Cookie(&scene.ann)).await;
    let mut other = scene.open(As::Cookie(&scene.bob)).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    scene.house.post("/api/auth/logout", As::Bearer(&scene.ann), &json!({})).await;
    assert_eq!(closed(&mut socket, Duration::from_secs(10)).await, "the login has ended");
    say(&mut other, json!({"type": "ping"})).await;
    assert_eq!(next(&mut other).await["type"], "pong", "nobody else's");
}

#[tokio::test]
async fn a_client_that_missed_something_is_told_to_refetch() {
    let scene = scene().await;
    scene.house.say(&scene.thread, As::Bearer(&scene.ann), "one").await;
    let mut socket = scene.open(As::Cookie(&scene.ann)).await;
    let epoch = scene.house.epoch();
    for (epoch, seq, reason) in [
        (epoch, 1, None),
        (epoch, 0, Some("gap")),
        (epoch + 1, 1, Some("epoch")),
        (epoch, 9, Some("gap")),
    ] {
        let mut frame = subscribe(&scene.thread);
        frame["payload"]["resume_from"] = json!({"epoch": epoch, "seq": seq});
        say(&mut socket, frame).await;
        assert_eq!(next(&mut socket).await["type"], "subscribed");
        if let Some(reason) = reason {
            let frame = next(&mut socket).await;
            assert_eq!(frame["type"], "resync");
            assert_eq!(frame["payload"]["reason"], reason);
            assert_eq!(frame["payload"]["from"]["seq"], 1);
        }
        say(&mut socket, json!({"type": "ping"})).await;
        assert_eq!(next(&mut socket).await["type"], "pong", "and no more than that");
    }
}

#[tokio::test]
async fn unsubscribing_ends_the_frames() {
    let scene = scene().await;
    let mut socket = scene.open(As::Cookie(&scene.ann)).await;
    say(&mut socket, subscribe(&scene.thread)).await;
    next(&mut socket).await;
    let mut frame = subscribe(&scene.thread);
    frame["type"] = json!("unsubscribe");
    say(&mut socket, frame).await;
    assert_eq!(next(&mut socket).await["payload"]["active"], false);
    scene.house.say(&scene.thread, As::Bearer(&scene.ann), "unheard").await;
    say(&mut socket, json!({"type": "ping"})).await;
    assert_eq!(next(&mut socket).await["type"], "pong");
}

#[tokio::test]
async fn nonsense_is_answered_and_then_shown_the_door() {
    let scene = scene().await;
    let mut socket = scene.open(As::Cookie(&scene.ann)).await;
    let long = "x".repeat(50_001);
    for (frame, code) in [
        ("{", "body.malformed"),
        (r#"{"type":7}"#, "body.invalid"),
        (r#"{"type":"dance"}"#, "body.invalid"),
        (r#"{"type":"subscribe","payload":{"channel":"everything"}}"#, "body.invalid"),
        (
            r#"{"type":"subscribe","payload":{"channel":"conversation","conversation_id":"x"}}"#,
            "id.invalid",
        ),
    ] {
        socket.send(Message::text(frame)).await.unwrap();
        assert_eq!(next(&mut socket).await["payload"]["code"], code, "{frame}");
    }
    let send = json!({"type": "send_message", "id": "l",
        "payload": {"conversation_id": scene.thread, "content": long}});
    say(&mut socket, send).await;
    let refused = next(&mut socket).await;
    assert_eq!(
        (&refused["payload"]["code"], &refused["id"]),
        (&json!("message.too_long"), &json!("l"))
    );
    for _ in 0..6 {
        socket.send(Message::binary(vec![1, 2])).await.unwrap();
    }
    assert_eq!(closed(&mut socket, Duration::from_secs(3)).await, "too many bad frames");
}

#[tokio::test]
async fn a_refusal_carries_the_frames_id_and_speaks_of_its_fields() {
    let scene = scene().await;
    let mut socket = scene.open(As::Cookie(&scene.ann)).await;
    for (frame, words) in [
        (json!({"type": "subscribe", "payload": {"channel": "everything"}}), "payload.channel: "),
        (json!({"type": "subscribe", "payload": {}}), "payload.channel: "),
        (json!({"type": "dance"}), "type: "),
        (json!({"type": 7}), "type: "),
    ] {
        let mut frame = frame;
        frame["id"] = json!("f-1");
        say(&mut socket, frame.clone()).await;
        let refused = next(&mut socket).await;
        assert_eq!(refused["id"], "f-1", "{frame}: {refused}");
        let message = refused["payload"]["message"].as_str().unwrap();
        assert!(message.starts_with(words), "{frame}: {message}");
        assert!(!message.contains("errors") && !message.contains("detail"), "{message}");
    }
}

#[tokio::test]
async fn a_frame_over_the_limit_ends_the_connection() {
    let scene = scene().await;
    let mut socket = scene.open(As::Cookie(&scene.ann)).await;
    let _ = socket.send(Message::text("x".repeat(300 * 1024))).await;
    closed(&mut socket, Duration::from_secs(3)).await;
}

#[tokio::test]
async fn a_slow_reader_is_told_what_it_missed_and_holds_nobody_up() {
    let scene = scene().await;
    let mut slow = scene.open(As::Cookie(&scene.ann)).await;
    say(&mut slow, subscribe(&scene.thread)).await;
    next(&mut slow).await;
    let piece = "x".repeat(4_000);
    let began = Instant::now();
    // 20 MB in answers of 400 kB: more than the sockets' buffers, the queue and the feed hold.
    for n in 0..5_000_u64 {
        let answer = MessageId::from_bytes([u8::try_from(n / 100).unwrap(); 16]);
        scene.chunk(answer, n % 100 * 4_000, &piece);
        if n % 50 == 0 {
            tokio::task::yield_now().await;
        }
    }
    assert!(began.elapsed() < Duration::from_secs(10), "publishing does not wait");
    let (mut last, mut resynced) = (0, false);
    while let Ok(Some(Ok(message))) = timeout(Duration::from_millis(1_500), slow.next()).await {
        let Message::Text(text) = message else { continue };
        let frame: Value = serde_json::from_str(&text).unwrap();
        if frame["type"] == "resync" {
            assert_eq!(frame["payload"]["reason"], "lagged");
            resynced = true;
            last = frame["payload"]["from"]["seq"].as_u64().unwrap();
            continue;
        }
        let seq = frame["seq"].as_u64().unwrap();
        assert_eq!(seq, last + 1, "a gap without a word");
        last = seq;
    }
    assert!(resynced);
}

#[tokio::test]
async fn a_stopping_server_says_goodbye_and_does_not_wait_for_sockets() {
    let scene = scene().await;
    let mut socket = scene.open(As::Cookie(&scene.ann)).await;
    scene.server.stop.cancel();
    assert_eq!(closed(&mut socket, Duration::from_secs(2)).await, "the server is stopping");
    timeout(Duration::from_secs(3), scene.server.task).await.expect("drained").unwrap();
}

#[tokio::test]
async fn what_happens_between_two_frames_is_never_missed() {
    let scene = scene().await;
    let publisher = {
        let (live, thread) = (scene.house.live.clone(), scene.thread.parse().unwrap());
        tokio::spawn(async move {
            for offset in 0..2_000 {
                let body = EventBody::Chunk {
                    message_id: MessageId::from_bytes([8; 16]),
                    answers: MessageId::from_bytes([9; 16]),
                    agent: AgentName::Code,
                    attempt: 1,
                    offset,
                    text: "x".to_owned(),
                };
                live.publish(Topic::Conversation(thread), body);
                if offset % 16 == 0 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        })
    };
    let mut socket = scene.open(As::Cookie(&scene.ann)).await;
    say(&mut socket, subscribe(&scene.thread)).await;
    let subscribed = next(&mut socket).await;
    let mut last = subscribed["payload"]["from"]["seq"].as_u64().unwrap();
    while last < 2_000 {
        let frame = next(&mut socket).await;
        if frame["type"] == "resync" {
            last = frame["payload"]["from"]["seq"].as_u64().unwrap();
            continue;
        }
        assert_eq!(frame["seq"].as_u64().unwrap(), last + 1);
        last += 1;
    }
    publisher.await.unwrap();
}
