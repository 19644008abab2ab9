//! From layers to types: parses one key at a time and gathers what is wrong.

use crate::{Key, Origin, Problem, layers::Layers, value::Raw};

/// Longest excerpt of a wrong value in an error, in characters.
const SHOWN: usize = 80;

/// Reads typed values out of the layers.
pub(crate) struct Reader<'a> {
    layers: &'a Layers,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Reader<'a> {
    /// Reads from `layers` and tells what is wrong to `problems`.
    pub(crate) fn new(layers: &'a Layers, problems: &'a mut Vec<Problem>) -> Self {
        Self { layers, problems }
    }

    /// Reads one of a section's `keys`; `None` when it is wrong, which is then among the problems.
    pub(crate) fn field<T>(
        &mut self,
        keys: &[Key],
        name: &'static str,
        parse: impl Fn(Option<&Raw>) -> Result<T, String>,
    ) -> Option<T> {
        let set = self.layers.get(name);
        match parse(set.map(|(raw, _)| raw)) {
            Ok(value) => Some(value),
            Err(expected) => {
                let key = keys.iter().find(|key| key.name == name);
                let found = found(key, set.map(|(raw, _)| raw));
                let origin = set.map_or(Origin::Default, |(_, origin)| origin.clone());
                self.problems.push(Problem::Value { origin, key: name, expected, found });
                None
            }
        }
    }
}

fn found(key: Option<&Key>, raw: Option<&Raw>) -> String {
    match raw {
        None => "nothing".to_owned(),
        Some(_) if key.is_none_or(|key| key.secret) => "a secret that does not fit".to_owned(),
        Some(raw) => {
            let shown: String = without_user(&raw.shown()).chars().take(SHOWN).collect();
            format!("`{}`", shown.escape_debug())
        }
    }
}

/// Takes user and password out of an address that should not have them.
fn without_user(text: &str) -> String {
    match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            format!("{}://...{}", &text[..scheme], &text[at..])
        }
        _ => text.to_owned(),
    }
}
