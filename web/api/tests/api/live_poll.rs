//! The live feed by long polls: the frames, places and rights of `/ws` without a WebSocket.

use appliance_core::{AgentName, ConversationId, EventBody, MessageId, Topic, ports::Live};
use http::StatusCode;
use serde_json::{Value, json};
use web_dto::{Channel, Heard, Place, ServerPayload};

use crate::house::{As, PASSWORD, Scene, person_of};

impl Scene {
    async fn asks(&self, who: As<'_>, body: Value) -> Heard {
        let answer = self.house.post("/api/live", who, &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()
    }

    async fn opened(&self, who: As<'_>) -> String {
        let Heard { line, frames } = self.asks(who, json!({})).await;
        assert!(matches!(frames[0].payload, ServerPayload::Connected(_)), "{frames:?}");
        line
    }

    async fn follows(&self, line: &str, seen: Option<Place>) -> Vec<ServerPayload> {
        let frame = json!({"type": "subscribe", "id": "s", "payload": {"channel": "conversation",
            "conversation_id": self.thread, "resume_from": seen}});
        let who = As::Cookie(&self.ann);
        let said = self.asks(who, json!({"line": line, "say": [frame]})).await;
        assert!(said.frames.is_empty(), "whoever speaks is answered at once: {said:?}");
        self.hears(line).await
    }

    async fn hears(&self, line: &str) -> Vec<ServerPayload> {
        let heard = self.asks(As::Cookie(&self.ann), json!({"line": line})).await;
        heard.frames.into_iter().map(|frame| frame.payload).collect()
    }

    fn chunk(&self, offset: u64, text: &str) {
        let conversation: ConversationId = self.thread.parse().unwrap();
        let (message_id, agent) = (MessageId::from_bytes([4; 16]), AgentName::Code);
        let (answers, text) = (MessageId::from_bytes([9; 16]), text.to_owned());
        let body = EventBody::Chunk { message_id, answers, agent, attempt: 1, offset, text };
        self.house.live.publish(Topic::Conversation(conversation), body);
    }
}

#[tokio::test]
async fn an_answer_comes_in_order_with_nothing_lost_between_two_polls() {
    let scene = Scene::new().await;
    let line = scene.opened(As::Cookie(&scene.ann)).await;
    let told = scene.follows(&line, None).await;
    assert!(matches!(&told[0], ServerPayload::Subscribed(it) if it.active), "{told:?}");
    let mut text = String::new();
    for (offset, piece) in [(0, "one "), (4, "two "), (8, "three")] {
        scene.chunk(offset, piece);
        if offset == 0 {
            continue; // two at once
        }
        while text.len() < 4 + usize::try_from(offset).unwrap() {
            for payload in scene.hears(&line).await {
                let ServerPayload::MessageChunk(chunk) = payload else { panic!("{payload:?}") };
                assert_eq!(chunk.offset, text.len() as u64);
                text.push_str(&chunk.content);
            }
        }
    }
    assert_eq!(text, "one two three");
}

#[tokio::test]
async fn whoever_comes_back_on_another_line_is_told_what_was_missed() {
    let scene = Scene::new().await;
    let line = scene.opened(As::Cookie(&scene.ann)).await;
    let told = scene.follows(&line, None).await;
    let ServerPayload::Subscribed(first) = &told[0] else { panic!("{told:?}") };
    let again = scene.opened(As::Cookie(&scene.ann)).await;
    let told = scene.follows(&again, Some(first.from)).await;
    assert_eq!(told.len(), 1, "nothing was missed: {told:?}");
    scene.chunk(0, "lost");
    let last = scene.opened(As::Cookie(&scene.ann)).await;
    let mut told = scene.follows(&last, Some(first.from)).await;
    if told.len() == 1 {
        told.extend(scene.hears(&last).await);
    }
    let resync = told.iter().any(|it| {
        matches!(it, ServerPayload::Resync(it) if it.channel == Channel::Conversation && it.reason == "gap")
    });
    assert!(resync, "{told:?}");
}

#[tokio::test]
async fn a_line_is_its_owners_alone_and_ends_with_the_login() {
    let scene = Scene::new().await;
    let line = scene.opened(As::Cookie(&scene.ann)).await;
    let listen = json!({"line": line});
    scene.house.post("/api/live", As::Bearer(&scene.bob), &listen).await.refused(404, "not_found");
    scene.house.post("/api/live", As::Nobody, &json!({})).await.refused(401, "auth.required");
    let unknown = json!({"line": "0-0"});
    scene.house.post("/api/live", As::Bearer(&scene.ann), &unknown).await.refused(404, "not_found");
    scene.house.post("/api/auth/logout", As::Bearer(&scene.ann), &json!({})).await;
    scene
        .house
        .post("/api/live", As::Cookie(&scene.ann), &listen)
        .await
        .refused(401, "auth.required");
}

#[tokio::test]
async fn a_line_is_not_there_for_another_login_of_its_owner() {
    let scene = Scene::new().await;
    let line = scene.opened(As::Cookie(&scene.ann)).await;
    let answer = scene.house.login("ann@example.com", PASSWORD).await;
    let again = person_of(scene.ann.id, &answer);
    let listen = json!({"line": line});
    scene.house.post("/api/live", As::Cookie(&again), &listen).await.refused(404, "not_found");
    scene.house.post("/api/live", As::Local, &listen).await.refused(404, "not_found");
    // What the later login ends is its own, and the line goes on for the login that opened it.
    scene.house.post("/api/auth/logout", As::Cookie(&again), &json!({})).await;
    let told = scene.follows(&line, None).await;
    assert!(matches!(&told[0], ServerPayload::Subscribed(_)), "{told:?}");
}

#[tokio::test]
async fn more_lines_than_a_person_has_tabs_end_the_one_that_was_silent_longest() {
    let scene = Scene::new().await;
    let first = scene.opened(As::Cookie(&scene.ann)).await;
    for _ in 0..32 {
        scene.opened(As::Cookie(&scene.ann)).await;
    }
    let gone = scene.house.post("/api/live", As::Cookie(&scene.ann), &json!({"line": first})).await;
    gone.refused(404, "not_found");
    scene.opened(As::Cookie(&scene.bob)).await;
}
