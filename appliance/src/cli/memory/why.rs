//! `memory why`: explains what a question finds; or how it stands with one memory.

use std::process::ExitCode;

use serde::Serialize;
use web_dto::{MemoryHitView, MemoryQuery, MemoryResults, MemoryView};

use super::{Context, WIDTH, find, minute, print, query::segment};
use crate::cli::arguments::Filters;

/// Hits looked through for the one memory.
const DEPTH: usize = 100;

/// Prints each hit with the line that explains it, or where the named memory stands among them.
pub(super) fn run(
    context: &Context,
    words: &[String],
    limit: u16,
    filters: &Filters,
) -> anyhow::Result<ExitCode> {
    match words {
        [id, text] => one(context, id, &find::asked(text, limit, filters)),
        words => find::show(context, &find::asked(&words.concat(), limit, filters), |hits| {
            hits.iter().enumerate().map(lines).collect()
        }),
    }
}

fn lines((n, hit): (usize, &MemoryHitView)) -> String {
    let text = print::line(&hit.memory.text, WIDTH);
    format!("{}. {text}\n   {:.2}: {} ({})\n", n + 1, hit.score, hit.why, hit.memory.id)
}

/// What is known about one memory and one question.
#[derive(Debug, Serialize)]
struct Explained {
    memory: MemoryView,
    /// 1 is best; `None` when it is not found.
    place: Option<usize>,
    score: Option<f32>,
    why: String,
}

fn one(context: &Context, id: &str, asked: &MemoryQuery) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    // A look at how things stand is no use of the memories.
    let asked = MemoryQuery { limit: DEPTH, peek: true, ..asked.clone() };
    let (memory, found) = context.block_on(async {
        let memory: MemoryView = client.get(&format!("/api/memory/{}", segment(id))).await?;
        let found: MemoryResults = client.post("/api/memory/search", &asked).await?;
        Ok((memory, found))
    })?;
    let explained = explain(memory, &found.results);
    if context.json() {
        print::json(&explained)?;
        return Ok(ExitCode::SUCCESS);
    }
    let text = print::line(&explained.memory.text, WIDTH);
    let place = match (explained.place, explained.score) {
        (Some(place), Some(score)) => format!("found, at place {place}, {score:.2}"),
        _ => "not found".to_owned(),
    };
    print::out(&format!("{text}\n   {place}: {}\n", explained.why))?;
    Ok(ExitCode::SUCCESS)
}

fn explain(memory: MemoryView, hits: &[MemoryHitView]) -> Explained {
    let place = hits.iter().position(|hit| hit.memory.id == memory.id);
    let hit = place.and_then(|place| hits.get(place));
    let why = hit.map_or_else(|| missing(&memory, hits.len()), |hit| hit.why.clone());
    Explained { score: hit.map(|hit| hit.score), place: place.map(|n| n + 1), why, memory }
}

/// Says why a memory is not among the hits, as far as that can be told from here.
fn missing(memory: &MemoryView, hits: usize) -> String {
    if let Some(until) = &memory.valid_until {
        return format!("it held until {}; try --as-of an earlier time", minute(until));
    }
    if hits >= DEPTH {
        return format!("{DEPTH} others are nearer to the question, or it does not pass a filter");
    }
    format!(
        "it shares no meaning and no telling word with the question, or does not pass a filter ({hits} others do)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(id: &str) -> MemoryView {
        MemoryView { id: id.to_owned(), ..MemoryView::default() }
    }

    #[test]
    fn a_memory_has_its_place_or_the_reason_why_it_has_none() {
        let hit = |id: &str| MemoryHitView { memory: memory(id), score: 0.5, why: id.to_owned() };
        let hits = [hit("a"), hit("b")];
        let found = explain(memory("b"), &hits);
        assert_eq!((found.place, found.why.as_str()), (Some(2), "b"));
        let gone = explain(memory("c"), &hits);
        assert!(gone.place.is_none() && gone.why.contains("2 others"), "{gone:?}");
        let held = MemoryView { valid_until: Some("2026-05-01T00:00:00Z".into()), ..memory("c") };
        assert!(explain(held, &hits).why.contains("--as-of"));
    }
}
