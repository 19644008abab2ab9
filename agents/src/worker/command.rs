//! Slash commands: what a message that begins with `/word` asks for. Parses; carries out nothing.
//!
//! They work with every model, because the supervisor reads them before it asks one. A message that
//! begins with a path (`/etc/hosts is wrong`) or with a blank is no command.

use appliance_core::{AgentName, desk::Meant};
use appliance_phrases::utterance;

/// What a person can type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    /// Give `text` to `agent` without asking the model who fits.
    Ask {
        /// Who shall answer.
        agent: AgentName,
        /// What.
        text: String,
    },
    /// Keep this text.
    Remember(String),
    /// Look for this in what was kept.
    Recall(String),
    /// Show it to nobody any more.
    Forget(Meant),
    /// Take the conversation's last deed back.
    Undo,
    /// Put something in the place of what is wrong.
    Correct {
        /// What is wrong.
        what: Meant,
        /// What is right.
        to: String,
        /// Whether it cannot be plain talk.
        sure: bool,
    },
    /// Rate the last answer.
    Rate {
        /// 1 to 10.
        value: u8,
        /// The words with it.
        comment: Option<String>,
    },
    /// List the commands.
    Help,
    /// Something is wrong with it; the sentence says what.
    Wrong(String),
}

/// What the commands are, as an answer.
pub(super) const HELP: &str = "\
- `/ask AGENT text`: ask one worker directly: code, data, infra, research or qa
- `/remember text`: keep a text
- `/recall text`: look for what was kept or said
- `/forget`: forget what the last answer was drawn from; `/forget text`: what is remembered about it
- `/correct text -> what is right`: correct what is remembered; without text, what was just said
- `/undo`: take back what was done to memory last in this conversation
- `/help`: this list

A message that begins with a blank before the `/` is taken as text.";

/// Returns the command that `message` is, or `None` if it is plain text.
pub(super) fn parse(message: &str) -> Option<Command> {
    let (word, rest) = utterance::command(message)?;
    Some(match word.to_ascii_lowercase().as_str() {
        "ask" => ask(rest),
        "remember" => with_text(rest, "remember", Command::Remember),
        "recall" => with_text(rest, "recall", Command::Recall),
        "forget" => Command::Forget(meant(rest)),
        "undo" => Command::Undo,
        "correct" => correct(rest),
        "help" => Command::Help,
        _ => Command::Wrong(format!("There is no command `/{word}`. The commands:\n\n{HELP}")),
    })
}

fn ask(rest: &str) -> Command {
    let (name, text) = utterance::cut_word(rest);
    let worker = name.parse().ok().filter(|agent| AgentName::WORKERS.contains(agent));
    match worker {
        Some(agent) if !text.is_empty() => Command::Ask { agent, text: text.to_owned() },
        Some(agent) => Command::Wrong(format!("Say what to ask: `/ask {agent} your question`.")),
        None => Command::Wrong(format!(
            "`/ask` needs one of code, data, infra, research or qa and then the question, as in \
             `/ask code why does this not compile?`{}",
            if name.is_empty() {
                ".".to_owned()
            } else {
                format!("; there is no worker `{name}`.")
            }
        )),
    }
}

fn correct(rest: &str) -> Command {
    match rest.rsplit_once("->") {
        Some((what, to)) if !to.trim().is_empty() => {
            Command::Correct { what: meant(what.trim()), to: to.trim().to_owned(), sure: true }
        }
        _ => Command::Wrong(
            "Say what is right: `/correct what is wrong -> what is right`, or `/correct -> what is \
             right` for what was just said."
                .to_owned(),
        ),
    }
}

fn meant(what: &str) -> Meant {
    if what.is_empty() { Meant::That } else { Meant::About(what.to_owned()) }
}

fn with_text(rest: &str, name: &str, command: impl FnOnce(String) -> Command) -> Command {
    if rest.is_empty() {
        return Command::Wrong(format!("Say what to {name}: `/{name} some text`."));
    }
    command(rest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(message: &str) -> String {
        match parse(message) {
            Some(Command::Wrong(why)) => why,
            other => panic!("{message}: {other:?}"),
        }
    }

    #[test]
    fn each_command_is_read_with_its_text() {
        let ask = Command::Ask { agent: AgentName::Code, text: "why `a && b`?\nline 2".to_owned() };
        assert_eq!(parse("/ask code why `a && b`?\nline 2"), Some(ask.clone()));
        assert_eq!(parse("/ASK code_agent   why `a && b`?\nline 2 "), Some(ask));
        assert_eq!(parse("/remember it is heron"), Some(Command::Remember("it is heron".into())));
        assert_eq!(parse("/recall\nheron"), Some(Command::Recall("heron".into())));
        assert_eq!(parse("/help"), Some(Command::Help));
    }

    #[test]
    fn what_is_to_be_done_to_memories_is_read_with_what_is_meant() {
        let about = |what: &str| Meant::About(what.to_owned());
        assert_eq!(parse("/forget"), Some(Command::Forget(Meant::That)));
        assert_eq!(parse("/forget my salary"), Some(Command::Forget(about("my salary"))));
        assert_eq!(parse("/undo"), Some(Command::Undo));
        let to = "a -> b".to_owned();
        let correct =
            |what, to: &str| Some(Command::Correct { what, to: to.to_owned(), sure: true });
        assert_eq!(parse("/correct -> osprey"), correct(Meant::That, "osprey"));
        assert_eq!(parse("/correct the db->osprey "), correct(about("the db"), "osprey"));
        assert_eq!(parse(&format!("/correct {to} -> c")), correct(about("a -> b"), "c"));
        assert!(wrong("/correct osprey").contains("-> what is right"));
        assert!(wrong("/correct osprey -> ").contains("-> what is right"));
    }

    #[test]
    fn text_and_paths_are_no_commands() {
        for text in ["hello", "", "/", "/ ask", " /help", "/etc/hosts is wrong", "//", "/2 of 3"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_wrong_command_says_what_to_type() {
        assert!(wrong("/dance now").contains("no command `/dance`"));
        assert!(wrong("/dance now").contains("/remember"));
        assert!(wrong("/ask chef soup").contains("no worker `chef`"));
        assert!(wrong("/ask supervisor x").contains("code, data, infra, research or qa"));
        assert!(wrong("/ask code").contains("/ask code your question"));
        assert!(wrong("/remember  ").contains("/remember some text"));
    }
}
