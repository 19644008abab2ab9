//! The reply against recorded streams, cut into pieces at every place.

use std::convert::Infallible;

use eventsource_stream::Eventsource;
use futures_util::{FutureExt, StreamExt, stream};

use super::*;

/// A reply as the Messages API streams it: a ping, two blocks, the second with two citations.
const CITED: &str = concat!(
    "event: message_start\n",
    r#"data: {"type":"message_start","message":{"id":"msg_1","role":"assistant","model":"claude-x","content":[]}}"#,
    "\n\nevent: ping\ndata: {\"type\": \"ping\"}\n\n",
    "event: content_block_start\n",
    r#"data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
    "\n\nevent: content_block_delta\n",
    r#"data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Grüße. "}}"#,
    "\n\nevent: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
    "event: content_block_start\n",
    r#"data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":"","citations":[]}}"#,
    "\n\nevent: content_block_delta\n",
    r#"data: {"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"type":"char_location","cited_text":"it is heron ","document_index":1,"document_title":"memory 2","start_char_index":0,"end_char_index":12}}}"#,
    "\n\nevent: content_block_delta\n",
    r#"data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"It is called `heron` 🪶"}}"#,
    "\n\nevent: content_block_delta\n",
    r#"data: {"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"type":"char_location","cited_text":"elsewhere","document_index":9}}}"#,
    "\n\nevent: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":1}\n\n",
    "event: some_later_invention\ndata: {\"type\":\"some_later_invention\"}\n\n",
    "event: message_delta\n",
    r#"data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":15}}"#,
    "\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
);

/// Feeds pieces of bytes through the event parser; returns what was handed out and the reply.
fn read(pieces: Vec<Vec<u8>>) -> Result<(String, Reply), Fault> {
    let bytes = stream::iter(pieces.into_iter().map(Ok::<_, Infallible>));
    let mut events = Box::pin(bytes.eventsource());
    let (mut shown, mut reply) = (String::new(), Reply::new(2));
    while let Some(event) = events.next().now_or_never().flatten() {
        let event = event.map_err(|_| Fault::passing("not UTF-8"))?;
        shown.extend(reply.take(&event.data)?);
    }
    reply.finish()?;
    Ok((shown, reply))
}

fn event(data: &str) -> String {
    format!("data: {data}\n\n")
}

fn whole(body: &str) -> Result<(String, Reply), Fault> {
    read(vec![body.as_bytes().to_vec()])
}

/// A reply of one text block that ends for `reason`.
fn ending(text: &str, reason: &str) -> String {
    [
        event(r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#),
        event(&format!(
            r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}"#
        )),
        event(r#"{"type":"content_block_stop","index":0}"#),
        event(&format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"{reason}"}}}}"#)),
        event(r#"{"type":"message_stop"}"#),
    ]
    .concat()
}

#[test]
fn a_reply_reads_the_same_wherever_its_bytes_are_cut() {
    for at in 0..=CITED.len() {
        let (head, tail) = CITED.as_bytes().split_at(at);
        let (shown, reply) = read(vec![head.to_vec(), tail.to_vec()]).unwrap();
        assert_eq!(shown, "Grüße. It is called `heron` 🪶 [1]", "cut at byte {at}");
        assert_eq!(reply.text, shown, "what was shown is the answer");
    }
    let bytes = CITED.bytes().map(|byte| vec![byte]).collect();
    let (_, reply) = read(bytes).unwrap();
    assert_eq!(reply.quotes, [Quote { document: 1, number: 1, words: "it is heron".to_owned() }]);
    assert_eq!((reply.foreign, reply.model.as_str()), (1, "claude-x"));
}

#[test]
fn a_mark_that_the_text_carries_is_not_added_again() {
    let carried = CITED.replace("called `heron`", "called heron [1]");
    let (shown, _) = whole(&carried).unwrap();
    assert_eq!(shown.matches("[1]").count(), 1, "{shown}");
}

#[test]
fn a_reply_that_breaks_off_is_worth_another_try() {
    let cut = CITED.split("event: message_stop").next().unwrap();
    assert!(whole(cut).unwrap_err().retry);
    assert!(whole("").unwrap_err().retry);
    assert!(whole(&event("{\"type\": nonsense")).unwrap_err().retry);
}

#[test]
fn a_reply_that_is_ended_where_it_stands_keeps_its_text_and_the_marks_of_what_it_cites() {
    let mut reply = Reply::new(2);
    let cut = CITED.split(r#"{"type":"content_block_stop","index":1}"#).next().unwrap();
    for data in
        cut.lines().filter_map(|line| line.strip_prefix("data: ").filter(|it| !it.is_empty()))
    {
        reply.take(data).unwrap();
    }
    assert!(!reply.is_whole());
    assert_eq!(reply.end_here(CutOff::BrokeOff).as_deref(), Some(" [1]"));
    assert_eq!(reply.text, "Grüße. It is called `heron` 🪶 [1]");
    assert_eq!((reply.finish(), reply.cut_off), (Ok(()), Some(CutOff::BrokeOff)));
}

#[test]
fn an_error_event_says_what_happened_and_whether_to_try_again() {
    let error = |kind: &str| {
        let data =
            format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"Overloaded."}}}}"#);
        whole(&event(&data)).unwrap_err()
    };
    let overloaded = error("overloaded_error");
    assert_eq!(overloaded.error, "The model broke off: Overloaded.");
    assert_eq!(overloaded.hold.map(|hold| hold.reason), Some(WaitReason::Overloaded));
    assert!(error("an_error_of_next_year").retry);
    assert!(!error("invalid_request_error").retry);
}

#[test]
fn the_reason_it_stopped_decides_what_becomes_of_it() {
    assert_eq!(whole(&ending("hi", "end_turn")).unwrap().0, "hi");
    let (cut, reply) = whole(&ending("hi", "max_tokens")).unwrap();
    assert_eq!((cut.as_str(), reply.cut_off), ("hi", Some(CutOff::Limit)), "nothing is added");
    assert!(whole(&ending(" ", "end_turn")).unwrap_err().retry, "an empty answer is none");
    assert!(!whole(&ending("no", "refusal")).unwrap_err().retry);
    assert!(whole(&ending("no", "tool_use")).unwrap_err().error.contains("`tool_use`"));
}

#[test]
fn a_refused_request_is_told_in_one_sentence() {
    let api = br#"{"type":"error","error":{"type":"rate_limit_error","message":"Slow down."}}"#;
    let refusal = |status, body: &[u8]| refusal(status, Advice::default(), body);
    let fault = refusal(429, api);
    assert_eq!(fault.error, "The model could not be asked (HTTP 429): Slow down.");
    assert!(fault.retry && refusal(529, b"").retry && refusal(503, b"<html>").retry);
    let problem = refusal(401, br#"{"detail":"the key was refused","code":"x"}"#);
    assert_eq!(
        problem.error,
        "The model could not be asked (HTTP 401): the key was refused. \
         Check ANTHROPIC_API_KEY on the server; `ai-infra doctor` says more."
    );
    assert!(!problem.retry);
}

#[test]
fn a_refusal_says_what_another_try_waits_for_and_how_long() {
    let told = |status, after, body: &[u8]| {
        let advice = Advice { after, never: false };
        refusal(status, advice, body).hold.map(|hold| (hold.reason, hold.after))
    };
    let twenty = Some(Duration::from_secs(20));
    assert_eq!(told(429, twenty, b""), Some((WaitReason::RateLimited, twenty)));
    assert_eq!(told(529, None, b""), Some((WaitReason::Overloaded, None)));
    let ours = br#"{"detail":"cannot connect","code":"model.unavailable"}"#;
    assert_eq!(told(503, twenty, ours), Some((WaitReason::Unreachable, None)), "nobody said so");
    assert_eq!((told(500, twenty, b""), told(400, twenty, b"")), (None, None));
    let never = Advice { after: twenty, never: true };
    assert!(!refusal(429, never, b"").retry, "the provider has the last word");
    let spent = br#"{"type":"error","error":{"type":"billing_error","message":"Spent."}}"#;
    assert!(!refusal(429, Advice::default(), spent).retry);
}

#[test]
fn cited_memories_are_numbered_by_their_first_use() {
    let cite = |document: usize| {
        let citation = format!(
            r#"{{"type":"char_location","cited_text":"words of {document}","document_index":{document}}}"#
        );
        event(&format!(
            r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"citations_delta","citation":{citation}}}}}"#
        ))
    };
    let start = event(
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"It is so."}}"#,
    );
    let stop = event(r#"{"type":"content_block_stop","index":0}"#);
    let first = [start.clone(), cite(4), stop.clone()].concat();
    let second = [start, cite(2), cite(4), stop].concat();
    let mut reply = Reply::new(5);
    for line in [first, second].concat().lines().filter_map(|line| line.strip_prefix("data: ")) {
        reply.take(line).unwrap();
    }
    assert_eq!(reply.text, "It is so. [1]It is so. [2][1]");
    let numbers: Vec<_> = reply.quotes.iter().map(|q| (q.document, q.number)).collect();
    assert_eq!(numbers, [(4, 1), (2, 2)]);
}
