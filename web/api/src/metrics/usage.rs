//! Reads the token counts out of a model's reply while it passes by, byte for byte unchanged.
//!
//! A copy of the bytes goes through the SSE parser; the reply itself does not wait for it. Books
//! nothing: budgets are the gateway's later business.

use std::time::Duration;

use bytes::Bytes;
use eventsource_stream::{EventStream, Eventsource as _};
use futures_util::{FutureExt as _, StreamExt as _, stream::BoxStream};
use serde::Deserialize;
use tokio::{sync::mpsc, time::Instant};

use super::{Metrics, ModelLabels, TokenLabels};

/// Most bytes kept of a reply that is not a stream.
const MAX_WHOLE_BYTES: usize = 1024 * 1024;

type Copied = BoxStream<'static, Result<Bytes, std::convert::Infallible>>;

/// What a reply says it cost.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
struct Usage {
    input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    output_tokens: Option<u64>,
}

impl Usage {
    /// Takes over what a later event tells; counts there are totals, not increments.
    fn learn(&mut self, later: Self) {
        self.input_tokens = later.input_tokens.or(self.input_tokens);
        self.cache_creation_input_tokens =
            later.cache_creation_input_tokens.or(self.cache_creation_input_tokens);
        self.cache_read_input_tokens =
            later.cache_read_input_tokens.or(self.cache_read_input_tokens);
        self.output_tokens = later.output_tokens.or(self.output_tokens);
    }

    fn input(&self) -> u64 {
        [self.input_tokens, self.cache_creation_input_tokens, self.cache_read_input_tokens]
            .into_iter()
            .flatten()
            .sum()
    }
}

/// The places where the Messages API puts `usage`.
#[derive(Debug, Deserialize)]
struct Holder {
    usage: Option<Usage>,
    message: Option<Inner>,
}

#[derive(Debug, Deserialize)]
struct Inner {
    usage: Option<Usage>,
}

enum Reading {
    Stream { copy: mpsc::UnboundedSender<Bytes>, events: EventStream<Copied> },
    Whole(Vec<u8>),
}

/// One reply's reader; counts when it is dropped, so that a reply broken off counts too.
pub(crate) struct Sniffer {
    metrics: Metrics,
    labels: ModelLabels,
    began: Instant,
    usage: Usage,
    reading: Reading,
}

impl Sniffer {
    /// Starts with the reply's content type.
    pub(crate) fn new(metrics: Metrics, provider: &str, model: &str, content_type: &str) -> Self {
        let reading = if content_type.starts_with("text/event-stream") {
            // Unbounded, but emptied after every piece: `take_in` reads all that it put in.
            let (copy, mut pieces) = mpsc::unbounded_channel();
            let pieces = futures_util::stream::poll_fn(move |cx| pieces.poll_recv(cx));
            Reading::Stream { copy, events: pieces.map(Ok).boxed().eventsource() }
        } else {
            Reading::Whole(Vec::new())
        };
        let labels = ModelLabels { provider: provider.to_owned(), model: model.to_owned() };
        Self { metrics, labels, began: Instant::now(), usage: Usage::default(), reading }
    }

    /// Looks at the next piece.
    pub(crate) fn take_in(&mut self, piece: &Bytes) {
        match &mut self.reading {
            Reading::Stream { copy, events } => {
                // The receiver lives in `events`, right here.
                let _ = copy.send(piece.clone());
                while let Some(Some(Ok(event))) = events.next().now_or_never() {
                    learn(&mut self.usage, event.data.as_bytes());
                }
            }
            Reading::Whole(whole) if whole.len() + piece.len() <= MAX_WHOLE_BYTES => {
                whole.extend_from_slice(piece);
            }
            Reading::Whole(_) => {}
        }
    }

    fn count(&self, direction: &'static str, tokens: u64) {
        let ModelLabels { provider, model } = self.labels.clone();
        let labels = TokenLabels { provider, model, direction };
        self.metrics.0.tokens.get_or_create(&labels).inc_by(tokens);
    }
}

fn learn(usage: &mut Usage, json: &[u8]) {
    let Ok(holder) = serde_json::from_slice::<Holder>(json) else { return };
    for found in [holder.message.and_then(|inner| inner.usage), holder.usage].into_iter().flatten()
    {
        usage.learn(found);
    }
}

impl Drop for Sniffer {
    fn drop(&mut self) {
        if let Reading::Whole(whole) = &self.reading {
            learn(&mut self.usage, whole);
        }
        self.count("input", self.usage.input());
        self.count("output", self.usage.output_tokens.unwrap_or(0));
        let took: Duration = self.began.elapsed();
        self.metrics.0.model_time.get_or_create(&self.labels).observe(took.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(content_type: &str, pieces: &[&[u8]]) -> String {
        let metrics = Metrics::new();
        let mut sniffer = Sniffer::new(metrics.clone(), "demo", "m", content_type);
        for piece in pieces {
            sniffer.take_in(&Bytes::copy_from_slice(piece));
        }
        drop(sniffer);
        metrics.text(&[], &[])
    }

    #[test]
    fn a_stream_cut_anywhere_is_counted_by_its_last_totals() {
        let stream: &[u8] = b"event: message_start\ndata: {\"type\":\"message_start\",\"message\":\
            {\"usage\":{\"input_tokens\":10,\"cache_read_input_tokens\":5,\"output_tokens\":1}}}\n\n\
            event: message_delta\ndata: {\"usage\":{\"output_tokens\":7}}\n\n\
            event: message_delta\ndata: {\"usage\":{\"output_tokens\":42}}\n\n";
        for at in 0..stream.len() {
            let text = counted("text/event-stream; charset=utf-8", &[&stream[..at], &stream[at..]]);
            let line = |direction: &str, n: u32| {
                format!(
                    "llm_tokens_total{{provider=\"demo\",model=\"m\",direction=\"{direction}\"}} {n}"
                )
            };
            assert!(
                text.contains(&line("input", 15)) && text.contains(&line("output", 42)),
                "{at}"
            );
        }
    }

    #[test]
    fn a_whole_reply_is_counted_too() {
        let text = counted(
            "application/json",
            &[br#"{"usage":{"input_to"#, br#"kens":3,"output_tokens":4}}"#],
        );
        assert!(text.contains("direction=\"output\"} 4"), "{text}");
        assert!(
            text.contains("llm_request_duration_seconds_count{provider=\"demo\",model=\"m\"} 1")
        );
    }
}
