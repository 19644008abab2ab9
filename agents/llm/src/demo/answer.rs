//! What the demo says to a message: it counts, takes note, answers from the documents, or says
//! honestly that it cannot. Does not stream and does not route.

use appliance_core::ports::{EmbedError, Embedder};
use appliance_phrases::utterance;

use super::{
    evidence::{self, Passage},
    reply::{Block, Reply},
    request::Request,
    wording,
};

/// The farthest the demo counts.
const MOST_COUNTED: u32 = 1_000;

/// Words that make a short sentence a statement, so that it is worth noting.
const STATING: [&str; 27] = [
    "is", "are", "was", "were", "am", "i'm", "it's", "has", "have", "had", "uses", "use", "runs",
    "lives", "moved", "prefer", "prefers", "like", "likes", "want", "wants", "need", "needs",
    "will", "means", "called", "belongs",
];

/// Words that a message begins with when it wants work done, whatever else it says.
const WANTING: [&str; 36] = [
    "write",
    "make",
    "build",
    "fix",
    "find",
    "renew",
    "check",
    "review",
    "test",
    "run",
    "create",
    "deploy",
    "list",
    "search",
    "explain",
    "summarise",
    "summarize",
    "compare",
    "add",
    "remove",
    "delete",
    "update",
    "install",
    "restart",
    "start",
    "stop",
    "show",
    "tell",
    "give",
    "translate",
    "refactor",
    "analyse",
    "analyze",
    "verify",
    "draw",
    "help",
];

const GREETING: [&str; 7] = ["hi", "hello", "hey", "hallo", "moin", "good morning", "good evening"];

const THANKS: [&str; 5] =
    ["thanks", "thank you", "thank you very much", "thanks a lot", "many thanks"];

/// What may stand before "count to N".
const POLITE: [&str; 3] = ["please ", "can you ", "could you "];

/// Answers a message.
pub(super) async fn reply(request: &Request, embedder: &dyn Embedder) -> Result<Reply, EmbedError> {
    let asked = request.asked();
    let mut blocks = vec![plain(wording::label(request.role().as_deref()))];
    blocks.extend(body(&asked, request, embedder).await?);
    Ok(Reply::to(request, blocks).fit(request.max_tokens))
}

async fn body(
    asked: &str,
    request: &Request,
    embedder: &dyn Embedder,
) -> Result<Vec<Block>, EmbedError> {
    if let Some(last) = count_wanted(asked) {
        return Ok(vec![plain(counted(last))]);
    }
    if is_one_of(asked, &GREETING) {
        return Ok(vec![plain(wording::hello())]);
    }
    if is_one_of(asked, &THANKS) {
        return Ok(vec![plain(wording::welcome())]);
    }
    if states(asked) {
        return Ok(vec![plain(wording::noted(utterance::statement(asked)))]);
    }
    let passages = evidence::find(asked, &request.documents(), embedder).await?;
    Ok(match (passages.is_empty(), utterance::is_question(asked)) {
        (false, true) => cited(&passages),
        (true, true) => vec![plain(wording::nothing_known())],
        (false, false) => {
            let lead = plain(format!("{} What I remember about it: ", wording::cannot_do()));
            [lead].into_iter().chain(cited(&passages)).collect()
        }
        (true, false) => vec![plain(wording::cannot_do())],
    })
}

/// One block a sentence, each with its citation, as the real service does it.
fn cited(passages: &[Passage<'_>]) -> Vec<Block> {
    let block = |(n, passage): (usize, &Passage<'_>)| {
        let joint = if n == 0 { "" } else { " " };
        let told = passage.untrusted().map(|label| wording::read_in(label, passage.text()));
        let told = told.unwrap_or_else(|| wording::retold(passage.text()));
        let text = format!("{joint}{told}");
        Block::Text { text, citation: Some(passage.citation()) }
    };
    passages.iter().enumerate().map(block).collect()
}

fn plain(text: String) -> Block {
    Block::Text { text, citation: None }
}

/// Reads "count to N"; a number that is too large is cut to [`MOST_COUNTED`].
fn count_wanted(text: &str) -> Option<u32> {
    let lower = text.trim().to_lowercase();
    let asked = POLITE.iter().find_map(|words| lower.strip_prefix(words)).unwrap_or(&lower);
    let after = asked.strip_prefix("count to ")?;
    let digits: String = after.trim_start().chars().take_while(char::is_ascii_digit).collect();
    (!digits.is_empty()).then(|| digits.parse().unwrap_or(u32::MAX).min(MOST_COUNTED))
}

fn counted(last: u32) -> String {
    let numbers: Vec<String> = (1..=last).map(|n| n.to_string()).collect();
    format!("{}.", numbers.join(" "))
}

fn is_one_of(text: &str, phrases: &[&str]) -> bool {
    let words = text.to_lowercase();
    phrases.contains(&words.trim().trim_end_matches(|c: char| !c.is_alphanumeric()))
}

fn states(text: &str) -> bool {
    if utterance::is_question(text) {
        return false;
    }
    let words: Vec<String> = text
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase())
        .collect();
    let wants = words.first().is_some_and(|word| WANTING.contains(&word.as_str()));
    utterance::asks_to_keep(text)
        || (!wants && words.iter().any(|word| STATING.contains(&word.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_is_asked_for_by_number_and_ends_at_a_thousand() {
        assert_eq!(count_wanted("please Count to 200"), Some(200));
        assert_eq!(count_wanted("count to 99999999999999999999"), Some(1_000));
        assert_eq!(count_wanted("count to the moon"), None);
        assert_eq!(count_wanted("remember that I must count to 10"), None);
        assert_eq!(counted(3), "1 2 3.");
    }

    #[test]
    fn statements_are_told_from_wishes_and_questions() {
        for text in [
            "remember that the staging database is called heron",
            "the CI server runs on port 8080",
            "I prefer tea",
        ] {
            assert!(states(text), "{text}");
        }
        for text in [
            "write a python function that is fast",
            "what is the staging database called?",
            "nginx status",
        ] {
            assert!(!states(text), "{text}");
        }
    }
}
