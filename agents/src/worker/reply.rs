//! Reading a model's streamed reply, event by event. Pure: bytes come from elsewhere, nothing is
//! sent.
//!
//! Collects the answer's text and its citations, numbers the cited memories in the order of their
//! first use, and puts `[n]` behind a block that cites memory n when its text does not carry the mark
//! already. Events it does not know are passed over, as the
//! Messages API asks of its clients.
//!
//! Invariant: the pieces handed out, joined, are the text of the answer.

use std::time::Duration;

use appliance_core::{
    CutOff, WaitReason,
    desk::{Begun, Hold},
};
use serde_json::Value;

/// Longest quote kept with a citation, in characters.
const MAX_QUOTE_CHARS: usize = 1_000;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// One sentence for the person.
    pub error: String,
    /// Whether trying again may help.
    pub retry: bool,
    /// What another try has to wait for.
    pub hold: Option<Hold>,
    /// What there is of an answer; the desk takes it if it does not try again.
    pub begun: Option<Box<Begun>>,
}

impl Fault {
    /// Says that another try may help.
    pub(super) fn passing(error: impl Into<String>) -> Self {
        Self { error: error.into(), retry: true, hold: None, begun: None }
    }

    /// Says that another try is no use.
    pub(super) fn lasting(error: impl Into<String>) -> Self {
        Self { error: error.into(), retry: false, hold: None, begun: None }
    }
}

/// Words of a document that the model used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Quote {
    /// The document, from 0.
    pub document: usize,
    /// Its number in the answer, from 1 in the order of first use.
    pub number: usize,
    /// The words.
    pub words: String,
}

/// A reply as far as it has come.
#[derive(Debug, Default)]
pub(super) struct Reply {
    /// All text so far.
    pub text: String,
    /// What was cited, in order, each once.
    pub quotes: Vec<Quote>,
    /// The model that answers.
    pub model: String,
    /// Citations of documents that were never given; left out.
    pub foreign: usize,
    /// Why it is not whole.
    pub cut_off: Option<CutOff>,
    documents: usize,
    stop_reason: Option<String>,
    ended: bool,
    /// Documents in the order of their first use.
    cited: Vec<usize>,
    block_starts_at: usize,
    /// Numbers cited in the block that is open.
    block_marks: Vec<usize>,
}

impl Reply {
    /// Waits for a reply to a request with so many documents.
    pub(super) fn new(documents: usize) -> Self {
        Self { documents, ..Self::default() }
    }

    /// Takes the data of one event; returns the next piece of text, if it brings one.
    ///
    /// # Errors
    /// A [`Fault`] when the event is one, or cannot be read.
    pub(super) fn take(&mut self, data: &str) -> Result<Option<String>, Fault> {
        let event: Value = serde_json::from_str(data)
            .map_err(|_| Fault::passing("The model's reply could not be read."))?;
        match event["type"].as_str().unwrap_or_default() {
            "message_start" => self.model = text_at(&event, "/message/model"),
            "content_block_start" => return Ok(self.begin_block(&event)),
            "content_block_delta" => return Ok(self.take_delta(&event)),
            "content_block_stop" => return Ok(self.end_block()),
            "message_delta" => self.take_stop_reason(&event),
            "message_stop" => self.ended = true,
            "error" => return Err(fault_of(&event)),
            _ => {}
        }
        Ok(None)
    }

    /// Whether the model has said that there is no more.
    pub(super) fn is_whole(&self) -> bool {
        self.ended
    }

    /// Checks that the reply is an answer, and notes whether the model's limit cut it off.
    ///
    /// # Errors
    /// A [`Fault`] when it broke off and is not kept, is empty, or ended for a reason that leaves no
    /// answer.
    pub(super) fn finish(&mut self) -> Result<(), Fault> {
        if self.cut_off.is_some() {
            return Ok(());
        }
        if !self.ended {
            return Err(broken());
        }
        let reason = self.stop_reason.take().unwrap_or_default();
        match reason.as_str() {
            "end_turn" | "stop_sequence" | "max_tokens" if self.text.trim().is_empty() => {
                Err(Fault::passing("The model gave an empty answer."))
            }
            "end_turn" | "stop_sequence" => Ok(()),
            "max_tokens" => {
                self.cut_off = Some(CutOff::Limit);
                Ok(())
            }
            "refusal" => Err(Fault::lasting(
                "The model declined to answer this. Say it in another way, or ask something else.",
            )),
            other => Err(Fault::lasting(format!(
                "The model stopped for a reason that leaves no answer (`{other}`)."
            ))),
        }
    }

    /// Ends the reply where it stands; returns the marks of what it cites there, if it lacks some.
    pub(super) fn end_here(&mut self, why: CutOff) -> Option<String> {
        self.cut_off = Some(why);
        self.end_block()
    }

    fn begin_block(&mut self, event: &Value) -> Option<String> {
        self.block_starts_at = self.text.len();
        self.block_marks.clear();
        let first = text_at(event, "/content_block/text");
        (!first.is_empty()).then(|| self.add(&first))
    }

    fn take_delta(&mut self, event: &Value) -> Option<String> {
        match event.pointer("/delta/type")?.as_str()? {
            "text_delta" => {
                let piece = text_at(event, "/delta/text");
                (!piece.is_empty()).then(|| self.add(&piece))
            }
            "citations_delta" => {
                self.take_citation(event.pointer("/delta/citation")?);
                None
            }
            _ => None,
        }
    }

    fn take_citation(&mut self, citation: &Value) {
        let Some(document) = citation["document_index"].as_u64() else { return };
        let document = usize::try_from(document).unwrap_or(usize::MAX);
        if document >= self.documents {
            self.foreign += 1;
            return;
        }
        let words = citation["cited_text"].as_str().unwrap_or_default().trim();
        let words = words.chars().take(MAX_QUOTE_CHARS).collect();
        let quote = Quote { document, number: self.number(document), words };
        if !self.block_marks.contains(&quote.number) {
            self.block_marks.push(quote.number);
        }
        if !self.quotes.contains(&quote) {
            self.quotes.push(quote);
        }
    }

    fn number(&mut self, document: usize) -> usize {
        let known = self.cited.iter().position(|cited| *cited == document);
        known.unwrap_or_else(|| {
            self.cited.push(document);
            self.cited.len() - 1
        }) + 1
    }

    fn end_block(&mut self) -> Option<String> {
        let block = &self.text[self.block_starts_at..];
        let marks: String = std::mem::take(&mut self.block_marks)
            .into_iter()
            .map(|number| format!("[{number}]"))
            .filter(|mark| !block.contains(mark.as_str()))
            .collect();
        if marks.is_empty() {
            return None;
        }
        let gap = if block.ends_with(char::is_whitespace) { "" } else { " " };
        Some(self.add(&format!("{gap}{marks}")))
    }

    fn take_stop_reason(&mut self, event: &Value) {
        if let Some(reason) = event.pointer("/delta/stop_reason").and_then(Value::as_str) {
            self.stop_reason = Some(reason.to_owned());
        }
    }

    fn add(&mut self, piece: &str) -> String {
        self.text.push_str(piece);
        piece.to_owned()
    }
}

/// Says that there is no end to what was begun.
pub(super) fn broken() -> Fault {
    Fault::passing("The model's reply broke off.")
}

/// What a refusal's head says about another try.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Advice {
    /// How long to wait, if it says so.
    pub after: Option<Duration>,
    /// Whether it says that another try is no use.
    pub never: bool,
}

/// Turns an error status and its body into a sentence, and tells whether and when to try again.
pub(super) fn refusal(status: u16, advice: Advice, body: &[u8]) -> Fault {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let api = json.pointer("/error/message").and_then(Value::as_str);
    let said = api.or_else(|| json["detail"].as_str()).unwrap_or("it gave no reason");
    let mut error = format!("The model could not be asked (HTTP {status}): {}.", sentence(said));
    if matches!(status, 401 | 403) {
        error.push_str(" Check ANTHROPIC_API_KEY on the server; `ai-infra doctor` says more.");
    }
    if advice.never || json["error"]["type"] == "billing_error" {
        return Fault::lasting(error);
    }
    // The server itself, which was told no time by anybody.
    let is_ours = json["code"] == "model.unavailable";
    let reason = match status {
        429 => WaitReason::RateLimited,
        529 => WaitReason::Overloaded,
        502..=504 => WaitReason::Unreachable,
        408 | 409 | 425 | 500.. => return Fault::passing(error),
        _ => return Fault::lasting(error),
    };
    let hold = Hold { reason, after: advice.after.filter(|_| !is_ours) };
    Fault { hold: Some(hold), ..Fault::passing(error) }
}

fn fault_of(event: &Value) -> Fault {
    let said = text_at(event, "/error/message");
    let error = format!("The model broke off: {}.", sentence(&said));
    match event.pointer("/error/type").and_then(Value::as_str).unwrap_or_default() {
        "invalid_request_error"
        | "authentication_error"
        | "permission_error"
        | "not_found_error"
        | "request_too_large"
        | "billing_error" => Fault::lasting(error),
        "overloaded_error" => held(error, WaitReason::Overloaded),
        "rate_limit_error" => held(error, WaitReason::RateLimited),
        _ => Fault::passing(error),
    }
}

fn held(error: String, reason: WaitReason) -> Fault {
    Fault { hold: Some(Hold { reason, after: None }), ..Fault::passing(error) }
}

fn sentence(said: &str) -> &str {
    said.trim().trim_end_matches('.')
}

fn text_at(event: &Value, pointer: &str) -> String {
    event.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
