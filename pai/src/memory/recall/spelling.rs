//! What spelling alone tells of a word that nobody knows: which words it may be, and whether a text has
//! enough of it. Knows no memory and no meaning.

/// Fewest letters of a word that another may begin with.
const BEGINNING: usize = 3;

/// Fewest letters of a whole word that a longer one may begin with, and of one that may be mistyped.
const WHOLE: usize = 5;

/// Letters from which on two slips may be in a word.
const LONG: usize = 8;

/// Fewest letters in a row that tell something: of letters, of ideographs.
const IN_A_ROW: [usize; 2] = [4, 2];

/// Returns how far a known word is from what was asked for, if that may be meant: its beginning, a slip
/// of the fingers, a part of a number, or a piece of a text that has no spaces. The nearest is 0.
pub(super) fn distance(asked: &str, known: &str) -> Option<usize> {
    let (letters, others) = (asked.chars().count(), known.chars().count());
    let more = others.abs_diff(letters);
    if is_numbered(asked) || is_dense(asked) {
        let enough = letters >= if is_dense(asked) { IN_A_ROW[1] } else { IN_A_ROW[0] };
        return (enough && known.contains(asked)).then_some(more);
    }
    if is_numbered(known) {
        return None;
    }
    let begins = letters >= BEGINNING && known.starts_with(asked)
        || others >= WHOLE && others * 5 >= letters * 2 && asked.starts_with(known);
    if begins {
        return Some(more);
    }
    let most = if letters >= LONG { 2 } else { 1 };
    let alike = letters >= WHOLE && more <= most && asked.chars().next() == known.chars().next();
    if !alike {
        return None;
    }
    Some(slips(asked, known)).filter(|slips| *slips <= most)
}

/// Tells whether a text, lower case, has as much of a word as no chance brings: a word that begins like it,
/// a part of a number, some ideographs in a row.
pub(super) fn has_of(text: &str, word: &str) -> bool {
    let letters: Vec<char> = word.chars().collect();
    if is_dense(word) || is_numbered(word) && letters.len() >= IN_A_ROW[0] {
        return has_row(text, &letters, is_dense(word));
    }
    let enough = IN_A_ROW[0].max(letters.len() * 3 / 4).min(letters.len());
    let beginning: String = letters[..enough].iter().collect();
    text.split(|c: char| !c.is_alphanumeric()).any(|other| match letters.len() > enough {
        true => other.starts_with(&beginning),
        false => other == word,
    })
}

/// Tells whether a text has some letters of a number or of ideographs in a row, digits among the former.
fn has_row(text: &str, letters: &[char], is_dense: bool) -> bool {
    let row = match is_dense {
        true => IN_A_ROW[1],
        false => IN_A_ROW[0].max(letters.len() * 2 / 5),
    };
    letters.windows(row.min(letters.len()).max(1)).any(|row| {
        let tells = is_dense || row.iter().any(char::is_ascii_digit);
        tells && text.contains(&row.iter().collect::<String>())
    })
}

fn is_numbered(word: &str) -> bool {
    word.contains(|c: char| c.is_ascii_digit())
}

/// Tells whether a word is written without spaces: ideographs, kana, and what stands with them.
fn is_dense(word: &str) -> bool {
    word.contains(|c: char| matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}'))
}

/// Counts letters that are missing, too many, other ones, or in the wrong order.
fn slips(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let width = other.len() + 1;
    let mut costs = vec![0; (one.len() + 1) * width];
    for i in 0..=one.len() {
        for j in 0..=other.len() {
            costs[i * width + j] = cost(&one, &other, (i, j), |i, j| costs[i * width + j]);
        }
    }
    costs[costs.len() - 1]
}

/// Returns the cost of the first `i` letters against the first `j`, by those of less.
fn cost(
    one: &[char],
    other: &[char],
    (i, j): (usize, usize),
    less: impl Fn(usize, usize) -> usize,
) -> usize {
    if i == 0 || j == 0 {
        return i + j;
    }
    let is_other = usize::from(one[i - 1] != other[j - 1]);
    let least = (less(i - 1, j) + 1).min(less(i, j - 1) + 1).min(less(i - 1, j - 1) + is_other);
    let swapped = i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1];
    if swapped { least.min(less(i - 2, j - 2) + 1) } else { least }
}

#[cfg(test)]
mod tests {
    use super::{distance, has_of};

    #[test]
    fn a_word_may_be_another_by_its_beginning_a_slip_or_a_part_of_a_number() {
        for (asked, known) in [
            ("certif", "certificate"),
            ("osrpey", "osprey"),
            ("databse", "database"),
            ("postmrak", "postmark"),
            ("datenbankverbindung", "datenbank"),
            ("3f2a", "3f2a9c1b"),
            ("a9c1", "3f2a9c1b"),
            ("\u{6570}\u{636e}\u{5e93}", "\u{6211}\u{7684}\u{6570}\u{636e}\u{5e93}"),
            ("\u{43f}\u{440}\u{438}\u{432}\u{435}", "\u{43f}\u{440}\u{438}\u{432}\u{435}\u{442}"),
        ] {
            assert!(distance(asked, known).is_some(), "{asked} {known}");
        }
        for (asked, known) in [
            ("zzzqqqxxx", "zebra"),
            ("asdfgh", "asleep"),
            ("4711", "4712"),
            ("3f2b", "3f2a9c1b"),
            ("fooz", "food"),
            ("te", "tea"),
            ("ipsum", "opium"),
        ] {
            assert_eq!(distance(asked, known), None, "{asked} {known}");
        }
        assert!(distance("osprey", "ospreys") < distance("osprey", "ospreylike"));
    }

    #[test]
    fn a_text_has_a_word_by_as_much_of_it_as_no_chance_brings() {
        let text =
            "the insect colour deadline is 3f2a9c1b-4d5e, \u{732b}\u{304c}\u{597d}\u{304d}, im tee";
        for word in ["insects", "tee", "3f2a9c", "\u{732b}", "\u{732b}\u{304c}\u{5927}"] {
            assert!(has_of(text, word), "{word}");
        }
        let nowhere =
            ["olour", "te", "qwertz", "9f8e7d", "0xdeadbeef", "\u{72ac}", "\u{597d}\u{732b}"];
        for word in nowhere {
            assert!(!has_of(text, word), "{word}");
        }
    }
}
