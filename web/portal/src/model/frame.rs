//! A frame of the live feed, read in two steps: what is around every payload, then the payload by
//! the frame's type.
//!
//! [`ServerFrame`]'s own reader takes an object apart without knowing its type yet, with code for
//! that alone; here a payload is read by the code that reads the same thing in an answer.

use serde::{Deserialize, de::Error as _};
use serde_json::{Error, value::RawValue};
use web_dto::{Place, ServerFrame, ServerPayload};

/// What is around a payload.
#[derive(Deserialize)]
struct Around<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
    id: Option<String>,
    epoch: Option<u64>,
    seq: Option<u64>,
    timestamp: String,
}

/// The answer of a long poll, its frames not read yet.
#[derive(Deserialize)]
struct Heard<'a> {
    line: String,
    #[serde(borrow)]
    frames: Vec<&'a RawValue>,
}

/// Reads a frame.
///
/// # Errors
/// Where it is none, or one of a type that came later.
pub fn read_frame(text: &str) -> Result<ServerFrame, Error> {
    let around: Around<'_> = serde_json::from_str(text)?;
    let payload = read_payload(around.kind, around.payload.map_or("null", RawValue::get))?;
    let place = around.epoch.zip(around.seq).map(|(epoch, seq)| Place { epoch, seq });
    Ok(ServerFrame { payload, id: around.id, place, timestamp: around.timestamp })
}

/// Reads what a long poll has heard: the line's name and its frames. A frame of a type that came later
/// is left out.
///
/// # Errors
/// Where it is no such answer.
pub fn read_heard(text: &str) -> Result<(String, Vec<ServerFrame>), Error> {
    let Heard { line, frames } = serde_json::from_str(text)?;
    Ok((line, frames.into_iter().filter_map(|frame| read_frame(frame.get()).ok()).collect()))
}

fn read_payload(kind: &str, text: &str) -> Result<ServerPayload, Error> {
    match kind {
        "connected" => serde_json::from_str(text).map(ServerPayload::Connected),
        "subscribed" => serde_json::from_str(text).map(ServerPayload::Subscribed),
        "message" => serde_json::from_str(text).map(ServerPayload::Message),
        "message_chunk" => serde_json::from_str(text).map(ServerPayload::MessageChunk),
        "message_complete" => serde_json::from_str(text).map(ServerPayload::MessageComplete),
        "agent_status" => serde_json::from_str(text).map(ServerPayload::AgentStatus),
        "task_update" => serde_json::from_str(text).map(ServerPayload::TaskUpdate),
        "resync" => serde_json::from_str(text).map(ServerPayload::Resync),
        "error" => serde_json::from_str(text).map(ServerPayload::Error),
        "pong" => Ok(ServerPayload::Pong),
        _ => Err(Error::custom("a frame of a type that is not known here")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = r#"{"message_id":"a","conversation_id":"c","role":"assistant","content":"\"x\"",
        "is_complete":true,"citations":[{"number":1,"memory_id":"m","quote":"tea"}],"stopped":true}"#;

    const PAYLOADS: [(&str, &str); 10] = [
        ("connected", r#"{"user_id":"u","epoch":7}"#),
        ("subscribed", r#"{"channel":"tasks","active":true,"from":{"epoch":7,"seq":3}}"#),
        ("message", MESSAGE),
        (
            "message_chunk",
            r#"{"message_id":"a","conversation_id":"c","content":"x","agent":"code","attempt":1,
                "offset":9,"is_complete":false}"#,
        ),
        ("message_complete", MESSAGE),
        (
            "agent_status",
            r#"{"agent":"code","status":"busy","current_task":{"id":"t","type":"answer"},
                "detail":{"name":"code","status":"busy","description":"writes","pid":1,"restarts":2,
                "heartbeat_age_seconds":0.25}}"#,
        ),
        ("task_update", r#"{"task_id":"t","status":"working","agent":"code","attempt":1}"#),
        ("resync", r#"{"channel":"agents","reason":"gap","from":{"epoch":7,"seq":3}}"#),
        ("error", r#"{"code":"auth.required","message":"log in"}"#),
        ("pong", "null"),
    ];

    #[test]
    fn every_frame_is_read_as_its_own_reader_reads_it() {
        for (kind, payload) in PAYLOADS {
            for around in ["", r#","id":"k""#, r#","epoch":7,"seq":3"#] {
                let time = r#""timestamp":"2026-01-01T00:00:00Z""#;
                let text = format!(r#"{{"type":"{kind}","payload":{payload}{around},{time}}}"#);
                let whole: ServerFrame = serde_json::from_str(&text).unwrap();
                assert_eq!(read_frame(&text).unwrap(), whole, "{text}");
                let written = serde_json::to_string(&whole).unwrap();
                assert_eq!(read_frame(&written).unwrap(), whole, "{written}");
            }
        }
    }

    #[test]
    fn a_long_poll_brings_the_same_frames() {
        let frame = r#"{"type":"pong","payload":null,"timestamp":""}"#;
        let later = r#"{"type":"later","timestamp":""}"#;
        let text = format!(r#"{{"line":"7-0","frames":[{frame},{later}]}}"#);
        let (line, frames) = read_heard(&text).unwrap();
        assert_eq!((line.as_str(), frames), ("7-0", vec![read_frame(frame).unwrap()]));
        assert!(read_heard("{}").is_err());
    }

    #[test]
    fn what_is_no_frame_is_an_error() {
        for text in
            ["", "{}", r#"{"type":"later","timestamp":""}"#, r#"{"type":"error","timestamp":""}"#]
        {
            assert!(read_frame(text).is_err(), "{text}");
        }
    }
}
