//! YAML into keys with places: `{server: {listen: x}}` becomes `server.listen = x` at line and column.
//!
//! Knows neither which keys exist nor what they take. Errors carry no excerpt of the file: it may
//! hold a secret.

use std::{fmt, path::Path};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::Spanned;

use crate::{Problem, value::Raw};

/// A value under its dotted key, and where the key and the value stand.
pub(crate) struct Found {
    /// Dotted, such as `server.listen`.
    pub key: String,
    /// `None` for a mapping with nothing in it, or `null`.
    pub value: Option<Raw>,
    /// Line and column of the value, from 1.
    pub at: (u64, u64),
    /// Line and column of the key, from 1.
    pub key_at: (u64, u64),
}

enum Node {
    Null,
    Scalar(String),
    List(Vec<Spanned<Node>>),
    Map(Vec<(Spanned<String>, Spanned<Node>)>),
}

/// Reads one file's text into its keys.
pub(crate) fn read(path: &Path, text: &str) -> Result<Vec<Found>, Problem> {
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(Vec::new());
    }
    let root: Spanned<Node> = parse(path, text)?;
    let Node::Map(entries) = root.value else {
        let why = "expected sections with keys, such as `server:`".to_owned();
        return Err(malformed(path, place(&root), why));
    };
    let mut found = Vec::new();
    for (key, node) in entries {
        flatten(path, String::new(), &key, node, &mut found)?;
    }
    Ok(found)
}

/// Reads one file's text into a type, with the place of an error.
pub(crate) fn parse<T: serde::de::DeserializeOwned>(path: &Path, text: &str) -> Result<T, Problem> {
    // The commented example is longer than the parser would keep comments for.
    let options =
        serde_saphyr::options! { with_snippet: false, strict_booleans: true, emit_comments: false };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let at = error.location().map_or((1, 1), |l| (l.line().max(1), l.column().max(1)));
        let told = error.without_snippet().to_string();
        let why = told.lines().next().unwrap_or("not valid YAML").to_owned();
        malformed(path, at, why)
    })
}

fn flatten(
    path: &Path,
    prefix: String,
    key: &Spanned<String>,
    node: Spanned<Node>,
    found: &mut Vec<Found>,
) -> Result<(), Problem> {
    let name = prefix + &key.value;
    let (at, key_at) = (place(&node), place(key));
    let value = match node.value {
        Node::Map(entries) if !entries.is_empty() => {
            for (inner, node) in entries {
                flatten(path, format!("{name}."), &inner, node, found)?;
            }
            return Ok(());
        }
        Node::Null | Node::Map(_) => None,
        Node::Scalar(text) => Some(Raw::Text(text)),
        Node::List(items) => Some(Raw::List(scalars(path, &name, items)?)),
    };
    found.push(Found { key: name, value, at, key_at });
    Ok(())
}

fn scalars(path: &Path, key: &str, items: Vec<Spanned<Node>>) -> Result<Vec<String>, Problem> {
    let plain = |item: Spanned<Node>| match item.value {
        Node::Scalar(text) => Ok(text),
        _ => Err(malformed(path, place(&item), format!("{key}: expected a list of plain values"))),
    };
    items.into_iter().map(plain).collect()
}

fn place<T>(spanned: &Spanned<T>) -> (u64, u64) {
    (spanned.referenced.line().max(1), spanned.referenced.column().max(1))
}

fn malformed(path: &Path, (line, column): (u64, u64), why: String) -> Problem {
    Problem::Malformed { path: path.to_owned(), line, column, why }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, a list or a section")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries: Vec<(Spanned<String>, Spanned<Node>)> = Vec::new();
        while let Some((key, value)) = map.next_entry::<Spanned<String>, Spanned<Node>>()? {
            if entries.iter().any(|(earlier, _)| earlier.value == key.value) {
                return Err(A::Error::custom(format!("the key `{}` is there twice", key.value)));
            }
            entries.push((key, value));
        }
        Ok(Node::Map(entries))
    }
}
