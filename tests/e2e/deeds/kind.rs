//! What an agent is told to do to a memory, in the person's words, and what it answers. Does nothing.

/// What it is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Remember,
    Forget,
    Correct,
    Rate,
    Undo,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] =
        [Self::Remember, Self::Forget, Self::Correct, Self::Rate, Self::Undo];

    /// Says it, about what is called `name`.
    pub(crate) fn command(self, name: &str) -> String {
        match self {
            Self::Remember => format!("/remember {}", fact(name)),
            Self::Forget => format!("/forget {name}"),
            Self::Correct => format!("/correct database {name} -> osprey"),
            Self::Rate => "7 - nice".to_owned(),
            Self::Undo => "/undo".to_owned(),
        }
    }

    /// Returns what the answer must hold.
    pub(crate) fn words(self, name: &str) -> Vec<String> {
        let words = match self {
            Self::Remember => vec!["Kept: "],
            Self::Forget => vec!["Forgotten: "],
            Self::Correct => vec!["Corrected: ", "is now", "osprey"],
            Self::Rate => return vec!["7 of 10 noted".to_owned()],
            Self::Undo => vec!["Undone: "],
        };
        words.into_iter().map(str::to_owned).chain([fact(name)]).collect()
    }
}

/// What is told of `name`.
pub(crate) fn fact(name: &str) -> String {
    format!("the database {name} is called wren")
}

/// What is right instead, once corrected.
pub(crate) fn corrected(name: &str) -> String {
    fact(name).replace("wren", "osprey")
}
