//! Conversations and their messages. Text is kept byte for byte; nothing here changes it.

use serde::{Deserialize, Serialize};

use crate::{AgentName, ConversationId, MemoryId, MessageId, TaskId, Timestamp, UserId};

/// Most characters a message may have; one more is 422 `message.too_long`.
pub const MAX_MESSAGE_CHARS: usize = 50_000;

/// Most characters a title may have.
pub const MAX_TITLE_CHARS: usize = 255;

/// Where a conversation stands, from the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversationStatus {
    /// In the list.
    Active,
    /// Put away; can be brought back.
    Archived,
    /// Hidden everywhere.
    Deleted,
}

/// A thread of messages that belongs to one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Identity.
    pub id: ConversationId,
    /// Whose it is; nobody else may see it.
    pub owner: UserId,
    /// What the list shows; taken from the first message when nobody named it.
    pub title: Option<String>,
    /// Where it stands.
    pub status: ConversationStatus,
    /// Whether it was opened for one question and nothing more was said in it.
    #[serde(default)]
    pub once: bool,
    /// Sequence of its last change, set by the store; lists order by it, newest first.
    pub updated_seq: u64,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Who speaks in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A person.
    User,
    /// An agent.
    Assistant,
    /// The appliance, for example to say that a task failed.
    System,
    /// A tool's output.
    Tool,
}

/// A memory that an answer used, numbered as in the text: `[1]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// 1-based, as printed in the answer.
    pub number: u32,
    /// The memory that was used.
    pub memory_id: MemoryId,
    /// The words of it that were used.
    pub quote: String,
}

/// Why an answer ends before it was whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CutOff {
    /// The model, or the line to it, failed in the middle.
    BrokeOff,
    /// The model said nothing more for too long.
    FellSilent,
    /// It has as many tokens as an answer may have.
    Limit,
}

impl CutOff {
    /// Returns the reason on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BrokeOff => "broke_off",
            Self::FellSilent => "fell_silent",
            Self::Limit => "limit",
        }
    }
}

/// One message, as it was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Identity; an answer's id is known before it is written.
    pub id: MessageId,
    /// The thread it belongs to.
    pub conversation_id: ConversationId,
    /// Position in the thread, 1-based, set by the store: an answer stands right behind its question.
    /// Positions that are kept for answers are left out until they come.
    pub seq: u64,
    /// Who speaks.
    pub role: Role,
    /// The text, byte for byte.
    pub content: String,
    /// Which agent wrote it, for answers.
    pub agent: Option<AgentName>,
    /// What it answers.
    pub parent_message_id: Option<MessageId>,
    /// The task that produced it.
    pub task_id: Option<TaskId>,
    /// The memories it used.
    pub citations: Vec<Citation>,
    /// Memories that it was given and whose words it says, without citing them: it goes with them when
    /// they are purged.
    #[serde(default)]
    pub leans_on: Vec<MemoryId>,
    /// The model that wrote it, such as `demo`.
    pub model: Option<String>,
    /// Why it ends before it was whole; what is there of it is kept.
    #[serde(default)]
    pub cut_off: Option<CutOff>,
    /// When it was stored.
    pub created_at: Timestamp,
}

impl Message {
    /// Tells whether this answer was called off before it was whole: whoever finishes an answer
    /// names the model that wrote it, so one without a model was never finished.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.role == Role::Assistant && self.model.is_none()
    }
}

/// Words that a person begins with and that tell nothing about what follows.
const OPENINGS: [&str; 14] = [
    "hello",
    "hi",
    "hey",
    "please",
    "can you",
    "could you",
    "would you",
    "will you",
    "i want you to",
    "i would like you to",
    "tell me",
    "remember that",
    "remember",
    "note that",
];

/// Returns the first line of `content` that tells something, without the command and the courtesies it
/// begins with, cut to a title; `None` if there is nothing to show.
#[must_use]
pub fn title_from(content: &str) -> Option<String> {
    let mut lines = content.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next()?;
    Some(cut(telling(first).or_else(|| lines.find_map(telling)).unwrap_or(first)))
}

/// Tells whether `title` was taken from `content`, by today's rule or by the one before it, which took
/// the first line as it stood.
#[must_use]
pub fn is_title_of(title: Option<&str>, content: &str) -> bool {
    let before = content.lines().map(str::trim).find(|line| !line.is_empty()).map(cut);
    title == title_from(content).as_deref() || title == before.as_deref()
}

fn cut(line: &str) -> String {
    const WANTED_CHARS: usize = 60;
    if line.chars().count() <= WANTED_CHARS {
        return line.to_owned();
    }
    let cut: String = line.chars().take(WANTED_CHARS).collect();
    let whole_words = cut.rfind(char::is_whitespace).filter(|at| *at > WANTED_CHARS / 2);
    format!("{}…", cut[..whole_words.unwrap_or(cut.len())].trim_end())
}

/// What is left of a line without command and courtesies; `None` when that is nothing.
fn telling(line: &str) -> Option<&str> {
    let mut rest = without_command(line);
    while let Some(shorter) = OPENINGS.iter().find_map(|opening| after(rest, opening)) {
        rest = shorter;
    }
    rest.chars().any(char::is_alphanumeric).then_some(rest)
}

/// Takes `/ask code`, `/remember` and the like away.
fn without_command(line: &str) -> &str {
    let Some((command, rest)) = line.split_once(char::is_whitespace) else { return line };
    let is_command =
        command.strip_prefix('/').is_some_and(|it| it.bytes().all(|b| b.is_ascii_lowercase()));
    match (is_command, command) {
        (true, "/ask") => rest.trim_start().split_once(char::is_whitespace).map_or(rest, |it| it.1),
        (true, _) => rest,
        (false, _) => line,
    }
    .trim_start()
}

/// What follows `opening` in `text`, if it begins with it as whole words.
fn after<'a>(text: &'a str, opening: &str) -> Option<&'a str> {
    let head = text.get(..opening.len()).filter(|head| head.eq_ignore_ascii_case(opening))?;
    let rest = &text[head.len()..];
    let rest = rest.strip_prefix([',', ':', '!']).unwrap_or(rest);
    let shorter = rest.trim_start();
    (shorter.len() < rest.len()).then_some(shorter)
}

#[cfg(test)]
mod tests {
    use super::{is_title_of, title_from};

    #[test]
    fn a_title_is_the_first_line_cut_at_a_word() {
        assert_eq!(title_from("\n  hello \nworld"), Some("hello".to_owned()));
        assert_eq!(title_from(" \n\t"), None);
        let long = "what is the name of the staging database that we moved last week to heron";
        assert_eq!(
            title_from(long).as_deref(),
            Some("what is the name of the staging database that we moved last…")
        );
        assert_eq!(title_from(&"é".repeat(90)).map(|t| t.chars().count()), Some(61));
    }

    #[test]
    fn a_title_leaves_out_commands_and_courtesies() {
        for (said, title) in [
            ("/ask code why does the build fail?", "why does the build fail?"),
            ("/remember the mailer is postmark", "the mailer is postmark"),
            ("remember that the mailer is postmark", "the mailer is postmark"),
            ("/recall pager", "pager"),
            ("Hi, can you please restart nginx", "restart nginx"),
            ("hello\nwhat is tea?", "hello"),
            ("hello!\n", "hello!"),
            ("/help", "/help"),
            ("/etc/nginx is full", "/etc/nginx is full"),
            ("hike plans for May", "hike plans for May"),
            ("hé", "hé"),
        ] {
            assert_eq!(title_from(said).as_deref(), Some(title), "{said}");
            assert!(is_title_of(Some(title), said), "{said}");
        }
        assert!(is_title_of(Some("/recall pager"), "/recall pager\nnow"), "a title from before");
        assert!(!is_title_of(Some("another"), "/recall pager") && !is_title_of(None, "tea"));
    }
}
