//! The agents' side: known by the kernel, hidden from the network, streamed verbatim.

use appliance_core::{desk::paths, ports::PeerProcess};
use axum::body::Body;
use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use web_api::Peer;

use crate::{
    fakes::HELD,
    house::{Answer, As, House, request},
};

const REPLY: [&[u8]; 3] = [
    b"event: message_start\ndata: {\"message\":{\"usage\":{\"input_tokens\":12}},\"x\":\"\xc3",
    b"\xa9\"}\n\nevent: message_delta\nda",
    b"ta: {\"usage\":{\"output_tokens\":34},\"unknown_field\": [1,  2]}\n\n",
];

async fn house_with_agent() -> House {
    let house = House::new();
    house.two_people().await;
    let hello = house.post(paths::HELLO, As::Agent, &json!({"agent": "code"})).await;
    assert_eq!(hello.json::<Value>()["prompt"], "be brief");
    house
}

#[tokio::test]
async fn a_reply_passes_through_byte_for_byte_and_is_counted() {
    let house = house_with_agent().await;
    *house.model.pieces.lock().unwrap() = REPLY.to_vec();
    let asked = r#"{"model":"fake-1",  "stream":true,"future":{"a":null}}"#;
    let mut it = request(Method::POST, paths::MESSAGES, As::Agent, Body::from(asked));
    let headers = it.headers_mut();
    headers.insert("anthropic-version", "2023-06-01".parse().unwrap());
    headers.insert("anthropic-beta", "citations-1".parse().unwrap());
    headers.insert("x-api-key", "sk-mine".parse().unwrap());
    headers.insert("x-ai-infra-task", HELD.parse().unwrap());
    let answer = house.send(it).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body, REPLY.concat());
    assert_eq!(answer.headers["request-id"], "req_1");
    assert!(!answer.headers.contains_key(header::CONTENT_LENGTH), "the pieces decide the length");

    let calls = house.model.asked.lock().unwrap().clone();
    assert_eq!(calls[0].body, asked);
    let names: Vec<_> = calls[0].headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["anthropic-version", "anthropic-beta"], "no key passes");
    assert_eq!(calls[0].agent.map(appliance_core::AgentName::as_str), Some("code"));
    assert!(calls[0].task_id.is_some());

    let text = house.get("/metrics", As::Local).await;
    let text = String::from_utf8_lossy(&text.body).into_owned();
    for (direction, n) in [("input", 12), ("output", 34)] {
        let line = format!(
            "llm_tokens_total{{provider=\"demo\",model=\"fake-1\",direction=\"{direction}\"}} {n}\n"
        );
        assert!(text.contains(&line), "{text}");
    }
}

async fn under_lease(house: &House, body: impl Into<Body>) -> Answer {
    let mut it = request(Method::POST, paths::MESSAGES, As::Agent, body.into());
    it.headers_mut().insert("x-ai-infra-task", HELD.parse().unwrap());
    house.send(it).await
}

#[tokio::test]
async fn the_model_is_spoken_to_under_a_lease_only() {
    let house = house_with_agent().await;
    house.raw(paths::MESSAGES, As::Agent, "{}").await.refused(403, "lease.needed");
    for (task, status, code) in
        [("all", 422, "id.invalid"), ("01890a5d-ac96-774b-bcce-b302099a8058", 409, "lease.lost")]
    {
        let mut it = request(Method::POST, paths::MESSAGES, As::Agent, Body::from("{}"));
        it.headers_mut().insert("x-ai-infra-task", task.parse().unwrap());
        house.send(it).await.refused(status, code);
    }
    assert!(house.model.asked.lock().unwrap().is_empty(), "nothing was asked");
}

#[tokio::test]
async fn a_model_that_is_away_is_503_with_its_own_time_to_wait() {
    let house = house_with_agent().await;
    *house.model.away.lock().unwrap() = true;
    let answer = under_lease(&house, "{}").await;
    answer.refused(503, "model.unavailable");
    assert_eq!(answer.headers[header::RETRY_AFTER], "7");
}

#[tokio::test]
async fn people_do_not_see_the_agents_routes_nor_agents_theirs() {
    let house = house_with_agent().await;
    let ann = house.login("ann@example.com", crate::house::PASSWORD).await;
    let ann = crate::house::person_of(appliance_core::UserId::from_bytes([0; 16]), &ann);
    for path in [paths::HELLO, paths::LEASE_NEXT, paths::COMPLETE, paths::RECALL, paths::MESSAGES] {
        for who in [As::Nobody, As::Bearer(&ann), As::Local] {
            house.raw(path, who, "{}").await.refused(404, "route.unknown");
        }
    }
    for path in ["/api/conversations", "/api/info", "/metrics", "/ws", "/mcp", "/"] {
        house.get(path, As::Agent).await.refused(404, "route.unknown");
    }
}

#[tokio::test]
async fn a_local_process_that_is_no_agent_gets_no_work_and_no_model() {
    let house = house_with_agent().await;
    let lease = json!({"stream": "ai:agent:code", "seq": 1, "deliveries": 1,
        "task_id": "01890a5d-ac96-774b-bcce-b302099a8057"});
    for (path, body) in [
        (paths::MESSAGES, json!({})),
        (paths::LEASE_NEXT, json!({"wait_ms": 1, "held": []})),
        (paths::RENEW, lease.clone()),
        (paths::THREAD, json!(lease)),
        (paths::RECALL, json!({"lease": lease, "query": "x", "limit": 1})),
    ] {
        let mut it = request(Method::POST, path, As::Agent, Body::from(body.to_string()));
        it.extensions_mut().insert(Peer::Agent(PeerProcess { pid: 1, handle: None }));
        it.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        house.send(it).await.refused(403, "agent.stranger");
    }
    let mut it = request(Method::GET, "/api/info", As::Agent, Body::empty());
    it.extensions_mut().insert(Peer::Agent(PeerProcess { pid: 1, handle: None }));
    house.send(it).await.refused(403, "agent.stranger");
    house.post(paths::RENEW, As::Agent, &lease).await.refused(409, "lease.lost");
}

#[tokio::test]
async fn no_work_is_204_after_the_wait() {
    let house = house_with_agent().await;
    let answer =
        house.post(paths::LEASE_NEXT, As::Agent, &json!({"wait_ms": 30, "held": []})).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::NO_CONTENT, 0));
}

#[tokio::test]
async fn an_agents_request_may_be_larger_than_a_persons_but_not_endless() {
    let house = house_with_agent().await;
    let large = " ".repeat(3 * 1024 * 1024);
    assert_eq!(under_lease(&house, large).await.status, StatusCode::OK);
    let endless = " ".repeat(8 * 1024 * 1024 + 1);
    under_lease(&house, endless).await.refused(413, "body.too_large");
}
