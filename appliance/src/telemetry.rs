//! Logging: where lines go, how they look and which are left out. Decides nothing about content.
//!
//! No line carries a known secret. The server's lines go to standard error (text or JSON) and, as JSON, into the tail that
//! `ai-infra logs` reads. An agent's window is for what it does, so there only warnings show.

use std::io::{self, IsTerminal as _, Write};

use appliance_config::{LogFormat, Logging};
use appliance_redact::Redactor;
use bytes::Bytes;
use tracing_subscriber::{
    EnvFilter, Layer, Registry, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};
use web_api::LogTail;

use crate::exit::{self, Failure};

/// Libraries whose chatter hides what matters; `logging.level` can turn them up again.
const QUIET: &str = "hyper=warn,hyper_util=warn,reqwest=warn,rustls=warn,h2=warn,tungstenite=warn";

type Line = Box<dyn Layer<Registry> + Send + Sync>;

/// Starts the server's log.
///
/// # Errors
/// [`exit::CONFIG`] when the level is not one.
pub fn start(logging: &Logging, tail: &LogTail, redactor: &Redactor) -> anyhow::Result<()> {
    let json = match logging.format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !io::stderr().is_terminal(),
    };
    let (tail, blots) = (tail.clone(), redactor.clone());
    let kept = move || Clean { redactor: blots.clone(), inner: tail.writer() };
    let kept = fmt::layer().json().flatten_event(true).with_writer(kept);
    let lines: Vec<Line> = vec![shown(json, redactor), kept.boxed()];
    install(lines, &logging.level)
}

/// Starts the log of an agent or a command: text on standard error, warnings unless told otherwise.
///
/// # Errors
/// As [`start`].
pub fn start_quiet(level: Option<&str>) -> anyhow::Result<()> {
    install(vec![shown(false, &Redactor::default())], level.unwrap_or("warn"))
}

fn shown(json: bool, redactor: &Redactor) -> Line {
    let redactor = redactor.clone();
    let writer = move || Clean { redactor: redactor.clone(), inner: io::stderr() };
    let layer = fmt::layer().with_writer(writer).with_ansi(io::stderr().is_terminal());
    if json { layer.json().flatten_event(true).boxed() } else { layer.boxed() }
}

/// Writes each event, which comes in one piece, without the secrets in it.
struct Clean<W> {
    redactor: Redactor,
    inner: W,
}

impl<W: Write> Write for Clean<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let clean = self.redactor.bytes(Bytes::copy_from_slice(event));
        self.inner.write_all(&clean).map(|()| event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn install(lines: Vec<Line>, level: &str) -> anyhow::Result<()> {
    tracing_subscriber::registry().with(lines).with(filter(level)?).try_init().map_err(|error| {
        anyhow::Error::new(error).context("while starting the log: it is started already")
    })
}

fn filter(level: &str) -> Result<EnvFilter, Failure> {
    let wanted = format!("{QUIET},{level}");
    EnvFilter::builder().parse(wanted).map_err(|error| {
        let hint = "use error, warn, info, debug or trace, also by part: info,web_api=debug";
        Failure::new(exit::CONFIG, format!("logging.level: {error}"), hint)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_by_part_is_taken_and_nonsense_is_refused_with_the_way_out() {
        assert!(filter("info,web_api=debug").is_ok());
        let refused = filter("info,=,").unwrap_err();
        assert_eq!(refused.code, exit::CONFIG);
        assert!(refused.hint.contains("debug"));
    }

    #[test]
    fn a_secret_in_an_event_is_written_by_no_layer() {
        let (tail, redactor) = (LogTail::new(4), Redactor::default());
        redactor.learn(b"sk-canary-1");
        let writer = tail.clone();
        let clean = move || Clean { redactor: redactor.clone(), inner: writer.writer() };
        let layer = fmt::layer().with_ansi(false).with_writer(clean);
        let subscriber = tracing_subscriber::registry().with(layer);
        let said = || tracing::warn!(cause = "401 for sk-canary-1", "refused: sk%2Dcanary-1");
        tracing::subscriber::with_default(subscriber, said);
        let kept = format!("{tail:?}");
        assert!(kept.contains("401 for [redacted]") && !kept.contains("canary"), "{kept}");
    }

    #[test]
    fn a_written_line_ends_in_the_tail_without_colours() {
        let tail = LogTail::new(4);
        let writer = tail.clone();
        let layer = fmt::layer().json().flatten_event(true).with_writer(move || writer.writer());
        let shown = fmt::layer().with_ansi(true).with_writer(io::sink);
        let subscriber = tracing_subscriber::registry().with(shown).with(layer);
        tracing::subscriber::with_default(subscriber, || {
            let _within = tracing::warn_span!("work", agent = "qa").entered();
            tracing::warn!(part = "bus", "full");
        });
        let kept = format!("{tail:?}");
        let holds = |part| kept.contains(part);
        assert!(holds("full") && holds("bus") && holds("agent") && holds("qa"), "{kept}");
        assert!(!holds("u{1b}") && !holds("u001b"), "{kept}");
    }
}
