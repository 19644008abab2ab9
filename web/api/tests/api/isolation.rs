//! Two people, every route: nothing of one reaches the other, and nothing reaches nobody.
//!
//! A new route needs a row here; `every_route_of_the_router_has_a_row` holds the list against
//! `router.rs` itself.

use appliance_core::TaskId;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::house::{As, House, Person};

const SECRET: &str = "the-heron-nests-at-dawn";

/// What a stranger (logged in, not an admin, not the owner) gets.
#[derive(Clone, Copy, PartialEq)]
enum Stranger {
    /// The thing is not there for them.
    Absent,
    /// They are refused.
    Refused,
    /// They get their own things: 2xx without the owner's secret.
    Own,
}

use Stranger::{Absent, Own, Refused};

/// Method, route, body, and what a stranger gets. `{id}` stands for the owner's.
const ROUTES: &[(&str, &str, &str, Stranger)] = &[
    ("GET", "/api/auth/me", "", Own),
    ("POST", "/api/auth/setup-link", "{}", Refused),
    ("GET", "/api/conversations", "", Own),
    ("POST", "/api/conversations", "{}", Own),
    ("GET", "/api/conversations/{id}", "", Absent),
    ("PATCH", "/api/conversations/{id}", r#"{"title":"mine"}"#, Absent),
    ("DELETE", "/api/conversations/{id}", "", Absent),
    ("GET", "/api/conversations/{id}/messages", "", Absent),
    ("POST", "/api/conversations/{id}/messages", r#"{"content":"hi"}"#, Absent),
    ("GET", "/api/agents", "", Own),
    ("GET", "/api/agents/{name}", "", Own),
    ("POST", "/api/agents/{name}/start", "{}", Refused),
    ("POST", "/api/agents/{name}/stop", "{}", Refused),
    ("POST", "/api/agents/{name}/restart", "{}", Refused),
    ("GET", "/api/agents/{name}/log", "", Refused),
    ("GET", "/api/tasks", "", Own),
    ("GET", "/api/tasks/{id}", "", Absent),
    ("POST", "/api/tasks/{id}/cancel", "{}", Absent),
    ("GET", "/api/memory", "", Own),
    ("POST", "/api/memory", r#"{"items":[{"text":"mine"}]}"#, Own),
    ("POST", "/api/memory/check", r#"{"items":[{"text":"mine"}]}"#, Own),
    ("GET", "/api/memory/{id}", "", Absent),
    ("POST", "/api/memory/search", r#"{"query":"heron","limit":100}"#, Own),
    ("GET", "/api/memory/learnings", "", Own),
    ("GET", "/api/memory/stats", "", Own),
    ("GET", "/api/memory/export", "", Own),
    ("POST", "/api/memory/{id}/pin", r#"{"pinned":true}"#, Absent),
    ("GET", "/api/memory/actions", "", Own),
    (
        "POST",
        "/api/memory/signals",
        r#"{"kind":"user_rating","rating":{"value":8},"conversation_id":"{conversation}"}"#,
        Absent,
    ),
    ("GET", "/api/memory/signals", "", Own),
    ("POST", "/api/memory/reindex", "{}", Refused),
    ("POST", "/api/memory/maintenance", "{}", Refused),
    ("POST", "/api/memory/{id}/correct", r#"{"text":"it nests at noon"}"#, Absent),
    ("POST", "/api/memory/forget", r#"{"ids":["{memory}"]}"#, Absent),
    ("POST", "/api/memory/{id}/forget", "", Absent),
    // Bob has done nothing that he could undo.
    ("POST", "/api/memory/undo", r#"{"action_id":"{action}"}"#, Absent),
    ("GET", "/api/tokens", "", Own),
    ("POST", "/api/tokens", r#"{"name":"mine","scopes":["chat"]}"#, Own),
    ("DELETE", "/api/tokens/{id}", "", Absent),
    ("GET", "/api/clock", "", Refused),
    ("POST", "/api/clock/confirm", "{}", Refused),
    ("GET", "/api/logs", "", Refused),
    ("GET", "/api/settings", "", Refused),
    ("GET", "/api/health/model", "", Refused),
    ("POST", "/api/memory/purge", r#"{"ids":["{memory}"],"confirm":true}"#, Own),
    ("POST", "/api/conversations/{id}/purge", r#"{"confirm":true}"#, Own),
    ("POST", "/api/live", "{}", Own),
    // Last: it ends the stranger's own login.
    ("POST", "/api/auth/logout", "{}", Own),
];

/// Routes that answer without a login, by design, or speak another protocol; `socket.rs` and `mcp.rs`
/// test those.
const OPEN: &[&str] = &[
    "/api/auth/login",
    "/api/auth/setup",
    "/api/auth/setup/check",
    "/api/auth/session",
    "/api/info",
    "/api/health/live",
    "/api/health/ready",
    "/api/health/agents",
    "/metrics",
    "/ws",
    "/mcp",
];

struct Scene {
    house: House,
    ann: Person,
    bob: Person,
    conversation: String,
    task: String,
    memory: String,
    spare: String,
    action: String,
    token: String,
}

async fn scene() -> Scene {
    let house = House::new();
    let (ann, bob) = house.two_people().await;
    let conversation = house.conversation(As::Bearer(&ann)).await;
    let said = house.say(&conversation, As::Bearer(&ann), SECRET).await;
    *house.fleet.task.lock().unwrap() = Some(said.task_id.parse::<TaskId>().unwrap());
    let kept: Value = house.get("/api/memory", As::Bearer(&ann)).await.json();
    let memory = kept["items"][0]["id"].as_str().unwrap().to_owned();
    let more = json!({"items": [{"text": "a second heron"}]});
    let more: Value = house.post("/api/memory", As::Bearer(&ann), &more).await.json();
    let spare = more["ids"][0].as_str().unwrap().to_owned();
    let path = format!("/api/memory/{memory}/pin");
    let pinned = house.post(&path, As::Bearer(&ann), &json!({"pinned": true})).await;
    let action = pinned.json::<Value>()["id"].as_str().unwrap().to_owned();
    let new = json!({"name": SECRET, "scopes": ["memory"]});
    let made: Value = house.post("/api/tokens", As::Bearer(&ann), &new).await.json();
    let token = made["token"]["id"].as_str().unwrap().to_owned();
    Scene { house, ann, bob, conversation, task: said.task_id, memory, spare, action, token }
}

impl Scene {
    async fn send(&self, row: &(&str, &str, &str, Stranger), who: As<'_>) -> crate::house::Answer {
        let (method, route, body, _) = row;
        let id = match route {
            _ if route.contains("/tasks/") => &self.task,
            _ if route.contains("/tokens/") => &self.token,
            _ if route.ends_with("/forget") => &self.spare,
            _ if route.contains("/memory/") => &self.memory,
            _ => &self.conversation,
        };
        let path = route.replace("{id}", id).replace("{name}", "code");
        let method: Method = method.parse().unwrap();
        if body.is_empty() {
            let request = crate::house::request(method, &path, who, axum::body::Body::empty());
            return self.house.send(request).await;
        }
        let body = body
            .replace("{conversation}", &self.conversation)
            .replace("{memory}", &self.memory)
            .replace("{action}", &self.action);
        let body: Value = serde_json::from_str(&body).unwrap();
        self.house.json(method, &path, who, &body).await
    }

    fn leaks(&self, answer: &crate::house::Answer) -> bool {
        let text = String::from_utf8_lossy(&answer.body);
        let all: Vec<String> = answer.headers.values().map(|value| format!("{value:?}")).collect();
        let owner = self.ann.id.to_string();
        let theirs = [SECRET, &self.task, &self.conversation, &self.action, &self.token, &owner];
        let echoes = |needle: &str| text.contains(needle) || all.iter().any(|h| h.contains(needle));
        theirs.into_iter().any(echoes)
    }
}

#[tokio::test]
async fn the_owner_reaches_everything() {
    let scene = scene().await;
    for row in ROUTES {
        let answer = scene.send(row, As::Bearer(&scene.ann)).await;
        assert!(answer.status.is_success(), "{} {}: {answer:?}", row.0, row.1);
    }
}

#[tokio::test]
async fn a_stranger_reaches_nothing_of_the_owners() {
    let scene = scene().await;
    for row in ROUTES {
        let answer = scene.send(row, As::Cookie(&scene.bob)).await;
        let expected = match row.3 {
            Absent => answer.status == StatusCode::NOT_FOUND,
            Refused => answer.status == StatusCode::FORBIDDEN,
            Own => answer.status.is_success(),
        };
        assert!(expected && !scene.leaks(&answer), "{} {}: {answer:?}", row.0, row.1);
    }
    let path = format!("/api/conversations/{}", scene.conversation);
    let kept: Value = scene.house.get(&path, As::Bearer(&scene.ann)).await.json();
    assert_eq!((&kept["title"], &kept["status"]), (&json!(SECRET), &json!("active")));
    assert_eq!(kept["messages"].as_array().unwrap().len(), 1);
    assert!(scene.house.fleet.told.lock().unwrap().is_empty());
}

#[tokio::test]
async fn nobody_reaches_nothing() {
    let scene = scene().await;
    for row in ROUTES {
        let answer = scene.send(row, As::Nobody).await;
        answer.refused(401, "auth.required");
        assert!(!scene.leaks(&answer), "{} {}", row.0, row.1);
    }
    for open in OPEN {
        let answer = scene.house.get(open, As::Nobody).await;
        let text = String::from_utf8_lossy(&answer.body);
        assert!(!text.contains(SECRET) && !text.contains(&scene.task), "{open}: {text}");
    }
}

#[tokio::test]
async fn a_strangers_page_cursor_does_not_reach_into_the_owners_thread() {
    let scene = scene().await;
    let theirs = scene.house.conversation(As::Bearer(&scene.bob)).await;
    let list: Value = scene
        .house
        .get(&format!("/api/conversations/{}/messages", scene.conversation), As::Bearer(&scene.ann))
        .await
        .json();
    let foreign = list["messages"][0]["id"].as_str().unwrap();
    let path = format!("/api/conversations/{theirs}/messages?before={foreign}");
    scene.house.get(&path, As::Bearer(&scene.bob)).await.refused(404, "not_found");
}

#[tokio::test]
async fn agents_show_their_inside_to_admins_only() {
    let scene = scene().await;
    let hers: Value = scene.house.get("/api/agents/code", As::Bearer(&scene.ann)).await.json();
    assert_eq!((&hers["current_task"], &hers["pid"]), (&json!(scene.task), &json!(4242)));
    let his: Value = scene.house.get("/api/agents/code", As::Bearer(&scene.bob)).await.json();
    assert_eq!(his["current_task"], Value::Null);
    assert_eq!((&his["pid"], &his["attach"]), (&Value::Null, &Value::Null));
}

#[test]
fn every_route_of_the_router_has_a_row() {
    let source = include_str!("../../src/router.rs");
    let mut routes = Vec::new();
    for part in source.split(".route(").skip(1) {
        let Some(path) = part.trim_start().strip_prefix('"') else { continue };
        routes.push(path.split('"').next().unwrap());
    }
    assert!(routes.len() >= 24, "{routes:?}");
    for route in routes {
        let listed = ROUTES.iter().any(|row| row.1 == route) || OPEN.contains(&route);
        assert!(listed, "{route} has no row in tests/api/isolation.rs");
    }
}
