//! Layers: one value a key, the last one put in wins and keeps its origin. Checks no value.

use std::collections::BTreeMap;

use crate::{Entry, Key, Origin, value::Raw};

/// What the plan writes where a secret comes from AWS; no source of its own, so it means: unset.
const FROM_AWS: &str = "<from-aws-secrets>";

/// The values so far.
pub(crate) struct Layers {
    values: BTreeMap<&'static str, (Raw, Origin)>,
    /// What the operator should know although nothing is wrong.
    pub notes: Vec<String>,
}

impl Layers {
    /// Starts with the defaults that do not depend on the host.
    pub(crate) fn of_defaults(keys: impl Iterator<Item = &'static Key>) -> Self {
        let mut layers = Self { values: BTreeMap::new(), notes: Vec::new() };
        for key in keys {
            let Some(default) = key.default else { continue };
            layers.values.insert(key.name, (Raw::Text(default.to_owned()), Origin::Default));
        }
        layers
    }

    /// Puts a value over what was there.
    pub(crate) fn put(&mut self, key: &'static str, value: Raw, origin: Origin) {
        if matches!(&value, Raw::Text(text) if text.trim() == FROM_AWS) {
            let note = format!(
                "{origin}: {key} says {FROM_AWS}; this version does not read AWS Secrets Manager, \
                 so it counts as not set"
            );
            self.notes.push(note);
            return;
        }
        self.values.insert(key, (value, origin));
    }

    /// Puts a default that depends on the host or on another value; never covers a value.
    pub(crate) fn fill(&mut self, key: &'static str, value: String) {
        self.values.entry(key).or_insert((Raw::Text(value), Origin::Default));
    }

    /// Returns the value and who set it.
    pub(crate) fn get(&self, key: &str) -> Option<&(Raw, Origin)> {
        self.values.get(key)
    }

    /// Returns the value as text, whoever set it.
    pub(crate) fn shown(&self, key: &str) -> Option<String> {
        self.get(key).map(|(raw, _)| raw.shown())
    }

    /// Returns the settings of `keys` for `config show`, without secrets.
    pub(crate) fn entries(&self, keys: impl Iterator<Item = &'static Key>) -> Vec<Entry> {
        keys.map(|key| self.entry(key)).collect()
    }

    fn entry(&self, key: &Key) -> Entry {
        let set = self.get(key.name);
        let value = match set {
            _ if key.secret => Some(if set.is_some() { "set" } else { "not set" }.to_owned()),
            Some((raw, _)) => Some(raw.shown()),
            None => None,
        };
        let origin = set.map_or(Origin::Default, |(_, origin)| origin.clone());
        Entry { key: key.name, value, origin, doc: key.about() }
    }
}
