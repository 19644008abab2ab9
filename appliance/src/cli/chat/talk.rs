//! The talk on a terminal: a line, its answer, the next line, all in one conversation.

use std::process::ExitCode;

use anyhow::Context as _;
use appliance_tasks::TaskKind;
use rustyline::{DefaultEditor, error::ReadlineError};
use web_dto::NewConversation;

use super::turn::{self, Heard};
use crate::cli::{Client, Context, arguments::Chat, print};

/// Waits for a line from the terminal.
const LINE: TaskKind = TaskKind::new("chat.line");

/// Talks until Ctrl-D.
///
/// # Errors
/// When the server cannot be reached, or the terminal cannot be read.
pub async fn run(context: &Context, client: &Client, options: &Chat) -> anyhow::Result<ExitCode> {
    let conversation = turn::conversation(client, options, &NewConversation::default()).await?;
    context.say(&format!("conversation {conversation}; Ctrl-C stops an answer, Ctrl-D ends"));
    let mut editor = DefaultEditor::new().context("while preparing the terminal")?;
    loop {
        let read = context.tasks().blocking(LINE, move || read(editor)).await;
        let (back, line) = read.context("while reading a line")?;
        editor = back;
        match line? {
            Line::Said(text) => answer(context, client, &conversation, &text).await?,
            Line::Nothing => {}
            Line::End => return Ok(ExitCode::SUCCESS),
        }
    }
}

/// What came from the terminal.
enum Line {
    Said(String),
    Nothing,
    End,
}

fn read(mut editor: DefaultEditor) -> (DefaultEditor, anyhow::Result<Line>) {
    let line = match editor.readline("> ") {
        Ok(text) if text.trim().is_empty() => Ok(Line::Nothing),
        Ok(text) => {
            // A line that cannot be kept in the history is still said.
            let _ = editor.add_history_entry(text.as_str());
            Ok(Line::Said(text))
        }
        Err(ReadlineError::Interrupted) => Ok(Line::Nothing),
        Err(ReadlineError::Eof) => Ok(Line::End),
        Err(error) => Err(anyhow::Error::new(error).context("while reading a line")),
    };
    (editor, line)
}

/// Prints one answer; a refusal is told and the talk goes on.
async fn answer(
    context: &Context,
    client: &Client,
    conversation: &str,
    text: &str,
) -> anyhow::Result<()> {
    match turn::take(context, client, conversation, text).await {
        Ok(Heard::Whole(turn)) => {
            if let Some(why) = turn.failure() {
                context.warn(&format!("there is no answer: {}", print::visible(why)), "");
            }
        }
        Ok(Heard::Stopped) => {}
        // Told here; the talk goes on.
        Err(error) => drop(crate::exit::report(&error, context.typed())),
    }
    Ok(())
}
