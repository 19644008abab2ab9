//! What people do to memories over HTTP: forget, undo, pin, correct, tell, list, carry away.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::body::Body;
use futures_util::stream;
use http::Method;
use serde_json::{Value, json};

use crate::house::{Answer, As, House, Person, request};

async fn keep(house: &House, who: &Person, items: Value) -> Vec<String> {
    let answer = house.post("/api/memory", As::Bearer(who), &json!({ "items": items })).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let kept: Value = answer.json();
    kept["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

async fn texts(house: &House, who: &Person, query: &str) -> Vec<String> {
    let list: Value = house.get(&format!("/api/memory?{query}"), As::Bearer(who)).await.json();
    let items = list["items"].as_array().unwrap_or_else(|| panic!("{query}: {list}"));
    items.iter().map(|item| item["text"].as_str().unwrap().to_owned()).collect()
}

async fn keyed(house: &House, who: &Person, path: &str, key: &str, body: &Value) -> Answer {
    let mut request = request(Method::POST, path, As::Bearer(who), Body::from(body.to_string()));
    request.headers_mut().insert("content-type", "application/json".parse().unwrap());
    request.headers_mut().insert("idempotency-key", key.parse().unwrap());
    house.send(request).await
}

#[tokio::test]
async fn what_is_forgotten_is_listed_nowhere_until_it_is_undone() {
    let house = House::new();
    let (ann, bob) = house.two_people().await;
    let ids =
        keep(&house, &ann, json!([{"text": "one"}, {"text": "two"}, {"text": "three"}])).await;
    let done = house
        .post("/api/memory/forget", As::Bearer(&ann), &json!({"ids": [ids[0], ids[1], ids[0]]}))
        .await;
    let action: Value = done.json();
    assert_eq!((&action["deed"], &action["memory_ids"]), (&json!("forget"), &json!(&ids[..2])));
    assert_eq!(texts(&house, &ann, "").await, ["three"]);
    house.get(&format!("/api/memory/{}", ids[0]), As::Bearer(&ann)).await.refused(404, "not_found");

    let undo = json!({"action_id": action["id"]});
    house.post("/api/memory/undo", As::Bearer(&bob), &undo).await.refused(404, "not_found");
    let undone: Value = house.post("/api/memory/undo", As::Bearer(&ann), &undo).await.json();
    assert!(undone["undone_at"].is_string(), "{undone}");
    assert_eq!(texts(&house, &ann, "").await, ["three", "two", "one"]);
    let again = house.post("/api/memory/undo", As::Bearer(&ann), &undo).await;
    again.refused(409, "memory.nothing_to_undo");
    let listed: Value = house.get("/api/memory/actions", As::Bearer(&ann)).await.json();
    assert_eq!(listed["items"][0]["id"], action["id"]);
    let theirs: Value = house.get("/api/memory/actions", As::Bearer(&bob)).await.json();
    assert_eq!(theirs["items"], json!([]));
}

#[tokio::test]
async fn a_deed_under_a_key_is_done_once_and_answered_alike() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    let ids = keep(&house, &ann, json!([{"text": "one"}, {"text": "two"}])).await;
    let pin = format!("/api/memory/{}/pin", ids[0]);
    let first: Value = keyed(&house, &ann, &pin, "k1", &json!({"pinned": true})).await.json();
    let again: Value = keyed(&house, &ann, &pin, "k1", &json!({"pinned": true})).await.json();
    assert_eq!(first, again);
    let other = keyed(&house, &ann, &pin, "k1", &json!({"pinned": false})).await;
    other.refused(422, "idempotency.reused");

    let forget = format!("/api/memory/{}/forget", ids[1]);
    let gone: Value = keyed(&house, &ann, &forget, "k2", &json!({})).await.json();
    assert_eq!(gone, keyed(&house, &ann, &forget, "k2", &json!({})).await.json::<Value>());
    // A repeat must not take back the deed before.
    let undone: Value = keyed(&house, &ann, "/api/memory/undo", "k3", &json!({})).await.json();
    let same: Value = keyed(&house, &ann, "/api/memory/undo", "k3", &json!({})).await.json();
    assert_eq!((&undone["id"], &same["id"]), (&gone["id"], &gone["id"]));
    let one: Value = house.get(&format!("/api/memory/{}", ids[0]), As::Bearer(&ann)).await.json();
    assert_eq!(one["pinned"], true, "the pin was not undone");

    let correct = format!("/api/memory/{}/correct", ids[0]);
    let body = json!({"text": "one and a half"});
    let first: Value = keyed(&house, &ann, &correct, "k4", &body).await.json();
    let again: Value = keyed(&house, &ann, &correct, "k4", &body).await.json();
    assert_eq!(first["memory"]["id"], again["memory"]["id"]);
    assert_eq!(texts(&house, &ann, "").await, ["one and a half", "two"]);
    let list: Value = house.get("/api/memory/actions", As::Bearer(&ann)).await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 3, "{list}");
}

#[tokio::test]
async fn a_correction_ends_the_old_one_and_as_of_still_shows_it() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    let ids = keep(&house, &ann, json!([{"text": "the backup runs at 2am"}])).await;
    let before = appliance_core::Clock::now(house.clock.as_ref()).to_string();
    house.clock.advance(std::time::Duration::from_secs(60));
    let path = format!("/api/memory/{}/correct", ids[0]);
    let body = json!({"text": "the backup runs at 3am"});
    let done: Value = house.post(&path, As::Bearer(&ann), &body).await.json();
    assert_eq!(done["memory"]["text"], "the backup runs at 3am");
    assert_eq!(done["action"]["memory_ids"], json!(ids));
    assert_eq!(texts(&house, &ann, "").await, ["the backup runs at 3am"]);
    assert_eq!(texts(&house, &ann, &format!("as_of={before}")).await, ["the backup runs at 2am"]);
    let old: Value = house.get(&format!("/api/memory/{}", ids[0]), As::Bearer(&ann)).await.json();
    assert_eq!(old["superseded_by"], done["memory"]["id"]);
    for text in ["", " \n\t", &"x".repeat(64 * 1024 + 1)] {
        let problem = house.post(&path, As::Bearer(&ann), &json!({ "text": text })).await;
        assert_eq!(problem.refused(422, "body.invalid").errors[0].pointer, "/text");
    }
}

#[tokio::test]
async fn every_filter_narrows_the_list_and_nonsense_is_named() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    keep(
        &house,
        &ann,
        json!([
            {"text": "a note", "created_at": "2026-05-08T10:00:00Z"},
            {"text": "a learning", "kind": "learning", "phase": "VERIFY", "outcome": "failure"},
            {"text": "a page", "kind": "document", "source": "wiki", "domain": "infra",
                "untrusted": "web: example.com"},
            {"text": "code says", "kind": "answer", "agent": "code", "conversation": "x"},
        ]),
    )
    .await;
    for (query, expected) in [
        ("collection=knowledge", "a page"),
        ("source=wiki&domain=infra", "a page"),
        ("phase=verify", "a learning"),
        ("outcome=failure", "a learning"),
        ("agent=code", "code says"),
        ("until=2026-05-09", "a note"),
    ] {
        assert_eq!(texts(&house, &ann, query).await, [expected], "{query}");
    }
    assert_eq!(texts(&house, &ann, "tier=hot&min_utility=0.5").await.len(), 4);
    assert!(texts(&house, &ann, "min_utility=0.6").await.is_empty());
    assert!(texts(&house, &ann, "tier=cold").await.is_empty());
    let learned: Value =
        house.get("/api/memory/learnings?phase=VERIFY", As::Bearer(&ann)).await.json();
    assert_eq!(learned["items"][0]["labels"], json!({"phase": "VERIFY", "outcome": "failure"}));
    let page: Value = house.get("/api/memory?source=wiki", As::Bearer(&ann)).await.json();
    assert_eq!(page["items"][0]["untrusted"], "web: example.com");

    for wrong in [
        "tier=lukewarm",
        "collection=all",
        "agent=chef",
        "from=soon",
        "as_of=2026-13-01",
        "min_utility=2",
        "min_utility=NaN",
        "phase=DREAM",
        "outcome=draw",
        "colour=red",
        "conversation_id=x",
        "source=",
        "from=2026-05-02&until=2026-05-01",
        "cursor=zz",
    ] {
        let answer = house.get(&format!("/api/memory?{wrong}"), As::Bearer(&ann)).await;
        let problem = answer.refused(422, "query.invalid");
        let named = wrong.rsplit('&').next().unwrap().split('=').next().unwrap();
        assert!(problem.detail.contains(named), "{wrong}: {}", problem.detail);
    }
    for limit in ["0", "1000000"] {
        assert!(!texts(&house, &ann, &format!("limit={limit}")).await.is_empty(), "{limit}");
    }
    for (field, filters) in [
        ("/filters/tier", json!({"tier": "lukewarm"})),
        ("/filters/min_utility", json!({"min_utility": 1.5})),
        ("/filters/colour", json!({"colour": "red"})),
    ] {
        let body = json!({"query": "a", "filters": filters});
        let answer = house.post("/api/memory/search", As::Bearer(&ann), &body).await;
        assert_eq!(answer.refused(422, "body.invalid").errors[0].pointer, field);
    }
    for limit in [0, 1_000_000] {
        let body = json!({"query": "a", "limit": limit});
        let found: Value = house.post("/api/memory/search", As::Bearer(&ann), &body).await.json();
        assert!(!found["results"].as_array().unwrap().is_empty(), "{limit}");
    }
}

#[tokio::test]
async fn a_label_belongs_to_its_kind_and_a_time_to_its_order() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    for (item, field) in [
        (json!({"text": "a", "phase": "VERIFY"}), "phase"),
        (json!({"text": "a", "kind": "learning", "source": "wiki"}), "source"),
        (json!({"text": "a", "kind": "learning", "phase": "DREAM"}), "phase"),
        (json!({"text": "a", "kind": "document", "domain": " "}), "domain"),
        (json!({"text": "a", "kind": "document", "source": "x".repeat(101)}), "source"),
        (json!({"text": "a", "untrusted": "x".repeat(201)}), "untrusted"),
        (json!({"text": "a", "agent": "chef"}), "agent"),
        (
            json!({"text": "a", "valid_from": "2026-05-02", "valid_until": "2026-05-01"}),
            "valid_until",
        ),
    ] {
        let body = json!({ "items": [item] });
        let answer = house.post("/api/memory", As::Bearer(&ann), &body).await;
        let problem = answer.refused(422, "body.invalid");
        assert_eq!(problem.errors[0].pointer, format!("/items/0/{field}"));
    }
}

#[tokio::test]
async fn what_is_known_already_keeps_its_id_and_says_so() {
    let house = House::new();
    let (ann, bob) = house.two_people().await;
    let ids = keep(&house, &ann, json!([{"text": "Tea, not coffee."}])).await;
    let body = json!({"items": [{"text": "tea,  not coffee"}, {"text": "tea and coffee"},
        {"text": "tea and coffee"}]});
    let again: Value = house.post("/api/memory", As::Bearer(&ann), &body).await.json();
    assert_eq!(again["ids"][0], json!(ids[0]));
    assert_eq!(again["known"], json!([true, false, true]), "{again}");
    assert_eq!(again["ids"][1], again["ids"][2]);
    let one: Value = house.get(&format!("/api/memory/{}", ids[0]), As::Bearer(&ann)).await.json();
    assert_eq!((&one["text"], &one["repeats"]), (&json!("Tea, not coffee."), &json!(1)));
    let theirs: Value = house.post("/api/memory", As::Bearer(&bob), &body).await.json();
    assert_eq!(theirs["known"], json!([false, false, true]), "another person's is not known");
}

#[tokio::test]
async fn an_export_taken_in_again_adds_nothing_here_and_is_equal_elsewhere() {
    let house = House::new();
    let (ann, bob) = house.two_people().await;
    let talk = house.conversation(As::Bearer(&ann)).await;
    let odd = "line\nbreak \"quoted\" \u{202e}back \u{1f980} \\ tab\t";
    let ids = keep(
        &house,
        &ann,
        json!([
            {"text": odd, "kind": "said", "author": "Gwen", "created_at": "2023-05-08T13:56:00Z",
                "conversation": "letters"},
            {"text": "here", "conversation_id": talk},
            {"text": "forgotten"},
            {"text": "old", "pinned": true},
            {"text": "learned", "kind": "learning", "phase": "LEARN", "outcome": "success"},
        ]),
    )
    .await;
    let forget = format!("/api/memory/{}/forget", ids[2]);
    assert_eq!(house.post(&forget, As::Bearer(&ann), &json!({})).await.status, 200);
    let correct = format!("/api/memory/{}/correct", ids[3]);
    house.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(house.post(&correct, As::Bearer(&ann), &json!({"text": "new"})).await.status, 200);

    let lines = export(&house, &ann).await;
    let texts: Vec<&str> = lines.iter().map(|line| line["text"].as_str().unwrap()).collect();
    assert_eq!(texts, [odd, "here", "old", "learned", "new"]);
    assert!(lines[2]["valid_until"].is_string() && lines[3]["phase"] == "LEARN");
    assert_eq!(lines[1]["conversation"], json!(talk));

    let body = json!({ "items": lines });
    let back: Value = house.post("/api/memory", As::Bearer(&ann), &body).await.json();
    let known = back["known"].as_array().unwrap();
    assert_eq!(known[..2], [json!(true), json!(true)], "{back}");
    assert_eq!(back["ids"][1], json!(ids[1]));

    let there = house.post("/api/memory", As::Bearer(&bob), &body).await;
    assert_eq!(there.status, 201, "{there:?}");
    let theirs = export(&house, &bob).await;
    assert_eq!(theirs.len(), lines.len());
    for (mine, theirs) in lines.iter().zip(&theirs) {
        let bare = |line: &Value| {
            let mut line = line.clone();
            line.as_object_mut().unwrap().remove("conversation");
            line
        };
        assert_eq!(bare(mine), bare(theirs));
        assert_eq!(mine["conversation"].is_string(), theirs["conversation"].is_string());
        assert_ne!(theirs["conversation"], json!(talk), "another's conversation is not taken over");
    }
    assert!(export_of_nobody(&house).await.is_empty());
}

async fn export(house: &House, who: &Person) -> Vec<Value> {
    let answer = house.get("/api/memory/export", As::Bearer(who)).await;
    assert_eq!(answer.headers["content-type"], "application/x-ndjson");
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    let mut lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.remove(0), json!({"export": {"begin": {"format": 1}}}));
    let end = lines.pop().unwrap();
    assert_eq!(end, json!({"export": {"end": {"memories": lines.len()}}}));
    lines
}

async fn export_of_nobody(house: &House) -> Vec<Value> {
    let carl = house.person("carl", appliance_core::UserRole::User).await;
    export(house, &carl).await
}

#[tokio::test]
async fn a_signal_is_checked_kept_and_counted_once_a_key() {
    let house = House::new();
    let (ann, bob) = house.two_people().await;
    let talk = house.conversation(As::Bearer(&ann)).await;
    let said = house.say(&talk, As::Bearer(&ann), "hello").await;
    let body = json!({"kind": "user_rating", "rating": {"value": 8}, "comment": "nice",
        "conversation_id": talk});
    let first = keyed(&house, &ann, "/api/memory/signals", "s1", &body).await;
    assert_eq!(first.status, 201, "{first:?}");
    let first: Value = first.json();
    assert_eq!((&first["rating"], &first["kind"]), (&json!({"value": 8, "of": 10}), &body["kind"]));
    let again: Value = keyed(&house, &ann, "/api/memory/signals", "s1", &body).await.json();
    assert_eq!(first, again);
    let list: Value = house.get("/api/memory/signals", As::Bearer(&ann)).await.json();
    assert_eq!(list["items"], json!([first]));
    for (wrong, field) in [
        (json!({"kind": "applause", "conversation_id": talk}), "/kind"),
        (json!({"kind": "follow_up"}), "/message_id"),
        (json!({"kind": "follow_up", "strength": 2, "conversation_id": talk}), "/strength"),
        (json!({"kind": "user_rating", "conversation_id": talk}), "/rating"),
    ] {
        let answer = house.post("/api/memory/signals", As::Bearer(&ann), &wrong).await;
        assert_eq!(answer.refused(422, "body.invalid").errors[0].pointer, field);
    }
    let foreign = json!({"kind": "follow_up", "message_id": said.message_id});
    let answer = house.post("/api/memory/signals", As::Bearer(&bob), &foreign).await;
    answer.refused(404, "not_found");
}

#[tokio::test]
async fn a_task_that_is_called_off_tells_what_its_person_thought_of_it() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    let talk = house.conversation(As::Bearer(&ann)).await;
    let said = house.say(&talk, As::Bearer(&ann), "count to a million").await;
    let path = format!("/api/tasks/{}/cancel", said.task_id);
    for _ in 0..2 {
        assert_eq!(house.post(&path, As::Bearer(&ann), &json!({})).await.status, 200);
    }
    let told = house.care.signals.lock().unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].kind, appliance_core::SignalType::TaskAbandon);
    assert_eq!(told[0].task_id.map(|id| id.to_string()), Some(said.task_id));
}

#[tokio::test]
async fn a_search_counts_as_use_but_a_look_at_every_key_stroke_does_not() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    keep(&house, &ann, json!([{"text": "heron"}])).await;
    for (peek, uses) in [(true, 0), (false, 1)] {
        let body = json!({"query": "heron", "peek": peek});
        let found: Value = house.post("/api/memory/search", As::Bearer(&ann), &body).await.json();
        assert_eq!(found["results"].as_array().unwrap().len(), 1);
        assert_eq!(house.care.used.lock().unwrap().len(), uses);
    }
}

#[tokio::test]
async fn the_figures_are_shown_and_a_reindex_runs_once() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    let stats: Value = house.get("/api/memory/stats", As::Bearer(&ann)).await.json();
    let hot = json!({"tier": "hot", "mine": 1, "all": 3, "used": 3, "limit": 1000,
        "unit": "memories"});
    assert_eq!((&stats["tiers"][0], &stats["job"]), (&hot, &Value::Null));
    assert_eq!(stats["collections"][0]["dim"], 256);
    let begun = keyed(&house, &ann, "/api/memory/reindex", "r1", &json!({})).await;
    assert_eq!(begun.status, 202, "{begun:?}");
    let again = keyed(&house, &ann, "/api/memory/reindex", "r1", &json!({})).await;
    assert_eq!((again.status.as_u16(), again.body.clone()), (202, begun.body.clone()));
    let other = house.post("/api/memory/reindex", As::Bearer(&ann), &json!({})).await;
    other.refused(409, "job.running");
    let metrics = house.get("/metrics", As::Nobody).await;
    let text = String::from_utf8_lossy(&metrics.body).into_owned();
    assert!(text.contains("memory_tier_items{tier=\"hot\"} 3"), "{text}");
}

#[tokio::test]
async fn a_body_that_nobody_needs_is_read_before_the_answer() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    let nobody = "0196f0a0-0000-7000-8000-000000000001";
    for path in [
        "/api/memory/reindex",
        "/api/memory/maintenance",
        &format!("/api/memory/{nobody}/forget"),
        &format!("/api/tasks/{nobody}/cancel"),
        "/api/agents/code/restart",
        "/api/clock/confirm",
        "/api/auth/setup-link",
    ] {
        let (read, late) = (Arc::new(AtomicBool::new(false)), b"{}".as_slice());
        let seen = read.clone();
        let body = stream::once(async move {
            seen.store(true, Ordering::Release);
            Ok::<_, Infallible>(late)
        });
        let answer =
            house.send(request(Method::POST, path, As::Bearer(&ann), Body::from_stream(body)));
        let answer = answer.await;
        assert!(read.load(Ordering::Acquire), "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn purging_asks_first_and_takes_only_what_is_ones_own() {
    let house = House::new();
    let (ann, bob) = house.two_people().await;
    let ids = keep(&house, &ann, json!([{"text": "one"}, {"text": "two"}])).await;
    let purge = |who, body: Value| {
        let house = &house;
        async move { house.post("/api/memory/purge", As::Bearer(who), &body).await }
    };
    purge(&ann, json!({"ids": [ids[0]], "confirm": false})).await.refused(422, "body.invalid");
    purge(&ann, json!({"ids": [], "confirm": true})).await.refused(422, "body.invalid");
    let theirs: Value = purge(&bob, json!({"ids": ids, "confirm": true})).await.json();
    assert_eq!(theirs["memories"], json!([]));
    let gone: Value = purge(&ann, json!({"ids": [ids[0]], "confirm": true})).await.json();
    assert_eq!(gone["memories"], json!([ids[0]]));
    assert_eq!(texts(&house, &ann, "").await, ["two"]);
    let again: Value = purge(&ann, json!({"ids": [ids[0]], "confirm": true})).await.json();
    assert_eq!(again["memories"], json!([]));
}
