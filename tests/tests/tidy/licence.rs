//! SPDX licence expressions, as far as crates use them: OR, AND, WITH and parentheses.
//!
//! Source: SPDX specification 2.3, annex D; the older `MIT/Apache-2.0` reads as OR.

/// Whether `expression` can be met with licences from `allowed` alone.
pub fn is_met(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { words: &words, allowed };
    reader.either() && reader.words.is_empty()
}

struct Reader<'a> {
    words: &'a [&'a str],
    allowed: &'a [String],
}

impl<'a> Reader<'a> {
    fn either(&mut self) -> bool {
        let mut met = self.both();
        while self.eat("OR") {
            // Both sides are read whatever the first says.
            met |= self.both();
        }
        met
    }

    fn both(&mut self) -> bool {
        let mut met = self.one();
        while self.eat("AND") {
            met &= self.one();
        }
        met
    }

    fn one(&mut self) -> bool {
        if self.eat("(") {
            let met = self.either();
            return self.eat(")") && met;
        }
        let Some(mut licence) = self.next().map(str::to_owned) else { return false };
        if self.eat("WITH") {
            licence = format!("{licence} WITH {}", self.next().unwrap_or_default());
        }
        self.allowed.contains(&licence)
    }

    fn eat(&mut self, word: &str) -> bool {
        let there = self.words.first() == Some(&word);
        if there {
            self.next();
        }
        there
    }

    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }
}

#[test]
fn reads_expressions_as_crates_write_them() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
    let met = |expression| is_met(expression, &allowed);
    assert!(met("MIT") && met("GPL-3.0 OR MIT") && met("GPL-3.0/MIT") && met("(MIT AND ISC)"));
    assert!(met("Apache-2.0 WITH LLVM-exception OR GPL-3.0"));
    assert!(!met("GPL-3.0") && !met("MIT AND GPL-3.0") && !met("(MIT OR ISC) AND GPL-3.0"));
    assert!(!met("Apache-2.0") && !met("") && !met("(MIT"));
}
