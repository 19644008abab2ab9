//! Sending and reading messages: byte for byte, once, in order.

use appliance_core::{
    AgentName, ConversationId, EventBody, MessageId, Topic,
    bus::AGENTS_GROUP,
    ports::{Live, Streams},
};
use axum::body::Body;
use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use web_dto::{Accepted, ConversationDetail, ConversationList, MessageList, TaskList};

use crate::house::{As, House, Person, request};

async fn house_with_ann() -> (House, Person, String) {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    let thread = house.conversation(As::Bearer(&ann)).await;
    (house, ann, thread)
}

async fn thread(house: &House, who: As<'_>, id: &str, query: &str) -> MessageList {
    house.get(&format!("/api/conversations/{id}/messages{query}"), who).await.json()
}

const TRICKY: [&str; 14] = [
    "`rm -rf /` && echo | tee $(whoami) ; true",
    "<script>alert(1)</script> &amp; <b>bold</b>",
    "Tom & Jerry; \"quotes\" 'single' \\ back \\n",
    "👩‍👩‍👧‍👦 🏳️‍🌈 e\u{301} ﷽ \u{202e}rtl\u{202c}",
    "\u{0}\u{1}\u{7f}\u{85}\u{feff}",
    "line\r\nline\nline\r  trailing  \t",
    "  leading and trailing blanks stay  ",
    "Vec<String> | Option<&'a str>",
    "' OR 1=1; DROP TABLE users; --",
    "{{7*7}} ${7*7} <%= 7*7 %> #{7*7}",
    "../../etc/passwd %00 %2e%2e%2f",
    "\u{e0041}\u{200b}\u{2060}invisible",
    "data:text/html;base64,PHNjcmlwdD4=",
    "\u{10ffff}\u{fffd}",
];

#[tokio::test]
async fn text_comes_back_byte_for_byte() {
    let (house, ann, id) = house_with_ann().await;
    for text in TRICKY {
        house.say(&id, As::Bearer(&ann), text).await;
    }
    let list = thread(&house, As::Bearer(&ann), &id, "?limit=100").await;
    let read: Vec<_> = list.messages.iter().map(|message| message.content.as_str()).collect();
    assert_eq!(read, TRICKY);
    let tasks: TaskList = house.get("/api/tasks?limit=100", As::Bearer(&ann)).await.json();
    let inputs: Vec<_> = tasks.items.iter().rev().map(|task| task.input.as_str()).collect();
    assert_eq!(inputs, TRICKY);
}

#[test]
fn clients_know_how_long_a_key_is_known() {
    assert_eq!(web_dto::KEY_LIFE_SECONDS, appliance_core::batch::KEY_LIFETIME.as_secs());
}

#[tokio::test]
async fn a_message_is_one_commit_of_record_task_and_bus_entry() {
    let (house, ann, id) = house_with_ann().await;
    let mut feed = house.live.subscribe(Topic::Conversation(id.parse().unwrap()));
    let accepted = house.say(&id, As::Bearer(&ann), "hello").await;
    let list = thread(&house, As::Bearer(&ann), &id, "").await;
    assert_eq!(list.messages[0].id, accepted.message_id);
    assert_eq!((list.messages[0].seq, list.messages[0].role.as_str()), (1, "user"));
    let path = format!("/api/tasks/{}", accepted.task_id);
    let task: Value = house.get(&path, As::Bearer(&ann)).await.json();
    assert_eq!((&task["status"], &task["agent"]), (&json!("pending"), &json!("supervisor")));
    let depths = house.store.depths(AGENTS_GROUP).await.unwrap();
    assert!(
        depths
            .iter()
            .any(|(stream, depth)| stream.as_str() == "ai:agent:supervisor" && *depth == 1)
    );
    let event = feed.next().await.unwrap().unwrap();
    let EventBody::Message(message) = event.body else { panic!("{event:?}") };
    assert_eq!((message.id.to_string(), message.seq), (accepted.message_id, 1));
}

async fn keyed(
    house: &House,
    who: As<'_>,
    id: &str,
    key: &str,
    text: &str,
) -> crate::house::Answer {
    let path = format!("/api/conversations/{id}/messages");
    let body = Body::from(json!({"content": text}).to_string());
    let mut it = request(Method::POST, &path, who, body);
    it.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    it.headers_mut().insert("idempotency-key", key.parse().unwrap());
    house.send(it).await
}

#[tokio::test]
async fn a_repeat_under_the_same_key_is_the_same_message() {
    let house = House::new();
    let (ann, bob) = house.two_people().await;
    let id = house.conversation(As::Bearer(&ann)).await;
    let first: Accepted = keyed(&house, As::Bearer(&ann), &id, "k1", "once").await.json();
    let again: Accepted = keyed(&house, As::Cookie(&ann), &id, "k1", "once").await.json();
    assert_eq!(first, again);
    let reused = keyed(&house, As::Bearer(&ann), &id, "k1", "something else").await;
    reused.refused(422, "idempotency.reused");
    let other_thread = house.conversation(As::Bearer(&ann)).await;
    let moved = keyed(&house, As::Bearer(&ann), &other_thread, "k1", "once").await;
    moved.refused(422, "idempotency.reused");
    assert_eq!(thread(&house, As::Bearer(&ann), &id, "").await.messages.len(), 1);

    let bobs = house.conversation(As::Bearer(&bob)).await;
    let his: Accepted = keyed(&house, As::Bearer(&bob), &bobs, "k1", "once").await.json();
    assert_ne!(his.message_id, first.message_id, "keys are each person's own");
}

#[tokio::test]
async fn many_repeats_at_once_make_one_message() {
    let (house, ann, id) = house_with_ann().await;
    let posts = (0..16).map(|_| keyed(&house, As::Bearer(&ann), &id, "same", "once"));
    let answers = futures_util::future::join_all(posts).await;
    let ids: std::collections::BTreeSet<String> =
        answers.iter().map(|answer| answer.json::<Accepted>().message_id).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(thread(&house, As::Bearer(&ann), &id, "").await.messages.len(), 1);
}

#[tokio::test]
async fn pages_go_back_through_a_thread_without_gap_or_overlap() {
    let (house, ann, id) = house_with_ann().await;
    for n in 0..25 {
        house.say(&id, As::Bearer(&ann), &format!("m{n}")).await;
    }
    let (mut seen, mut query) = (Vec::new(), "?limit=10".to_owned());
    loop {
        let page = thread(&house, As::Bearer(&ann), &id, &query).await;
        assert!(page.messages.is_sorted_by_key(|message| message.seq), "oldest first in a page");
        seen.splice(0..0, page.messages.into_iter().map(|message| message.content));
        let Some(before) = page.next_before else { break };
        query = format!("?limit=10&before={before}");
    }
    assert_eq!(seen, (0..25).map(|n| format!("m{n}")).collect::<Vec<_>>());
    let clamped = thread(&house, As::Bearer(&ann), &id, "?limit=100000").await;
    assert_eq!(clamped.messages.len(), 25);
    let one = thread(&house, As::Bearer(&ann), &id, "?limit=0").await;
    assert_eq!(one.messages.len(), 1, "at least one");
}

#[tokio::test]
async fn conversations_are_listed_last_changed_first_page_by_page() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    let mut ids = Vec::new();
    for _ in 0..7 {
        ids.push(house.conversation(As::Bearer(&ann)).await);
    }
    house.say(&ids[0], As::Bearer(&ann), "now the newest").await;
    ids[1..].reverse();
    let (mut seen, mut query) = (Vec::new(), "?limit=3".to_owned());
    loop {
        let path = format!("/api/conversations{query}");
        let page: ConversationList = house.get(&path, As::Bearer(&ann)).await.json();
        seen.extend(page.items.into_iter().map(|item| item.id));
        let Some(cursor) = page.next_cursor else { break };
        query = format!("?limit=3&cursor={cursor}");
    }
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn a_conversation_is_named_put_away_and_brought_back() {
    let (house, ann, id) = house_with_ann().await;
    let path = format!("/api/conversations/{id}");
    house.say(&id, As::Bearer(&ann), "what is heron?").await;
    let shown: ConversationDetail = house.get(&path, As::Bearer(&ann)).await.json();
    assert_eq!(shown.conversation.title.as_deref(), Some("what is heron?"));
    let body = json!({"title": "Herons & <b>co</b>"});
    house.json(Method::PATCH, &path, As::Bearer(&ann), &body).await;

    let gone = house.json(Method::DELETE, &path, As::Bearer(&ann), &json!({})).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let titles = async |query: &str| -> Vec<Option<String>> {
        let path = format!("/api/conversations{query}");
        let list: ConversationList = house.get(&path, As::Bearer(&ann)).await.json();
        list.items.into_iter().map(|item| item.title).collect()
    };
    assert!(titles("").await.is_empty());
    assert_eq!(titles("?status=archived").await, [Some("Herons & <b>co</b>".to_owned())]);
    let body = json!({"status": "active"});
    house.json(Method::PATCH, &path, As::Bearer(&ann), &body).await;
    assert_eq!(titles("").await.len(), 1);
    let kept: ConversationDetail = house.get(&path, As::Bearer(&ann)).await.json();
    assert_eq!(kept.thread.messages.len(), 1, "nothing is lost");
}

#[tokio::test]
async fn a_conversation_is_opened_once_per_key() {
    let house = House::new();
    let (ann, _) = house.two_people().await;
    let open = |title: &'static str| {
        let body = Body::from(json!({"title": title}).to_string());
        let mut it = request(Method::POST, "/api/conversations", As::Bearer(&ann), body);
        it.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        it.headers_mut().insert("idempotency-key", "c1".parse().unwrap());
        house.send(it)
    };
    let (first, again) = (open("a").await, open("a").await);
    assert_eq!(first.json::<Value>()["id"], again.json::<Value>()["id"]);
    let place = format!("/api/conversations/{}", first.json::<Value>()["id"].as_str().unwrap());
    assert_eq!(first.headers[header::LOCATION], *place);
    open("b").await.refused(422, "idempotency.reused");
}

#[tokio::test]
async fn a_page_shows_the_answer_in_flight_and_where_the_feed_stands() {
    let (house, ann, id) = house_with_ann().await;
    let conversation: ConversationId = id.parse().unwrap();
    let accepted = house.say(&id, As::Bearer(&ann), "hello").await;
    let message_id: MessageId = accepted.answer_id.parse().unwrap();
    let answers: MessageId = accepted.message_id.parse().unwrap();
    let chunk = |offset: u64, text: &str| EventBody::Chunk {
        message_id,
        answers,
        agent: AgentName::Code,
        attempt: 1,
        offset,
        text: text.to_owned(),
    };
    house.live.publish(Topic::Conversation(conversation), chunk(0, "Hé"));
    house.live.publish(Topic::Conversation(conversation), chunk(3, "llo"));
    let page = thread(&house, As::Bearer(&ann), &id, "").await;
    assert_eq!((page.epoch, page.live_seq), (house.epoch(), 3));
    assert_eq!(page.in_flight.len(), 1);
    assert_eq!((page.in_flight[0].text.as_str(), page.in_flight[0].attempt), ("Héllo", 1));
    assert_eq!(page.in_flight[0].message_id, accepted.answer_id);
    assert_eq!(page.in_flight[0].answers, accepted.message_id);
}
