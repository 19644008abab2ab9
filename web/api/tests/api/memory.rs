//! Remembering over HTTP: one or many, with their own time, author and conversation; once a key.

use axum::body::Body;
use http::Method;
use serde_json::{Value, json};

use crate::house::{Answer, As, House, Person, request};

async fn send(house: &House, who: &Person, key: &str, body: &Value) -> Answer {
    let mut request =
        request(Method::POST, "/api/memory", As::Bearer(who), Body::from(body.to_string()));
    let headers = request.headers_mut();
    headers.insert("content-type", "application/json".parse().unwrap());
    if !key.is_empty() {
        headers.insert("idempotency-key", key.parse().unwrap());
    }
    house.send(request).await
}

async fn kept(house: &House, who: &Person) -> Vec<Value> {
    let list: Value = house.get("/api/memory?limit=100", As::Bearer(who)).await.json();
    list["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn what_is_sent_is_kept_with_its_own_time_author_and_conversation() {
    let house = House::new();
    let (ann, bob) = house.two_people().await;
    let said = json!({"text": "I moved to Lisbon \u{1f980}", "kind": "said", "author": "Gwen",
        "created_at": "2023-05-08T13:56:00Z", "conversation": "letters"});
    let mut then = said.clone();
    then["text"] = json!("and then to Porto");
    let body = json!({"items": [said, {"text": "the key is under the pot"}, then]});
    let answer = send(&house, &ann, "", &body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let ids: Value = answer.json();
    let path = format!("/api/memory/{}", ids["ids"][0].as_str().unwrap());
    let one: Value = house.get(&path, As::Bearer(&ann)).await.json();
    assert_eq!(one["text"], "I moved to Lisbon \u{1f980}");
    assert_eq!((&one["author"], &one["kind"]), (&json!("Gwen"), &json!("said")));
    assert!(one["created_at"].as_str().unwrap().starts_with("2023-05-08T13:56:00"));
    house.get(&path, As::Bearer(&bob)).await.refused(404, "not_found");

    let all = kept(&house, &ann).await;
    assert_eq!(all.len(), 3);
    assert_eq!((&all[1]["kind"], &all[1]["author"]), (&json!("note"), &Value::Null));
    assert_eq!(all[0]["conversation_id"], all[2]["conversation_id"]);
    assert!(all[0]["conversation_id"].is_string() && all[1]["conversation_id"].is_null());
    assert!(kept(&house, &bob).await.is_empty());
}

#[tokio::test]
async fn a_repeat_under_its_key_keeps_nothing_twice_however_many_chunks_it_has() {
    let house = House::new();
    let (ann, bob) = house.two_people().await;
    let items: Vec<Value> = (0..600).map(|n| json!({"text": format!("fact {n}")})).collect();
    let body = json!({ "items": items });
    let first: Value = send(&house, &ann, "import-1", &body).await.json();
    let again: Value = send(&house, &ann, "import-1", &body).await.json();
    assert_eq!(first, again);
    assert_eq!(first["ids"].as_array().unwrap().len(), 600);
    let theirs: Value = send(&house, &bob, "import-1", &body).await.json();
    assert_ne!(first, theirs);
    let mut pages = 0;
    let mut next = String::new();
    while pages < 20 {
        let path = format!("/api/memory?limit=100{next}");
        let page: Value = house.get(&path, As::Bearer(&ann)).await.json();
        assert_eq!(page["items"].as_array().unwrap().len(), 100);
        pages += 1;
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    assert_eq!(pages, 6);
    let other = json!({"items": [{"text": "another"}]});
    send(&house, &ann, "import-1", &other).await.refused(422, "idempotency.reused");
}

#[tokio::test]
async fn a_wrong_item_is_pointed_at_and_nothing_is_kept() {
    let house = House::new();
    let (ann, bob) = house.two_people().await;
    let theirs = house.conversation(As::Bearer(&bob)).await;
    for (item, field) in [
        (json!({"text": " \n"}), "text"),
        (json!({"text": "x".repeat(64 * 1024 + 1)}), "text"),
        (json!({"text": "a", "author": "x".repeat(201)}), "author"),
        (json!({"text": "a", "kind": "rumour"}), "kind"),
        (json!({"text": "a", "created_at": "yesterday"}), "created_at"),
        (json!({"text": "a", "created_at": "2999-01-01T00:00:00Z"}), "created_at"),
        (json!({"text": "a", "conversation_id": "x"}), "conversation_id"),
        (json!({"text": "a", "conversation_id": theirs, "conversation": "y"}), "conversation"),
        (json!({"text": "a", "conversation": "y".repeat(201)}), "conversation"),
    ] {
        let body = json!({"items": [{"text": "fine"}, item]});
        let problem = send(&house, &ann, "", &body).await.refused(422, "body.invalid");
        assert_eq!(problem.errors[0].pointer, format!("/items/1/{field}"));
    }
    let foreign = json!({"items": [{"text": "fine"}, {"text": "a", "conversation_id": theirs}]});
    send(&house, &ann, "", &foreign).await.refused(404, "not_found");
    for items in [json!([]), json!(vec![json!({"text": "a"}); 1_001])] {
        let body = json!({ "items": items });
        send(&house, &ann, "", &body).await.refused(422, "body.invalid");
    }
    assert!(kept(&house, &ann).await.is_empty());
}
