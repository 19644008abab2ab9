//! Tokens for programs: made once, scoped at the edge, revoked at once.

use std::{sync::Arc, time::Duration};

use appliance_core::ports::Users as _;
use axum::body::Body;
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::{
    fakes::GatedRecords,
    house::{As, House, Person, request},
};

/// Makes a token of `owner`'s; what sends it is a person that holds nothing else.
async fn made(house: &House, owner: &Person, new: Value) -> (String, Person) {
    let answer = house.post("/api/tokens", As::Bearer(owner), &new).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.headers["cache-control"], "no-store");
    let made: Value = answer.json();
    let secret = made["secret"].as_str().unwrap().to_owned();
    let program = Person { jwt: secret, cookie: String::new(), ..owner.clone() };
    (made["token"]["id"].as_str().unwrap().to_owned(), program)
}

async fn with(house: &House, owner: &Person, scope: &str) -> Person {
    made(house, owner, json!({"name": scope, "scopes": [scope]})).await.1
}

#[tokio::test]
async fn a_secret_is_said_once_and_the_last_use_is_shown() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    let new = json!({"name": " my editor ", "scopes": ["memory", "memory"]});
    let (id, program) = made(&house, &ann, new).await;
    let list = async || house.get("/api/tokens", As::Cookie(&ann)).await;
    let listed: Value = list().await.json();
    let (item, url) = (&listed["items"][0], &listed["url"]);
    assert_eq!((&item["id"], &item["name"]), (&json!(id), &json!("my editor")));
    assert_eq!((&item["scopes"], url), (&json!(["memory"]), &json!("http://127.0.0.1:8000")));
    assert_eq!((&item["last_used_at"], &item["expires_at"]), (&Value::Null, &Value::Null));
    assert_eq!(house.get("/api/memory", As::Bearer(&program)).await.status, 200);
    let answer = loop {
        // The use is written beside the request that it is noted by.
        let answer = list().await;
        if answer.json::<Value>()["items"][0]["last_used_at"].is_string() {
            break answer;
        }
        tokio::task::yield_now().await;
    };
    assert!(!String::from_utf8_lossy(&answer.body).contains(&program.jwt));
}

#[tokio::test]
async fn a_program_is_served_while_its_use_waits_to_be_written() {
    let gate = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
    let shut = gate.clone();
    let house = House::with(move |parts| {
        parts.records = Arc::new(GatedRecords { inner: parts.records.clone(), gate: shut });
    });
    let (ann, _) = house.two_people().await;
    let program = with(&house, &ann, "memory-read").await;
    gate.forget_permits(gate.available_permits()); // now nothing is written
    for _ in 0..2 {
        assert_eq!(house.get("/api/memory", As::Bearer(&program)).await.status, 200);
    }
    let used = async || house.store.tokens(ann.id).await.unwrap()[0].last_used_at;
    assert_eq!(used().await, None);
    gate.add_permits(1);
    while used().await.is_none() {
        tokio::task::yield_now().await;
    }
    assert_eq!(gate.available_permits(), 0, "two uses of one minute are one batch");
}

#[tokio::test]
async fn a_person_has_a_hundred_tokens_however_many_are_asked_for_at_once() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    let bodies: Vec<_> =
        (0..103).map(|n| json!({"name": format!("t{n}"), "scopes": ["chat"]})).collect();
    let asked = bodies.iter().map(|body| house.post("/api/tokens", As::Bearer(&ann), body));
    let (made, refused): (Vec<_>, Vec<_>) =
        join_all(asked).await.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((made.len(), refused.len()), (100, 3));
    for answer in refused {
        let problem = answer.refused(409, "token.limit");
        assert!(problem.detail.contains("at most 100 tokens"), "{}", problem.detail);
    }
}

#[tokio::test]
async fn an_expired_token_gives_its_name_back() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    let new = json!({"name": "editor", "scopes": ["chat"], "expires_in_days": 1});
    let (first, _) = made(&house, &ann, new.clone()).await;
    house.clock.advance(Duration::from_secs(24 * 60 * 60));
    let (second, _) = made(&house, &ann, new).await;
    let listed: Value = house.get("/api/tokens", As::Bearer(&ann)).await.json();
    assert_eq!((listed["items"].as_array().unwrap().len(), first == second), (1, false));
    assert_eq!(listed["items"][0]["id"], json!(second));
}

#[tokio::test]
async fn a_scope_opens_its_routes_and_a_refusal_names_what_is_needed() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    let rows = [
        ("memory-read", [200, 403, 403, 403, 403, 403]),
        ("memory", [200, 201, 403, 403, 403, 403]),
        ("chat", [403, 403, 200, 201, 403, 403]),
        ("read-only", [200, 403, 200, 403, 200, 403]),
        ("full", [200, 201, 200, 201, 200, 403]),
    ];
    for (scope, expected) in rows {
        let program = with(&house, &ann, scope).await;
        let who = As::Bearer(&program);
        let keep = json!({"items": [{"text": format!("the heron {scope} nests")}]});
        let answers = [
            house.get("/api/memory", who).await,
            house.post("/api/memory", who, &keep).await,
            house.get("/api/conversations", who).await,
            house.post("/api/conversations", who, &json!({})).await,
            house.get("/api/settings", who).await,
            house.get("/api/tokens", who).await,
        ];
        let found = answers.each_ref().map(|answer| answer.status.as_u16());
        assert_eq!(found, expected, "{scope}");
    }
    let reader = made(&house, &ann, json!({"name": "r", "scopes": ["memory-read"]})).await.1;
    let refused = house.post("/api/conversations", As::Bearer(&reader), &json!({})).await;
    let problem = refused.refused(403, "token.scope");
    assert!(problem.detail.contains("chat or full"), "{}", problem.detail);
}

#[tokio::test]
async fn no_token_makes_lists_or_revokes_tokens_or_logs_in() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    let (id, program) = made(&house, &ann, json!({"name": "all", "scopes": ["full"]})).await;
    let who = As::Bearer(&program);
    let new = json!({"name": "more", "scopes": ["full"]});
    house.post("/api/tokens", who, &new).await.refused(403, "token.scope");
    let path = format!("/api/tokens/{id}");
    house
        .send(request(Method::DELETE, &path, who, Body::empty()))
        .await
        .refused(403, "token.scope");
    house.post("/api/auth/setup-link", who, &json!({})).await.refused(403, "token.scope");
    assert_eq!(house.get("/api/auth/me", who).await.status, 200);
}

#[tokio::test]
async fn a_revoked_or_expired_token_is_refused_at_once() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    let (id, gone) = made(&house, &ann, json!({"name": "a", "scopes": ["full"]})).await;
    let brief = json!({"name": "b", "scopes": ["full"], "expires_in_days": 1});
    let (_, brief) = made(&house, &ann, brief).await;
    let path = format!("/api/tokens/{id}");
    let revoked = house.send(request(Method::DELETE, &path, As::Bearer(&ann), Body::empty())).await;
    assert_eq!(revoked.status, 204, "{revoked:?}");
    house.get("/api/memory", As::Bearer(&gone)).await.refused(401, "auth.required");
    assert_eq!(house.get("/api/memory", As::Bearer(&brief)).await.status, 200);
    house.clock.advance(Duration::from_secs(24 * 60 * 60));
    let refused = house.get("/api/memory", As::Bearer(&brief)).await;
    refused.refused(401, "auth.required");
    assert_eq!(refused.headers["www-authenticate"], "Bearer realm=\"ai-infra\"");
}

#[tokio::test]
async fn what_cannot_be_made_is_refused_by_field() {
    let house = House::new();
    let (ann, bob) = house.two_people().await;
    for (body, code, pointer) in [
        (json!({"name": " ", "scopes": ["chat"]}), "token.invalid", "/name"),
        (json!({"name": "a\nb", "scopes": ["chat"]}), "token.invalid", "/name"),
        (json!({"name": "x".repeat(65), "scopes": ["chat"]}), "token.invalid", "/name"),
        (json!({"name": "a", "scopes": []}), "token.invalid", "/scopes"),
        (json!({"name": "a", "scopes": ["root"]}), "token.invalid", "/scopes"),
        (
            json!({"name": "a", "scopes": ["chat"], "expires_in_days": 0}),
            "token.invalid",
            "/expires_in_days",
        ),
    ] {
        let problem = house.post("/api/tokens", As::Bearer(&ann), &body).await.refused(422, code);
        assert_eq!(problem.errors[0].pointer, pointer, "{body}");
    }
    let new = json!({"name": "one", "scopes": ["chat"]});
    made(&house, &ann, new.clone()).await;
    made(&house, &bob, new.clone()).await;
    let twice = house.post("/api/tokens", As::Bearer(&ann), &new).await;
    twice.refused(409, "token.name_taken");
}

#[tokio::test]
async fn a_reading_token_finds_by_mcp_and_changes_nothing() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    let reader = with(&house, &ann, "memory-read").await;
    for (tool, arguments, is_error) in [
        ("recent", json!({}), false),
        ("remember", json!({"text": "the heron nests"}), true),
        ("forget", json!({"ids": ["01890a5d-ac96-774b-bcce-b302099a8057"]}), true),
    ] {
        let params = json!({"name": tool, "arguments": arguments});
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
        let mut asked =
            request(Method::POST, "/mcp", As::Bearer(&reader), Body::from(call.to_string()));
        asked.headers_mut().insert("content-type", "application/json".parse().unwrap());
        let accept = "application/json, text/event-stream".parse().unwrap();
        asked.headers_mut().insert("accept", accept);
        let told: Value = house.send(asked).await.json();
        assert_eq!(told["result"]["isError"] == json!(true), is_error, "{told}");
        let named = told.to_string().contains("memory or full");
        assert_eq!(named, is_error, "{told}");
    }
}
