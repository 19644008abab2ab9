//! The demo's half of routing: which worker's description is nearest to a message.
//!
//! A description is compared phrase by phrase (split at commas, colons, semicolons and full stops),
//! because one vector for a whole list of skills is near to nothing. What is to be remembered, and
//! what is near to no phrase, goes to research, which answers from memory. The tool's form is
//! [`appliance_core::routing`]'s; chooses, explains, and does nothing else.

use appliance_core::{
    AgentName, Embedding,
    desk::WorkerCard,
    ports::{EmbedError, Embedder},
    routing,
};
use appliance_phrases::utterance;
use serde_json::{Value, json};

use super::{
    Refusal,
    reply::{Block, Reply},
    request::{BadRequest, Request},
};

/// Who takes what fits nobody: greetings, small talk, questions about what was said.
const FALLBACK: AgentName = AgentName::Research;

/// Cosine under which a phrase has nothing to do with a message.
const NEAR: f32 = 0.30;

/// How many of a worker's phrases count; one lucky phrase decides less than three that agree.
const BEST_PHRASES: usize = 3;

/// Answers a forced tool call.
pub(super) async fn reply(
    request: &Request,
    tool: &Value,
    embedder: &dyn Embedder,
) -> Result<Reply, Refusal> {
    let cards = routing::cards(tool);
    if tool["name"] != routing::TOOL || cards.is_empty() {
        return Err(BadRequest::new(
            "tool_choice: the demo model can only be made to call `route`, with its workers listed",
        )
        .into());
    }
    let (agent, reason) = choose(&request.asked(), &cards, embedder).await?;
    let input = json!({"agent": agent.as_str(), "reason": reason});
    let block = Block::ToolUse { name: routing::TOOL.to_owned(), input };
    Ok(Reply::to(request, vec![block]))
}

async fn choose(
    text: &str,
    cards: &[WorkerCard],
    embedder: &dyn Embedder,
) -> Result<(AgentName, String), EmbedError> {
    let fallback =
        cards.iter().find(|card| card.name == FALLBACK).map_or(cards[0].name, |c| c.name);
    let nothing_near = || (fallback, "nothing else is near; it answers from memory".to_owned());
    if utterance::asks_to_keep(text) {
        return Ok((fallback, "it is something to remember, not work".to_owned()));
    }
    let Some(asked) = embedder.embed(&[text]).await?.pop().flatten() else {
        return Ok(nothing_near());
    };
    let mut best: Option<(f32, AgentName, &str)> = None;
    for card in cards {
        let Some((score, phrase)) = fit(&asked, card, embedder).await? else { continue };
        if best.is_none_or(|(highest, ..)| score > highest) {
            best = Some((score, card.name, phrase));
        }
    }
    Ok(match best {
        Some((score, agent, phrase)) => (agent, format!("near to \"{phrase}\" ({score:.2})")),
        None => nothing_near(),
    })
}

/// Returns how well a worker fits and its nearest phrase; `None` if none is near.
async fn fit<'a>(
    asked: &Embedding,
    card: &'a WorkerCard,
    embedder: &dyn Embedder,
) -> Result<Option<(f32, &'a str)>, EmbedError> {
    let phrases: Vec<&str> = card
        .description
        .split([',', ';', ':', '.'])
        .map(str::trim)
        .filter(|p| !p.is_empty())
        .collect();
    let vectors = embedder.embed(&phrases).await?;
    let mut scored: Vec<(f32, &str)> = vectors
        .iter()
        .zip(&phrases)
        .filter_map(|(vector, phrase)| Some((asked.cosine(vector.as_ref()?), *phrase)))
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let Some(&(nearest, phrase)) = scored.first() else { return Ok(None) };
    if nearest < NEAR {
        return Ok(None);
    }
    let counted = scored.len().min(BEST_PHRASES);
    let mean = scored[..counted].iter().map(|(score, _)| score).sum::<f32>() / counted as f32;
    Ok(Some((0.5 * (nearest + mean), phrase)))
}
