//! How much goes into one text and one request. Counts bytes: the service's tokens are its own.
//!
//! OpenAI takes 8,192 tokens a text and 300,000 a request. A token is at least one byte and, in
//! English, about four. So a text is cut at 24,000 bytes, about 6,000 tokens of prose; where the
//! service finds that too long (dense code, other scripts, a model with a shorter window), it is cut
//! at 8,191 bytes, which cannot be more than 8,191 tokens, and then by halves down to 512. A cut text
//! is found by its beginning; the memory itself stays whole.

/// Where a text is cut first, in bytes.
const FIRST_CUT: usize = 24_000;

/// Where it is cut when that was too long: OpenAI's limit at one byte a token.
const SAFE_CUT: usize = 8_191;

/// Where cutting ends.
const LAST_CUT: usize = 512;

/// Most bytes a request carries: OpenAI's limit of tokens at one byte a token.
const REQUEST_BYTES: usize = 300_000;

/// Where to cut now, and whether cutting further would change anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    pub now: usize,
    pub may_go_on: bool,
}

/// The places to cut these texts at, one after the other.
pub(super) struct Cuts {
    next: usize,
    longest: usize,
}

/// Starts at the first cut.
pub(super) fn cuts(texts: &[&str]) -> Cuts {
    let longest = texts.iter().map(|text| text.len()).max().unwrap_or(0);
    Cuts { next: FIRST_CUT, longest }
}

impl Cuts {
    /// Returns the next place.
    pub(super) fn next(&mut self) -> Cut {
        let now = self.next;
        self.next = if now > SAFE_CUT { SAFE_CUT } else { (now / 2).max(LAST_CUT) };
        while self.next >= self.longest && self.next > LAST_CUT {
            self.next = if self.next > SAFE_CUT { SAFE_CUT } else { (self.next / 2).max(LAST_CUT) };
        }
        Cut { now, may_go_on: self.next < now.min(self.longest) }
    }
}

/// Returns the beginning of `text`, at most `bytes`, cut between characters.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// Splits `places` in `texts` into requests of at most `count` texts that are not too heavy.
pub(super) fn batches<'a>(places: &'a [usize], texts: &[&str], count: usize) -> Vec<&'a [usize]> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, place) in places.iter().enumerate() {
        let weight = texts[*place].len().min(FIRST_CUT);
        if at > start && (at - start >= count.max(1) || bytes + weight > REQUEST_BYTES) {
            batches.push(&places[start..at]);
            (start, bytes) = (at, 0);
        }
        bytes += weight;
    }
    if start < places.len() {
        batches.push(&places[start..]);
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_hold_neither_too_many_texts_nor_too_many_bytes() {
        let short = ["x"; 250];
        let places: Vec<usize> = (0..250).collect();
        let sizes = |texts: &[&str], count| -> Vec<usize> {
            batches(&places[..texts.len()], texts, count).iter().map(|b| b.len()).collect()
        };
        assert_eq!(sizes(&short, 100), [100, 100, 50]);
        let long = "y".repeat(60_000);
        let heavy = [long.as_str(); 30];
        assert_eq!(sizes(&heavy, 100), [12, 12, 6], "each is cut at 24,000 bytes");
        assert_eq!(sizes(&[], 100), [0usize; 0]);
        assert_eq!(sizes(&short[..3], 0), [1, 1, 1]);
    }

    #[test]
    fn cutting_goes_down_to_what_always_fits_and_ends() {
        let text = "z".repeat(50_000);
        let mut cuts = cuts(&[&text]);
        let taken: Vec<Cut> = std::iter::from_fn(|| Some(cuts.next())).take(6).collect();
        let places: Vec<usize> = taken.iter().map(|cut| cut.now).collect();
        assert_eq!(places, [24_000, 8_191, 4_095, 2_047, 1_023, 512]);
        assert!(taken[4].may_go_on && !taken[5].may_go_on);
    }

    #[test]
    fn what_is_short_already_is_not_cut_for_nothing() {
        let text = "z".repeat(1_500);
        let mut cuts = cuts(&[&text]);
        assert_eq!(cuts.next(), Cut { now: 24_000, may_go_on: true });
        assert_eq!(cuts.next(), Cut { now: 1_023, may_go_on: true });
        assert!(!super::cuts(&["short"]).next().may_go_on);
        assert_eq!(cut("h\u{e9}llo", 2), "h", "between characters");
    }
}
