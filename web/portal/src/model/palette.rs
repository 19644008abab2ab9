//! What Ctrl+K offers: which entries fit what was typed, best first. Runs none of them.

use super::letters;

/// Most entries shown.
const MOST: usize = 50;

/// Ranks `labels` against what was typed; returns their positions, best first.
///
/// Every typed word must be found; a label that begins with it stands before one with a word that
/// does, and that before one that merely has it inside. Equals keep their order.
#[must_use]
pub fn ranked(labels: &[String], typed: &str) -> Vec<usize> {
    let words: Vec<String> = typed.split_whitespace().map(letters::lower).collect();
    let mut fits: Vec<(usize, usize)> = labels
        .iter()
        .enumerate()
        .filter_map(|(at, label)| {
            let label = letters::lower(label);
            let costs: Option<Vec<usize>> = words.iter().map(|word| cost(&label, word)).collect();
            Some((costs?.iter().sum(), at))
        })
        .collect();
    fits.sort_unstable();
    fits.into_iter().take(MOST).map(|(_, at)| at).collect()
}

/// Whether a title has every word that was typed.
#[must_use]
pub fn matches(title: &str, typed: &str) -> bool {
    let title = letters::lower(title);
    typed.split_whitespace().all(|word| title.contains(&letters::lower(word)))
}

/// The position a step away from `at` in a list of `count`, round the ends.
#[must_use]
pub fn step(at: usize, by: isize, count: usize) -> usize {
    if count == 0 {
        return 0;
    }
    (at as isize + by).rem_euclid(count as isize) as usize
}

fn cost(label: &str, word: &str) -> Option<usize> {
    if label.starts_with(word) {
        return Some(0);
    }
    if label.split(|c: char| !c.is_alphanumeric()).any(|part| part.starts_with(word)) {
        return Some(1);
    }
    label.contains(word).then_some(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Vec<String> {
        ["New conversation", "Agents", "Dark theme", "The new database", "Renewal of the page"]
            .map(String::from)
            .into()
    }

    #[test]
    fn the_beginning_counts_more_than_the_middle() {
        assert_eq!(ranked(&labels(), "new"), [0, 3, 4]);
        assert_eq!(ranked(&labels(), "THE new"), [3, 4]);
        assert_eq!(ranked(&labels(), "nothing"), [0_usize; 0]);
    }

    #[test]
    fn everything_is_offered_before_anything_is_typed() {
        assert_eq!(ranked(&labels(), "  "), [0, 1, 2, 3, 4]);
        assert!(matches("The staging database", "STAG data") && !matches("Agents", "b"));
    }

    #[test]
    fn steps_go_round_the_ends() {
        assert_eq!(step(0, -1, 3), 2);
        assert_eq!(step(2, 1, 3), 0);
        assert_eq!(step(5, 1, 0), 0);
    }
}
