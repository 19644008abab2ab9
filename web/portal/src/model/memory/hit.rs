//! A memory in the list, with the reason where it was found by words.
//!
//! The answer of a search is read twice, for its memories and for their reasons: the memories by the
//! code that reads a list, because a flat reader for both would be a second one of twice the size.

use serde::{Deserialize, de::Error as _};
use web_dto::MemoryView;

/// How near a memory is, and why it was found.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Why {
    /// What it was ranked by, higher is better.
    pub score: f32,
    /// One line.
    pub why: String,
}

/// One row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hit {
    /// The memory.
    pub memory: MemoryView,
    /// Why it was found; nothing in a list.
    pub why: Option<Why>,
}

/// The answer of a search, best first.
#[derive(Debug, Default, PartialEq)]
pub struct Found {
    /// The hits.
    pub hits: Vec<Hit>,
    /// What could not be asked for all memories: `vectors`, `words`.
    pub missing: Vec<String>,
}

#[derive(Deserialize)]
struct Results<T> {
    results: Vec<T>,
    #[serde(default)]
    missing: Vec<String>,
}

impl Found {
    /// Reads an answer.
    ///
    /// # Errors
    /// Where it is none.
    pub fn read(answer: &str) -> Result<Self, serde_json::Error> {
        let memories: Results<MemoryView> = serde_json::from_str(answer)?;
        let reasons: Results<Why> = serde_json::from_str(answer)?;
        if memories.results.len() != reasons.results.len() {
            return Err(serde_json::Error::custom("a hit without its reason"));
        }
        let pairs = memories.results.into_iter().zip(reasons.results);
        let hits = pairs.map(|(memory, why)| Hit { memory, why: Some(why) }).collect();
        Ok(Self { hits, missing: memories.missing })
    }
}

impl From<MemoryView> for Hit {
    fn from(memory: MemoryView) -> Self {
        Self { memory, why: None }
    }
}

#[cfg(test)]
mod tests {
    use web_dto::{MemoryHitView, MemoryResults};

    use super::*;

    #[test]
    fn an_answer_is_read_as_it_was_written() {
        let hit = |id: &str, score| MemoryHitView {
            memory: MemoryView { id: id.into(), text: "tea".into(), ..MemoryView::default() },
            score,
            why: format!("words of {id}"),
        };
        let missing = vec!["vectors".to_owned()];
        let answer = MemoryResults { results: vec![hit("a", 0.75), hit("b", 0.5)], missing };
        let Found { hits: read, missing } =
            Found::read(&serde_json::to_string(&answer).unwrap()).unwrap();
        let back = read.into_iter().map(|hit| {
            let why = hit.why.unwrap();
            MemoryHitView { memory: hit.memory, score: why.score, why: why.why }
        });
        assert_eq!(back.collect::<Vec<_>>(), answer.results);
        assert_eq!(missing, answer.missing);
        assert!(Found::read(r#"{"results":[{}]}"#).is_err());
    }
}
