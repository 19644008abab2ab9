//! Whatever a client can get wrong: one test a kind, each with its code.

use appliance_core::ErrorKind;
use axum::body::Body;
use bytes::Bytes;
use http::{Method, StatusCode, header};
use serde_json::json;

use crate::{
    fakes::BrokenRecords,
    house::{As, House, request},
};

async fn house_with_thread() -> (House, crate::house::Person, String) {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    let thread = house.conversation(As::Bearer(&ann)).await;
    let path = format!("/api/conversations/{thread}/messages");
    (house, ann, path)
}

#[tokio::test]
async fn unknown_routes_and_methods() {
    let (house, ann, path) = house_with_thread().await;
    for unknown in ["/api", "/api/", "/api/nothing", "/api/conversations/", "/metrics/x", "/v1/x"] {
        house.get(unknown, As::Bearer(&ann)).await.refused(404, "route.unknown");
    }
    let answer = house.json(Method::PUT, &path, As::Bearer(&ann), &json!({})).await;
    answer.refused(405, "method.not_allowed");
    let allowed = answer.headers[header::ALLOW].to_str().unwrap();
    assert!(allowed.contains("GET") && allowed.contains("POST"), "{allowed}");
}

#[tokio::test]
async fn malformed_json_is_400_with_line_and_column() {
    let (house, ann, path) = house_with_thread().await;
    let problem = house.raw(&path, As::Bearer(&ann), "{\"content\":\n \"x\",}").await;
    assert!(problem.refused(400, "body.malformed").detail.contains("line 2 column 6"));
    house.raw(&path, As::Bearer(&ann), "").await.refused(400, "body.malformed");
    house.raw(&path, As::Bearer(&ann), "{}{}").await.refused(400, "body.malformed");
}

#[tokio::test]
async fn invalid_utf8_is_400() {
    let (house, ann, path) = house_with_thread().await;
    let body = Bytes::from_static(b"{\"content\":\"caf\xe9\"}");
    let problem = house.raw(&path, As::Bearer(&ann), body).await.refused(400, "body.malformed");
    assert!(problem.detail.contains("byte 15"), "{}", problem.detail);
}

#[tokio::test]
async fn wrong_types_are_422_with_a_pointer() {
    let (house, ann, path) = house_with_thread().await;
    for (body, pointer) in [
        (json!({"content": 7}), "/content"),
        (json!({"content": "x", "attachments": [1]}), "/attachments/0"),
        (json!({"content": "x", "colour": "red"}), "/colour"),
        (json!([]), ""),
    ] {
        let problem = house.post(&path, As::Bearer(&ann), &body).await.refused(422, "body.invalid");
        assert_eq!(problem.errors[0].pointer, pointer, "{body}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_declared_as_json_is_415() {
    let (house, ann, path) = house_with_thread().await;
    for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
        let mut it =
            request(Method::POST, &path, As::Bearer(&ann), Body::from(r#"{"content":"x"}"#));
        if let Some(kind) = kind {
            it.headers_mut().insert(header::CONTENT_TYPE, kind.parse().unwrap());
        }
        house.send(it).await.refused(415, "body.not_json");
    }
}

#[tokio::test]
async fn a_message_has_at_most_50_000_characters_not_bytes() {
    let (house, ann, path) = house_with_thread().await;
    let fits = json!({"content": "é".repeat(50_000)});
    assert_eq!(house.post(&path, As::Bearer(&ann), &fits).await.status, StatusCode::ACCEPTED);
    let over = json!({"content": "x".repeat(50_001)});
    let problem = house.post(&path, As::Bearer(&ann), &over).await.refused(422, "message.too_long");
    assert!(problem.detail.contains("50001") && problem.detail.contains("50000"));
    assert_eq!(problem.errors[0].pointer, "/content");
}

#[tokio::test]
async fn a_message_without_text_or_with_attachments_is_422() {
    let (house, ann, path) = house_with_thread().await;
    for blank in ["", " \n\t", "\u{a0}\u{2003}"] {
        let answer = house.post(&path, As::Bearer(&ann), &json!({"content": blank})).await;
        answer.refused(422, "message.empty");
    }
    let body = json!({"content": "look", "attachments": ["/etc/passwd.json"]});
    house.post(&path, As::Bearer(&ann), &body).await.refused(422, "attachments.unsupported");
}

#[tokio::test]
async fn a_body_over_1_mib_is_413_with_and_without_a_content_length() {
    let (house, ann, path) = house_with_thread().await;
    let padded = |len: usize| {
        let body = json!({"content": "x"}).to_string();
        format!("{}{body}", " ".repeat(len - body.len()))
    };
    let at_limit = house.raw(&path, As::Bearer(&ann), padded(1024 * 1024)).await;
    assert_eq!(at_limit.status, StatusCode::ACCEPTED, "exactly 1 MiB is taken");

    let over = padded(1024 * 1024 + 1);
    house.raw(&path, As::Bearer(&ann), over.clone()).await.refused(413, "body.too_large");
    let pieces = over.into_bytes();
    let pieces: Vec<_> =
        pieces.chunks(65_536).map(Bytes::copy_from_slice).map(Ok::<_, std::io::Error>).collect();
    let stream = Body::from_stream(futures_util::stream::iter(pieces));
    house.raw(&path, As::Bearer(&ann), stream).await.refused(413, "body.too_large");
}

#[tokio::test]
async fn ids_that_are_none_are_422_and_ids_that_are_nowhere_404() {
    let (house, ann, _) = house_with_thread().await;
    let nowhere = "01890a5d-ac96-774b-bcce-b302099a8057";
    for area in ["conversations", "tasks"] {
        for bad in ["x", "1", "..", "%00", "%ff", "01890a5d-ac96-774b-bcce-b302099a80577"] {
            let answer = house.get(&format!("/api/{area}/{bad}"), As::Bearer(&ann)).await;
            answer.refused(422, "id.invalid");
        }
        let answer = house.get(&format!("/api/{area}/{nowhere}"), As::Bearer(&ann)).await;
        answer.refused(404, "not_found");
    }
    let answer = house.get("/api/agents/chef", As::Bearer(&ann)).await;
    assert!(answer.refused(404, "agent.unknown").detail.contains("`chef`"));
    assert_eq!(house.get("/api/agents/code_agent", As::Bearer(&ann)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn query_parameters_that_make_no_sense_are_422() {
    let (house, ann, path) = house_with_thread().await;
    for query in [
        "/api/conversations?limit=many",
        "/api/conversations?limit=-1",
        "/api/conversations?status=deleted",
        "/api/conversations?cursor=abc",
        "/api/tasks?status=sleeping",
        "/api/tasks?agent=chef",
        "/api/tasks?cursor=c-1",
        "/api/agents/code/log?lines=all",
        &format!("{path}?before=yesterday"),
    ] {
        house.get(query, As::Bearer(&ann)).await.refused(422, "query.invalid");
    }
    let nowhere = format!("{path}?before=01890a5d-ac96-774b-bcce-b302099a8057");
    house.get(&nowhere, As::Bearer(&ann)).await.refused(404, "not_found");
}

#[tokio::test]
async fn titles_and_statuses_are_checked() {
    let (house, ann, path) = house_with_thread().await;
    let thread = path.trim_end_matches("/messages");
    for body in [
        json!({"title": "x".repeat(256)}),
        json!({"title": ""}),
        json!({"title": " "}),
        json!({"status": "deleted"}),
        json!({"owner": "me"}),
    ] {
        let answer = house.json(Method::PATCH, thread, As::Bearer(&ann), &body).await;
        answer.refused(422, "body.invalid");
    }
    let body = json!({"title": "é".repeat(255), "status": "archived"});
    let changed = house.json(Method::PATCH, thread, As::Bearer(&ann), &body).await;
    assert_eq!(changed.status, StatusCode::OK);
}

#[tokio::test]
async fn searches_that_make_no_sense_are_422() {
    let (house, ann, _) = house_with_thread().await;
    let search = |body: serde_json::Value| {
        let (house, ann) = (&house, &ann);
        async move { house.post("/api/memory/search", As::Bearer(ann), &body).await }
    };
    search(json!({"query": " "})).await.refused(422, "search.invalid");
    search(json!({"query": "x", "filters": {"tier": "lava"}})).await.refused(422, "body.invalid");
    let problem = search(json!({"query": "x", "filters": {"agent": "chef"}})).await;
    assert_eq!(problem.refused(422, "body.invalid").errors[0].pointer, "/filters/agent");
}

#[tokio::test]
async fn idempotency_keys_are_checked() {
    let (house, ann, path) = house_with_thread().await;
    for bad in ["", "a b", &"k".repeat(129)] {
        let mut it =
            request(Method::POST, &path, As::Bearer(&ann), Body::from(r#"{"content":"x"}"#));
        it.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        it.headers_mut().insert("idempotency-key", bad.parse().unwrap());
        house.send(it).await.refused(422, "idempotency.invalid");
    }
}

#[tokio::test]
async fn a_store_on_a_bad_day_is_told_by_kind_and_names_no_path() {
    for (kind, status, code) in [
        (ErrorKind::Full, 507, "store.full"),
        (ErrorKind::Unavailable, 503, "store.unavailable"),
        (ErrorKind::Corrupt, 500, "store.corrupt"),
        (ErrorKind::Conflict, 409, "conflict"),
    ] {
        let house = House::with(|parts| {
            parts.records = std::sync::Arc::new(BrokenRecords(kind));
        });
        house.account(appliance_core::UserRole::Admin).await;
        let answer = house.post("/api/conversations", As::Local, &json!({})).await;
        assert!(!answer.refused(status, code).detail.contains("/var/lib"));
        assert_eq!(answer.headers.contains_key(header::RETRY_AFTER), status == 503);
    }
}

#[tokio::test]
async fn a_panic_in_a_handler_is_500_with_the_requests_id() {
    let (house, ann, _) = house_with_thread().await;
    let mut it = request(Method::GET, "/api/agents/qa/log", As::Bearer(&ann), Body::empty());
    it.headers_mut().insert("x-request-id", "mine-1".parse().unwrap());
    let answer = house.send(it).await;
    assert_eq!(answer.refused(500, "internal").request_id, "mine-1");
    assert!(!String::from_utf8_lossy(&answer.body).contains("broken in these tests"));
    assert_eq!(house.get("/api/agents/code/log", As::Bearer(&ann)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn every_answer_carries_an_id_and_the_safety_headers() {
    let (house, ann, _) = house_with_thread().await;
    for (path, status) in [("/api/info", 200), ("/api/nothing", 404), ("/", 200), ("/x.js", 404)] {
        let answer = house.get(path, As::Bearer(&ann)).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.headers.contains_key("x-request-id"), "{path}");
        let csp = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(csp.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "));
        assert!(csp.ends_with("frame-ancestors 'none'") && !csp.contains("unsafe-inline"));
        assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(answer.headers[header::REFERRER_POLICY], "no-referrer");
        if path.starts_with("/api") {
            assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
        }
    }
}
