//! All keys in order, and the reference made from their doc comments.

use std::fmt::Write as _;

use crate::{
    Key,
    sections::{
        Agents, Clock, Data, Logging, Memory, MemoryOpenAi, MemoryQdrant, MemoryRanking, Model,
        Server, Top,
    },
};

/// Every section: its name, what it is about, its keys. The order is the reference's.
const SECTIONS: &[(&str, &[&str], &[Key])] = &[
    ("", Top::ABOUT, Top::KEYS),
    ("server", Server::ABOUT, Server::KEYS),
    ("data", Data::ABOUT, Data::KEYS),
    ("model", Model::ABOUT, Model::KEYS),
    ("memory", Memory::ABOUT, Memory::KEYS),
    ("memory.openai", MemoryOpenAi::ABOUT, MemoryOpenAi::KEYS),
    ("memory.qdrant", MemoryQdrant::ABOUT, MemoryQdrant::KEYS),
    ("memory.ranking", MemoryRanking::ABOUT, MemoryRanking::KEYS),
    ("agents", Agents::ABOUT, Agents::KEYS),
    ("logging", Logging::ABOUT, Logging::KEYS),
    ("clock", Clock::ABOUT, Clock::KEYS),
];

/// Returns every key, in the reference's order.
pub fn keys() -> impl Iterator<Item = &'static Key> {
    SECTIONS.iter().flat_map(|(_, _, keys)| keys.iter())
}

/// Returns the key of that name.
pub(crate) fn key(name: &str) -> Option<&'static Key> {
    keys().find(|key| key.name == name)
}

/// Returns the names of the sections.
pub(crate) fn sections() -> impl Iterator<Item = &'static str> {
    SECTIONS.iter().map(|(name, _, _)| *name).filter(|name| !name.is_empty())
}

/// Returns a `config.yaml` with every setting, its reference, its default and all commented out.
#[must_use]
pub fn example() -> String {
    let mut out = String::from(
        "# Settings of ai-infra. Everything is optional: what is commented out shows the default.\n\
         # `ai-infra config show --origin` tells where each value came from.\n",
    );
    for (section, about, keys) in SECTIONS {
        let (outer, name) = section.rsplit_once('.').unwrap_or(("", section));
        let around = if outer.is_empty() { "" } else { "  " };
        let indent = if section.is_empty() { "".to_owned() } else { format!("{around}  ") };
        out.push('\n');
        if !section.is_empty() {
            for line in *about {
                let _ = writeln!(out, "{around}#{line}");
            }
            let _ = writeln!(out, "{around}{name}:");
        }
        for key in *keys {
            example_key(&mut out, &indent, key);
        }
    }
    out
}

fn example_key(out: &mut String, indent: &str, key: &Key) {
    for line in key.doc {
        let _ = writeln!(out, "{indent}#{line}");
    }
    let name = key.name.rsplit('.').next().unwrap_or(key.name);
    let _ = writeln!(out, "{indent}# {name}: {}", key.default.unwrap_or(""));
}
