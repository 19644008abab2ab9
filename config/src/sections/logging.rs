//! What is logged, and how it looks.

use crate::{
    section::section,
    value::{needed, one_of, text},
};

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs, one object a line.
    Json,
    /// Text on a terminal, JSON elsewhere.
    Auto,
}

const FORMATS: &[(&str, LogFormat)] =
    &[("text", LogFormat::Text), ("json", LogFormat::Json), ("auto", LogFormat::Auto)];

section! {
    /// What is logged, and how it looks.
    Logging("logging.") {
        /// `error`, `warn`, `info`, `debug` or `trace`, also by part: `info,web_api=debug`.
        level: String = "info" => needed(text), env "AI_INFRA_LOG";
        /// `text`, `json`, or `auto`: text on a terminal, JSON elsewhere.
        format: LogFormat = "auto" => needed(one_of(FORMATS));
    }
}
