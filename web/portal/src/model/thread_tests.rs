//! Tests of the thread: streams in order, in disorder, twice, and with holes.

use web_dto::{Channel, InFlightView, MessageView, ResyncPayload, SubscribedPayload};

use super::*;

fn place(seq: u64) -> Place {
    Place { epoch: 7, seq }
}

fn frame(seq: u64, payload: ServerPayload) -> ServerFrame {
    ServerFrame {
        payload,
        id: None,
        place: Some(place(seq)),
        timestamp: "2026-01-01T00:00:00Z".into(),
    }
}

fn answer(payload: ServerPayload) -> ServerFrame {
    ServerFrame { place: None, ..frame(0, payload) }
}

fn chunk(offset: u64, content: &str) -> ServerPayload {
    ServerPayload::MessageChunk(ChunkPayload {
        message_id: "a1".into(),
        answers: "m1".into(),
        conversation_id: "c".into(),
        content: content.into(),
        agent: "code".into(),
        attempt: 1,
        offset,
        is_complete: false,
    })
}

fn message(id: &str, role: &str, content: &str) -> MessagePayload {
    MessagePayload {
        message_id: id.into(),
        conversation_id: "c".into(),
        seq: seq(id),
        answers: answers(id),
        role: role.into(),
        content: content.into(),
        agent: (role == "assistant").then(|| "code".into()),
        is_complete: true,
        citations: Vec::new(),
        model: None,
        task_id: None,
        stopped: false,
        cut_off: None,
    }
}

/// `a2` answers `m2` and has the place behind it.
fn answers(id: &str) -> Option<String> {
    id.strip_prefix('a').map(|number| format!("m{number}"))
}

fn seq(id: &str) -> u64 {
    id[1..].parse::<u64>().unwrap() * 2 + if id.starts_with('m') { 1 } else { 2 }
}

fn page(live_seq: u64, messages: &[(&str, &str)]) -> MessageList {
    let view = |(id, content): &(&str, &str)| MessageView {
        id: (*id).into(),
        conversation_id: "c".into(),
        seq: seq(id),
        role: if id.starts_with('m') { "user" } else { "assistant" }.into(),
        content: (*content).into(),
        agent: None,
        answers: answers(id),
        task_id: None,
        citations: Vec::new(),
        model: None,
        stopped: false,
        cut_off: None,
        created_at: "2026-01-01T00:00:00Z".into(),
    };
    MessageList {
        messages: messages.iter().map(view).collect(),
        in_flight: Vec::new(),
        next_before: None,
        epoch: 7,
        live_seq,
    }
}

fn loaded(live_seq: u64) -> Thread {
    let mut thread = Thread::opening("c");
    thread.load(page(live_seq, &[("m1", "hello")]));
    thread
}

fn texts(thread: &Thread) -> Vec<&str> {
    thread.bubbles.iter().map(|b| b.text.as_str()).collect()
}

#[test]
fn an_answer_streams_in_and_becomes_its_record() {
    let mut thread = loaded(4);
    assert_eq!(thread.fold(&frame(5, chunk(0, "The "))), Folded::Changed);
    assert_eq!(thread.fold(&frame(6, chunk(4, "answer"))), Folded::Changed);
    assert_eq!((thread.writer(), thread.is_busy()), (Some("code"), true));

    let done = ServerPayload::MessageComplete(message("a1", "assistant", "The answer."));
    assert_eq!(thread.fold(&frame(7, done)), Folded::Finished);
    assert_eq!(texts(&thread), ["hello", "The answer."]);
    assert!(!thread.is_busy());
}

#[test]
fn frames_that_the_page_already_holds_change_nothing() {
    let mut thread = loaded(9);
    assert_eq!(thread.fold(&frame(9, chunk(0, "twice"))), Folded::Same);
    assert_eq!(texts(&thread), ["hello"]);
}

#[test]
fn a_gap_or_a_foreign_epoch_asks_for_a_refetch() {
    let mut thread = loaded(4);
    assert_eq!(thread.fold(&frame(6, chunk(0, "x"))), Folded::Refetch);

    let mut thread = loaded(4);
    let mut foreign = frame(5, chunk(0, "x"));
    foreign.place = Some(Place { epoch: 8, seq: 5 });
    assert_eq!(thread.fold(&foreign), Folded::Refetch);
    assert_eq!(texts(&thread), ["hello"], "nothing of it is shown");
}

#[test]
fn frames_that_come_while_a_page_is_on_its_way_are_replayed_on_top_of_it() {
    let mut thread = loaded(4);
    thread.refetch();
    assert_eq!(thread.fold(&frame(7, chunk(4, "late"))), Folded::Same, "held");
    assert_eq!(thread.fold(&frame(6, chunk(0, "very"))), Folded::Same);

    let mut fresh = page(6, &[("m1", "hello")]);
    fresh.in_flight.push(InFlightView {
        message_id: "a1".into(),
        answers: "m1".into(),
        agent: "code".into(),
        attempt: 1,
        text: "very".into(),
    });
    assert_eq!(thread.load(fresh), Folded::Changed);
    assert_eq!(texts(&thread), ["hello", "verylate"], "6 is in the page, 7 comes on top");
    assert_eq!(thread.place(), Some(place(7)));
}

#[test]
fn a_page_that_comes_late_takes_nothing_back() {
    let mut thread = loaded(10);
    thread.fold(&frame(11, ServerPayload::Message(message("m2", "user", "and now?"))));
    let ended = ServerPayload::MessageComplete(message("a2", "assistant", "now"));
    assert_eq!(thread.fold(&frame(12, ended)), Folded::Finished);
    assert_eq!(thread.load(page(11, &[("m1", "hello"), ("m2", "and now?")])), Folded::Same);
    assert_eq!(texts(&thread), ["hello", "and now?", "now"]);

    let anew = MessageList { epoch: 8, ..page(1, &[("m1", "hello")]) };
    assert_eq!(thread.load(anew), Folded::Changed, "another life of the server counts anew");
    assert_eq!(texts(&thread), ["hello"]);
}

#[test]
fn a_late_page_does_not_end_the_wait_for_a_newer_one() {
    let mut thread = loaded(10);
    assert_eq!(thread.fold(&frame(13, chunk(0, "lost"))), Folded::Refetch);
    assert_eq!(thread.load(page(9, &[])), Folded::Same);
    assert!(thread.is_fetching());
    assert_eq!(thread.load(page(13, &[("m1", "hello")])), Folded::Changed);
}

#[test]
fn a_resync_asks_for_a_refetch_once() {
    let mut thread = loaded(4);
    let resync = ServerPayload::Resync(ResyncPayload {
        channel: Channel::Conversation,
        conversation_id: Some("c".into()),
        reason: "lagged".into(),
        from: place(20),
    });
    assert_eq!(thread.fold(&answer(resync.clone())), Folded::Refetch);
    assert_eq!(thread.fold(&answer(resync)), Folded::Same, "one is on its way");
    assert_eq!(thread.load(page(20, &[("m1", "hello")])), Folded::Changed);
    assert_eq!(thread.fold(&frame(21, chunk(0, "on"))), Folded::Changed);
}

#[test]
fn a_subscription_that_began_after_the_page_asks_for_a_refetch() {
    let subscribed = |seq| {
        answer(ServerPayload::Subscribed(SubscribedPayload {
            channel: Channel::Conversation,
            conversation_id: Some("c".into()),
            active: true,
            from: place(seq),
        }))
    };
    let mut before = Thread::opening("c");
    before.fold(&subscribed(6));
    assert_eq!(before.load(page(4, &[])), Folded::Refetch, "5 and 6 are in neither");
    assert_eq!(before.load(page(6, &[])), Folded::Changed);

    let mut after = loaded(4);
    assert_eq!(after.fold(&subscribed(4)), Folded::Same);
    assert_eq!(after.fold(&subscribed(5)), Folded::Refetch);
}

#[test]
fn what_was_typed_is_shown_at_once_and_only_once() {
    let mut thread = loaded(4);
    thread.typed("k", "how are you?");
    assert_eq!(thread.bubbles.last().map(|b| b.delivery), Some(Delivery::Sending));

    // The frame is faster than the answer to the request.
    let stored = ServerPayload::Message(message("m2", "user", "how are you?"));
    thread.fold(&frame(5, stored));
    thread.accepted("k", "m2", "a1");
    assert_eq!(texts(&thread), ["hello", "how are you?", ""]);
    assert_eq!(thread.bubbles.last().map(|b| b.delivery), Some(Delivery::Waiting));
}

#[test]
fn the_answer_to_the_request_may_be_faster_than_the_frame() {
    let mut thread = loaded(4);
    thread.typed("k", "how are you?");
    thread.accepted("k", "m2", "a1");
    thread.fold(&frame(5, ServerPayload::Message(message("m2", "user", "how are you?"))));
    assert_eq!(texts(&thread), ["hello", "how are you?", ""]);
}

#[test]
fn a_message_that_could_not_be_sent_keeps_its_text_through_a_refetch() {
    let mut thread = loaded(4);
    thread.typed("k", "precious words");
    thread.failed("k");
    thread.load(page(5, &[("m1", "hello")]));
    assert_eq!(texts(&thread), ["hello", "precious words"]);
    assert_eq!(thread.bubbles[1].delivery, Delivery::Failed);
}

#[test]
fn an_answer_that_became_a_record_while_we_were_away_is_not_awaited_for_ever() {
    let mut thread = loaded(4);
    thread.typed("k", "x");
    thread.accepted("k", "m2", "a2");
    thread.load(page(9, &[("m1", "hello"), ("m2", "x"), ("a2", "the answer")]));
    assert_eq!(texts(&thread), ["hello", "x", "the answer"]);
    assert!(!thread.is_busy());
}

#[test]
fn an_answer_whose_question_has_left_the_newest_page_is_not_awaited_for_ever() {
    let mut thread = loaded(4);
    thread.accepted("k", "m1", "a1");
    assert!(thread.is_busy());
    thread.load(page(90, &[("m40", "much later")]));
    assert_eq!(texts(&thread), ["much later"]);
    assert!(!thread.is_busy());
}

#[test]
fn frames_of_another_conversation_change_nothing() {
    let mut thread = Thread::opening("other");
    thread.load(page(0, &[]));
    assert_eq!(thread.fold(&frame(1, chunk(0, "x"))), Folded::Same);
    assert!(thread.bubbles.is_empty());
}

#[test]
fn older_pages_go_before_and_overlap_nothing() {
    let mut thread = loaded(4);
    thread.prepend(page(0, &[("m0", "earlier"), ("m1", "hello")]));
    assert_eq!(texts(&thread), ["earlier", "hello"]);
}

#[test]
fn a_page_older_than_what_was_just_accepted_keeps_question_before_answer() {
    // The page was asked for before the message was stored, and arrives after its acceptance.
    let mut thread = Thread::opening("c");
    thread.typed("key", "why?");
    thread.accepted("key", "m1", "a1");
    assert_eq!(thread.load(page(0, &[])), Folded::Changed);
    thread.fold(&frame(1, ServerPayload::Message(message("m1", "user", "why?"))));
    thread.fold(&frame(2, chunk(0, "because")));
    let shown: Vec<_> = thread.bubbles.iter().map(|b| (b.id.as_str(), b.text.as_str())).collect();
    assert_eq!(shown, [("m1", "why?"), ("a1", "because")]);
    assert_eq!(thread.bubbles[0].delivery, Delivery::Stored);
}

#[test]
fn quick_messages_stand_as_a_reload_shows_them_in_every_tab() {
    let (mut ours, mut theirs) = (loaded(0), loaded(0));
    let mut frames = Vec::new();
    for n in 2..=13 {
        ours.typed(&format!("k{n}"), &format!("question {n}"));
        frames.push(ServerPayload::Message(message(
            &format!("m{n}"),
            "user",
            &format!("question {n}"),
        )));
    }
    frames.swap(3, 4); // those of two requests may be told in another order than they were stored
    for n in [9, 2, 13, 5, 4, 12, 3, 11, 6, 8, 10, 7] {
        let (id, text) = (format!("a{n}"), format!("to {n}"));
        let mut piece = chunk(0, &text[..2]);
        if let ServerPayload::MessageChunk(piece) = &mut piece {
            (piece.message_id, piece.answers) = (id.clone(), format!("m{n}"));
        }
        frames.push(piece);
        frames.push(ServerPayload::MessageComplete(message(&id, "assistant", &text)));
    }
    let mut right = vec!["hello".to_owned()];
    right.extend((2..=13).flat_map(|n| [format!("question {n}"), format!("to {n}")]));
    for (at, payload) in (1..).zip(frames) {
        if (2..=13).contains(&at) {
            ours.accepted(&format!("k{at}"), &format!("m{at}"), &format!("a{at}"));
        }
        ours.fold(&frame(at, payload.clone()));
        theirs.fold(&frame(at, payload));
    }
    assert_eq!(texts(&ours), right);
    assert_eq!(texts(&theirs), right);
}

#[test]
fn what_the_server_does_not_have_stays_below_what_it_has() {
    let mut thread = loaded(0);
    thread.typed("k2", "lost");
    thread.typed("k3", "two");
    thread.failed("k2");
    thread.accepted("k3", "m2", "a2");
    assert_eq!(texts(&thread), ["hello", "two", "", "lost"]);
    thread.load(page(1, &[("m1", "hello"), ("m2", "two")]));
    assert_eq!(texts(&thread), ["hello", "two", "", "lost"], "as a reload shows it");
}

#[test]
fn an_answer_that_was_asked_for_elsewhere_has_its_place_behind_its_question_once() {
    let asked = || vec![("t1".to_owned(), "a1".to_owned())];
    let two = || {
        let mut page = page(4, &[("m1", "hello"), ("m2", "and tea?")]);
        page.messages[0].task_id = Some("t1".into());
        page
    };
    let mut thread = Thread::opening("c");
    assert!(!thread.await_all(asked()), "its question is not there yet");
    thread.load(two());
    assert!(thread.await_all(asked()) && thread.is_busy());
    assert!(!thread.await_all(asked()));
    assert_eq!(texts(&thread), ["hello", "", "and tea?"]);
    let done = ServerPayload::MessageComplete(message("a1", "assistant", "Good day."));
    thread.fold(&frame(5, done));
    assert!(!thread.await_all(asked()), "it is there");
    assert_eq!(texts(&thread), ["hello", "Good day.", "and tea?"]);
}
