//! `logs`: prints the server's own last log lines, and goes on with `-f`.

use std::process::ExitCode;

use http_body_util::BodyExt as _;

use super::{Context, arguments::Logs, print};

/// Prints the log.
///
/// # Errors
/// When no server runs.
pub fn run(context: &Context, options: &Logs) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    let format = if context.json() { "json" } else { "text" };
    let (lines, follow) = (options.lines, options.follow);
    let path = format!("/api/logs?lines={lines}&follow={follow}&format={format}");
    context.block_on(async {
        let mut body = client.stream(&path).await?;
        let mut lines = Lines::default();
        while let Some(frame) = body.frame().await {
            // A server that goes away ends the log; what came before it is printed.
            let Ok(frame) = frame else { break };
            if let Some(bytes) = frame.data_ref() {
                print::out(&lines.take(bytes))?;
            }
        }
        print::out(&lines.rest())?;
        if options.follow {
            context.say("the server has ended the log");
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Whole lines out of pieces that may end inside a character.
#[derive(Default)]
struct Lines {
    partial: Vec<u8>,
}

impl Lines {
    fn take(&mut self, bytes: &[u8]) -> String {
        self.partial.extend_from_slice(bytes);
        let end = self.partial.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let whole: Vec<u8> = self.partial.drain(..end).collect();
        String::from_utf8_lossy(&whole).into_owned()
    }

    fn rest(&mut self) -> String {
        let rest = std::mem::take(&mut self.partial);
        String::from_utf8_lossy(&rest).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn a_character_cut_in_two_comes_out_whole() {
        let (mut lines, text) = (Lines::default(), "eins\nzwö\ndrei".as_bytes());
        let first = lines.take(&text[..8]);
        let second = lines.take(&text[8..]);
        assert_eq!((first.as_str(), second.as_str()), ("eins\n", "zwö\n"));
        assert_eq!(lines.rest(), "drei");
    }
}
