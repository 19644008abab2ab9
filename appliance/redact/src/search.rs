//! Finding the forms in bytes, reading `%73`, `\u0073` and `\/` as the characters they stand for.
//! Pure; knows nothing of where the bytes come from.

use super::MARK;

/// The forms that are looked for.
#[derive(Default)]
pub(super) struct Patterns {
    forms: Vec<Vec<u8>>,
    /// Which forms can begin with a byte, by that byte; most have none.
    begins: Vec<Vec<usize>>,
}

/// What stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// No form.
    Nothing,
    /// The beginning of a form, cut off by the end of the bytes.
    Beginning,
    /// A form that ends before this place.
    Until(usize),
}

impl Patterns {
    /// Returns these and `more`.
    pub(super) fn with(&self, more: Vec<Vec<u8>>) -> Self {
        let forms: Vec<Vec<u8>> = self.forms.iter().cloned().chain(more).collect();
        let mut begins = vec![Vec::new(); 256];
        for (at, form) in forms.iter().enumerate() {
            let escapes = b"%\\".iter().filter(|escape| form.first() != Some(escape));
            for first in form.first().into_iter().chain(escapes) {
                begins[usize::from(*first)].push(at);
            }
        }
        Self { forms, begins }
    }

    /// Returns the bytes with every form blotted out; `None` when there is none.
    pub(super) fn replaced(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut clean = Vec::new();
        let (mut kept, mut at) = (0, 0);
        while at < bytes.len() {
            if let Found::Until(end) = self.at(bytes, at) {
                clean.extend_from_slice(&bytes[kept..at]);
                clean.extend_from_slice(MARK.as_bytes());
                (kept, at) = (end, end);
            } else {
                at += 1;
            }
        }
        if kept == 0 {
            return None;
        }
        clean.extend_from_slice(&bytes[kept..]);
        Some(clean)
    }

    /// Returns what begins at `at`; of several forms, the longest.
    pub(super) fn at(&self, bytes: &[u8], at: usize) -> Found {
        let mut found = Found::Nothing;
        let Some(begins) = self.begins.get(usize::from(bytes[at])) else { return found };
        for form in begins {
            found = match (matched(bytes, at, &self.forms[*form]), found) {
                (Found::Until(one), Found::Until(other)) => Found::Until(one.max(other)),
                (Found::Until(end), _) | (_, Found::Until(end)) => Found::Until(end),
                (Found::Beginning, _) | (_, Found::Beginning) => Found::Beginning,
                (Found::Nothing, Found::Nothing) => Found::Nothing,
            };
        }
        found
    }
}

/// Reads `form` from `bytes`, character by character, each in any of its spellings.
fn matched(bytes: &[u8], mut at: usize, form: &[u8]) -> Found {
    for wanted in form {
        match spelled(&bytes[at..], *wanted) {
            Found::Until(length) => at += length,
            other => return other,
        }
    }
    Found::Until(at)
}

/// Tells in how many bytes `wanted` stands at the beginning of `rest`.
fn spelled(rest: &[u8], wanted: u8) -> Found {
    let hex = |from: usize| coded(rest, from, wanted);
    match rest {
        [] => Found::Beginning,
        [first, ..] if *first == wanted => Found::Until(1),
        [b'%', ..] => hex(1),
        [b'\\'] => Found::Beginning,
        [b'\\', escaped, ..] if *escaped == wanted => Found::Until(2),
        [b'\\', b'u', ..] => match zeros(&rest[2..]) {
            Found::Until(_) => hex(4),
            other => other,
        },
        _ => Found::Nothing,
    }
}

fn zeros(rest: &[u8]) -> Found {
    match rest {
        [b'0', b'0', ..] => Found::Until(2),
        [] | [b'0'] => Found::Beginning,
        _ => Found::Nothing,
    }
}

/// Reads two hex digits at `from` that stand for `wanted`.
fn coded(rest: &[u8], from: usize, wanted: u8) -> Found {
    let digits = [wanted >> 4, wanted & 15].map(|digit| char::from_digit(digit.into(), 16));
    for (digit, at) in digits.into_iter().zip(from..) {
        let Some(byte) = rest.get(at) else { return Found::Beginning };
        if digit != Some(char::from(byte.to_ascii_lowercase())) {
            return Found::Nothing;
        }
    }
    Found::Until(from + 2)
}
