//! Drawing learnings: what a task and its end have to say, phase by phase. Pure; stores nothing.
//!
//! A learning quotes what was asked, never what was answered or told: what a person forgets must not
//! live on in a sentence about it.

use appliance_core::{
    AgentName, IdMint, Labels, Memory, MemoryId, MemoryKind, Message, Outcome, Phase, Provenance,
    Task, TaskOutcome, UserId,
};
use appliance_phrases::utterance;

/// Most characters of a text that a learning quotes.
const MOST_QUOTED: usize = 200;

/// Returns what is learned when a person's task ends: nothing of a greeting or a command, and nothing
/// of a question without an answer, which would only repeat the question.
#[must_use]
pub fn at_end(mint: &IdMint, task: &Task, outcome: &TaskOutcome) -> Vec<Memory> {
    if utterance::worth_keeping(&task.input).is_none() {
        return Vec::new();
    }
    let asked = asked(&task.input);
    let mut said = Vec::new();
    let end = match outcome {
        TaskOutcome::Completed { text, citations, agent, .. } => {
            if has_no_answer(text) {
                return Vec::new();
            }
            let from = memories(citations.len());
            said.push((Phase::Learn, format!("{asked} -> answered by {agent} from {from}")));
            Outcome::Success
        }
        TaskOutcome::Failed { error } => {
            let error = quoted(error);
            said.push((Phase::Verify, format!("{asked} has no answer: {error}")));
            let tries = tries(task.attempt);
            said.push((Phase::Learn, format!("{asked} -> failed after {tries}: {error}")));
            Outcome::Failure
        }
    };
    if task.attempt > 1 {
        said.push((Phase::Execute, format!("{asked} took {}", tries(task.attempt))));
    }
    let provenance = Provenance {
        conversation_id: Some(task.conversation_id),
        message_id: Some(task.answer_id),
        agent: Some(worker(task, outcome)),
        ..Provenance::default()
    };
    let learned = |(phase, text): (Phase, String)| {
        learning(mint, task.owner, provenance.clone(), phase, end, &text)
    };
    said.into_iter().map(learned).collect()
}

/// A rating and the answer it was given for.
#[derive(Debug, Clone, Copy)]
pub struct Rated<'a> {
    /// The person's task that the answer ended.
    pub task: &'a Task,
    /// The answer.
    pub answer: &'a Message,
    /// 1 to 10.
    pub value: u8,
    /// The person's words with it.
    pub comment: Option<&'a str>,
}

/// Returns what is learned from a poor rating, see [`POOR`](crate::ratings::POOR).
#[must_use]
pub fn after_rating(mint: &IdMint, rated: Rated<'_>) -> Vec<Memory> {
    let Rated { task, answer, value, comment } = rated;
    let asked = asked(&task.input);
    let agent = answer.agent.unwrap_or(task.assigned_agent);
    let why = comment.map(|words| format!(" '{}'", quoted(words))).unwrap_or_default();
    let from = memories(answer.citations.len());
    let provenance = Provenance {
        conversation_id: Some(task.conversation_id),
        message_id: Some(answer.id),
        agent: Some(agent),
        ..Provenance::default()
    };
    let end = format!("{asked} -> answered by {agent} from {from}; rated {value} of 10{why}");
    let doubt = format!("the answer to what was {asked} was rated {value} of 10{why}");
    [(Phase::Verify, doubt), (Phase::Learn, end)]
        .into_iter()
        .map(|(phase, text): (Phase, String)| {
            learning(mint, task.owner, provenance.clone(), phase, Outcome::Failure, &text)
        })
        .collect()
}

/// Returns the beginning of `text` on one line, as learnings quote it.
#[must_use]
pub fn quoted(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|c| !c.is_control()).collect();
    if line.chars().count() <= MOST_QUOTED {
        return line;
    }
    let cut: String = line.chars().take(MOST_QUOTED).collect();
    format!("{cut}...")
}

/// What was wanted, quoted only where it asks: a fact is not kept a second time.
fn asked(input: &str) -> String {
    if utterance::asks_to_keep(input) || !(utterance::is_question(input) || wants(input)) {
        return "told something".to_owned();
    }
    format!("asked '{}'", quoted(input))
}

/// A wish for work has no verb that states: "write a parser", "nginx status".
fn wants(input: &str) -> bool {
    const STATING: [&str; 12] =
        ["is", "are", "was", "were", "am", "has", "have", "had", "called", "lives", "uses", "runs"];
    let mut words = input.split(|c: char| !c.is_alphanumeric() && c != '\'');
    !words.any(|word| {
        let word = word.to_lowercase();
        STATING.contains(&word.as_str()) || word.ends_with("'m") || word.ends_with("'s")
    })
}

fn has_no_answer(text: &str) -> bool {
    let said = utterance::without_label(text);
    let nothing = ["I remember nothing", "I cannot"].iter().any(|start| said.starts_with(start));
    nothing || utterance::is_denial(said)
}

fn memories(count: usize) -> String {
    match count {
        0 => "no memory".to_owned(),
        1 => "1 memory".to_owned(),
        _ => format!("{count} memories"),
    }
}

fn tries(attempt: u32) -> String {
    if attempt == 1 { "1 attempt".to_owned() } else { format!("{attempt} attempts") }
}

fn worker(task: &Task, outcome: &TaskOutcome) -> AgentName {
    match outcome {
        TaskOutcome::Completed { agent, .. } => *agent,
        TaskOutcome::Failed { .. } => task.assigned_agent,
    }
}

fn learning(
    mint: &IdMint,
    owner: UserId,
    provenance: Provenance,
    phase: Phase,
    outcome: Outcome,
    text: &str,
) -> Memory {
    let (id, now) = (mint.next(MemoryId::from_uuid), mint.clock().now());
    let text = format!("{phase}: {text}");
    let mut memory = Memory::new(id, owner, MemoryKind::Learning, text, provenance, now);
    memory.labels = Labels { phase: Some(phase), outcome: Some(outcome), ..Labels::default() };
    memory
}
