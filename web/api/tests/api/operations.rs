//! Health, metrics, the log and steering agents.

use std::{sync::Arc, time::Duration};

use appliance_core::{
    AgentName, Control,
    ports::{StoreHealth, StoreSigns, StoreState},
};
use axum::body::Body;
use http::{Method, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use web_api::Peer;

use crate::house::{As, House, request};

#[tokio::test]
async fn health_answers_without_a_login() {
    let house = House::new();
    house.two_people().await;
    let live: Value = house.get("/api/health/live", As::Nobody).await.json();
    assert_eq!(live["status"], "ok");
    let ready = house.get("/api/health/ready", As::Nobody).await;
    assert_eq!(ready.status, StatusCode::OK);
    let ready: Value = ready.json();
    let all = ["records", "bus", "memory", "agents", "clock"].map(|part| (part.to_owned(), "ok"));
    let mut all = std::collections::BTreeMap::from(all);
    all.insert("rows".to_owned(), "checking"); // nobody has begun to compare them in this house
    let all = json!(all);
    assert_eq!((&ready["status"], &ready["checks"]), (&json!("ok"), &all));
    let agents: Value = house.get("/api/health/agents", As::Nobody).await.json();
    assert_eq!(agents["agents"].as_object().unwrap().len(), 6);
    assert_eq!(agents["agents"]["qa"], "ok");
}

/// A store that says this of itself.
#[derive(Debug)]
struct Says(StoreState);

impl StoreSigns for Says {
    fn signs(&self) -> StoreHealth {
        let age = Some(Duration::from_millis(1_500));
        StoreHealth { state: self.0.clone(), last_commit_age: age, outstanding_for: None }
    }
}

#[tokio::test]
async fn how_writes_fare_shows_in_readiness_and_no_reason_with_it() {
    let why = || "no room on /var/lib".to_owned();
    for (state, code, status) in [
        (StoreState::Well, "ok", 200),
        (StoreState::Slow, "slow", 200),
        (StoreState::Full(why()), "full", 200),
        (StoreState::Failing(why()), "failing", 200),
        (StoreState::Damaged(why()), "damaged", 200),
        (StoreState::Ended(why()), "ended", 503),
        (StoreState::Hung, "hung", 503),
    ] {
        let house = House::with(|parts| parts.signs = Arc::new(Says(state)));
        house.two_people().await;
        let answer = house.get("/api/health/ready", As::Nobody).await;
        assert_eq!(answer.status.as_u16(), status, "{code}");
        let ready: Value = answer.json();
        assert_eq!(ready["checks"]["records"], code);
        assert_eq!(ready["last_commit_age_ms"], 1_500);
        let overall = if status == 503 { "unavailable" } else { "degraded" };
        assert_eq!(ready["status"], if code == "ok" { "ok" } else { overall });
        assert!(!ready.to_string().contains("/var/lib"));
    }
}

#[tokio::test]
async fn a_stopped_store_is_not_ready_and_says_no_more() {
    let house = House::new();
    house.two_people().await;
    house.store.close();
    let ready = house.get("/api/health/ready", As::Nobody).await;
    let text = String::from_utf8_lossy(&ready.body).into_owned();
    if ready.status == StatusCode::OK {
        // Reads may go on after the writer has stopped; then the parts must say so themselves.
        assert!(text.contains(r#""records":"ok""#), "{text}");
    } else {
        assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(text.contains(r#""status":"unavailable""#) && !text.contains('/'), "{text}");
    }
}

#[tokio::test]
async fn requests_are_counted_by_template_never_by_path() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    let thread = house.conversation(As::Bearer(&ann)).await;
    house.say(&thread, As::Bearer(&ann), "hello").await;
    house.get("/api/secret-in-a-path", As::Nobody).await;
    let answer = house.get("/metrics", As::Nobody).await;
    assert!(answer.headers[header::CONTENT_TYPE].to_str().unwrap().contains("openmetrics"));
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    for line in [
        "api_requests_total{method=\"POST\",endpoint=\"/api/conversations/{id}/messages\",status_code=\"202\"} 1\n",
        "api_requests_total{method=\"GET\",endpoint=\"unmatched\",status_code=\"404\"} 1\n",
        "redis_messages_total{channel=\"ai:agent:supervisor\",message_type=\"task\"} 1\n",
        "redis_queue_depth{queue=\"ai:agent:supervisor\"} 1\n",
        "agent_active_tasks{agent=\"code\"} 0\n",
        "# EOF\n",
    ] {
        assert!(text.contains(line), "{line} not in\n{text}");
    }
    assert!(!text.contains(&thread) && !text.contains("secret-in-a-path"));
}

#[tokio::test]
async fn metrics_are_for_this_machine_or_a_login() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    let from_afar = |who: As<'_>| {
        let mut it = request(Method::GET, "/metrics", who, Body::empty());
        it.extensions_mut().insert(Peer::Remote(([203, 0, 113, 4], 9).into()));
        house.send(it)
    };
    from_afar(As::Nobody).await.refused(401, "auth.required");
    assert_eq!(from_afar(As::Bearer(&ann)).await.status, StatusCode::OK);
    let mut proxied = request(Method::GET, "/metrics", As::Nobody, Body::empty());
    proxied.headers_mut().insert("x-forwarded-for", "203.0.113.4".parse().unwrap());
    house.send(proxied).await.refused(401, "auth.required");
}

#[tokio::test]
async fn a_clock_that_is_ahead_is_said_and_a_persons_word_is_written_down() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    let start = appliance_core::Clock::now(&*house.clock).unix_millis();
    house.clock.set_millis(start + 40 * 24 * 3_600_000);
    let clock: Value = house.get("/api/clock", As::Bearer(&ann)).await.json();
    assert_eq!(clock["ahead_seconds"], 40 * 24 * 3_600);
    let ready: Value = house.get("/api/health/ready", As::Nobody).await.json();
    assert_eq!(
        (&ready["status"], &ready["checks"]["clock"]),
        (&json!("degraded"), &json!("ahead"))
    );

    let answer = house.post("/api/clock/confirm", As::Bearer(&ann), &json!({})).await;
    assert_eq!(answer.json::<Value>()["ahead_seconds"], 0);
    let trail = appliance_core::ports::AuditTrail::events(
        &house.store,
        appliance_core::PageRequest::new(1, None),
    );
    assert_eq!(trail.await.unwrap().items[0].action, "clock.confirm");
}

#[tokio::test]
async fn a_clock_that_was_set_back_is_said() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    let start = appliance_core::Clock::now(&*house.clock).unix_millis();
    house.clock.set_millis(start - 40 * 24 * 3_600_000);
    let clock: Value = house.get("/api/clock", As::Bearer(&ann)).await.json();
    let gaps = (&clock["ahead_seconds"], &clock["behind_seconds"]);
    assert_eq!(gaps, (&json!(0), &json!(40 * 24 * 3_600)));
    let ready: Value = house.get("/api/health/ready", As::Nobody).await.json();
    assert_eq!(
        (&ready["status"], &ready["checks"]["clock"]),
        (&json!("degraded"), &json!("behind"))
    );
}

#[tokio::test]
async fn admins_steer_agents_and_it_is_written_down() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    for verb in ["stop", "start", "restart"] {
        let path = format!("/api/agents/data/{verb}");
        let answer = house.post(&path, As::Bearer(&ann), &json!({})).await;
        assert_eq!(answer.json::<Value>()["name"], "data");
    }
    let told = house.fleet.told.lock().unwrap().clone();
    let data = AgentName::Data;
    assert_eq!(told, [(data, Control::Stop), (data, Control::Start), (data, Control::Restart)]);
    let trail = appliance_core::ports::AuditTrail::events(
        &house.store,
        appliance_core::PageRequest::new(3, None),
    );
    let actions: Vec<_> = trail.await.unwrap().items.into_iter().map(|line| line.action).collect();
    assert_eq!(actions, ["agent.restart", "agent.start", "agent.stop"]);
}

#[tokio::test]
async fn a_window_is_shown_and_a_missing_one_says_why() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    let log: Value = house.get("/api/agents/code/log?lines=9999", As::Bearer(&ann)).await.json();
    assert_eq!(log["text"], "code shows 1000\n", "at most 1,000 lines");
    let missing = house.get("/api/agents/infra/log", As::Bearer(&ann)).await;
    assert!(missing.refused(503, "agent.process").detail.contains("it has no window"));
}

#[tokio::test]
async fn the_log_is_shown_and_followed() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    for line in ["one", "two", "three"] {
        house.log.push(line);
    }
    let tail = house.get("/api/logs?lines=2", As::Bearer(&ann)).await;
    assert_eq!(tail.body, "two\nthree\n");

    let follow = request(Method::GET, "/api/logs?follow=true&lines=1", As::Local, Body::empty());
    let mut body = house.router.clone().oneshot(follow).await.unwrap().into_body();
    let next = async |body: &mut Body| body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(next(&mut body).await, "three\n");
    house.log.push("four");
    assert_eq!(next(&mut body).await, "four\n");
}

#[tokio::test]
async fn the_configuration_is_for_admins_and_shows_where_values_come_from() {
    let house = House::with(|parts| {
        parts.settings.shown.values = vec![web_dto::SettingView {
            key: "server.listen".to_owned(),
            value: Some("127.0.0.1:8000".to_owned()),
            origin: "--listen".to_owned(),
            doc: "Where to listen.".to_owned(),
        }];
    });
    let (ann, bob) = house.two_people().await;
    let list: web_dto::SettingList = house.get("/api/settings", As::Bearer(&ann)).await.json();
    assert_eq!((list.values.len(), list.values[0].origin.as_str()), (1, "--listen"));
    house.get("/api/settings", As::Bearer(&bob)).await.refused(403, "forbidden");
    house.get("/api/settings", As::Nobody).await.refused(401, "auth.required");
}

#[tokio::test]
async fn asking_who_is_there_is_never_refused() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    let nobody = house.get("/api/auth/session", As::Nobody).await;
    assert_eq!((nobody.status, &nobody.body[..]), (StatusCode::OK, &b"null"[..]));
    let me: web_dto::Me = house.get("/api/auth/session", As::Cookie(&ann)).await.json();
    assert_eq!(me.id, ann.id.to_string());
}

#[tokio::test]
async fn the_models_health_is_told_to_operators_with_the_reason() {
    let house = House::new();
    let (ann, bob) = house.two_people().await;
    *house.model.away.lock().unwrap() = true;
    let health: web_dto::ModelHealth =
        house.get("/api/health/model", As::Bearer(&ann)).await.json();
    assert_eq!(
        (health.status.as_str(), health.said.as_str()),
        ("unauthorised", "it refuses the key")
    );
    house.get("/api/health/model", As::Bearer(&bob)).await.refused(403, "forbidden");
    house.get("/api/health/model", As::Nobody).await.refused(401, "auth.required");
}
