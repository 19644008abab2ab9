//! What the tools ask of: one person's memory, wherever it is reached. Decides nothing.

use std::fmt;

use async_trait::async_trait;
use web_dto::{
    ActionView, Code, ForgetMemories, MemoryList, MemoryListQuery, MemoryQuery, MemoryResults,
    NewMemories, Problem, Remembered,
};

/// Why something was not done, and what to do about it; an agent reads both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What is wrong, and with which field.
    pub what: String,
    /// What to do next.
    pub hint: String,
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        let named = problem.errors.iter().map(|field| {
            let argument = argument(&field.pointer);
            match field.detail == problem.detail {
                true => format!(" (argument `{argument}`)"),
                false => format!("; argument `{argument}`: {}", field.detail),
            }
        });
        let named: String = named.collect();
        let wrong = [Code::BodyInvalid, Code::QueryInvalid].map(Code::as_str);
        let hint = if wrong.contains(&problem.code.as_str()) {
            "mend the argument that is named, and call the tool again".to_owned()
        } else {
            problem.hint
        };
        Self { what: problem.detail + &named, hint }
    }
}

/// Returns the tool's argument that a pointer into a body of the API means.
fn argument(pointer: &str) -> &str {
    let inner = ["/items/0/", "/filters/", "/"];
    inner.iter().find_map(|outer| pointer.strip_prefix(outer)).unwrap_or(pointer)
}

/// One person's memory.
#[async_trait]
pub trait Memory: fmt::Debug + Send + Sync {
    /// Finds the best memories, best first.
    ///
    /// # Errors
    /// What is wrong with the question, or that nobody can answer it just now; so for all here.
    async fn search(&self, query: MemoryQuery) -> Result<MemoryResults, Refused>;

    /// Keeps texts, once under `key`; they are on disk when it returns.
    async fn remember(&self, new: NewMemories, key: Option<&str>) -> Result<Remembered, Refused>;

    /// Forgets all of them or none, once under `key`.
    async fn forget(&self, which: ForgetMemories, key: Option<&str>)
    -> Result<ActionView, Refused>;

    /// Lists memories, newest first.
    async fn recent(&self, query: MemoryListQuery) -> Result<MemoryList, Refused>;

    /// Returns `text` with every command of ours in it as a person has to type it to reach this memory.
    fn typed(&self, text: &str) -> String;
}

#[cfg(test)]
mod tests {
    use web_dto::FieldError;

    use super::*;

    #[test]
    fn a_refusal_names_the_tools_argument_and_not_a_place_in_a_body_it_never_saw() {
        let mut problem = Problem::new(Code::BodyInvalid, "the text is empty", "");
        let pointer = "/items/0/text".to_owned();
        problem.errors = vec![FieldError { pointer, detail: problem.detail.clone() }];
        let refused = Refused::from(problem);
        assert_eq!(refused.what, "the text is empty (argument `text`)");
        assert_eq!(["/filters/from", "/ids/3", "odd"].map(argument), ["from", "ids/3", "odd"]);
    }
}
