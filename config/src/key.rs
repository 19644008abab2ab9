//! A key: the name of one setting, with all that can be told about it before it is read.
//!
//! Made by [`section`](crate::section), never by hand. Holds no values.

/// One setting's name and reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Its name, such as `server.listen`.
    pub name: &'static str,
    /// Its doc comment, a line each.
    pub doc: &'static [&'static str],
    /// What it is when nobody sets it; `None` when it is then unset, or depends on the host.
    pub default: Option<&'static str>,
    /// Other names in the environment, such as `ANTHROPIC_API_KEY`.
    pub aliases: &'static [&'static str],
    /// True for values that are never shown.
    pub secret: bool,
}

/// The prefix of our own variables.
pub(crate) const PREFIX: &str = "AI_INFRA__";

impl Key {
    /// Returns its name in the environment, such as `AI_INFRA__SERVER__LISTEN`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.name.replace('.', "__").to_uppercase())
    }

    /// Returns its doc comment as one line.
    #[must_use]
    pub fn about(&self) -> String {
        self.doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
    }
}

/// Returns the one text in the list, if there is one.
pub(crate) const fn first(texts: &[&'static str]) -> Option<&'static str> {
    match texts {
        [text, ..] => Some(text),
        [] => None,
    }
}
