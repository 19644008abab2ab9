//! Which rows of a long list are drawn: those in sight and some around them. All rows are equally
//! high, so that nothing has to be measured.

use std::ops::Range;

/// Rows drawn above and below those in sight.
const AROUND: usize = 8;

/// The window moves by so many rows at once: few moves, each small.
const STEP: usize = 4;

/// Returns the rows to draw of a list scrolled by `top`, seen through `height`, of `count` rows.
#[must_use]
pub fn rows(top: usize, height: usize, row: usize, count: usize) -> Range<usize> {
    let first = top / row / STEP * STEP;
    let seen = height / row + 1 + STEP;
    let start = first.saturating_sub(AROUND).min(count);
    start..(first + seen + AROUND).min(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_in_sight_is_drawn_and_little_else() {
        for top in (0_usize..900_000).step_by(37) {
            let drawn = rows(top, 700, 90, 10_000);
            let (first, last) = ((top / 90).min(9_999), (top + 699) / 90);
            let last = last.min(9_999);
            assert!(drawn.start <= first && drawn.end > last, "{top}: {drawn:?}");
            assert!(drawn.len() <= 40, "{top}: {drawn:?}");
        }
    }

    #[test]
    fn a_short_list_and_odd_places_are_drawn_as_far_as_they_exist() {
        assert_eq!(rows(0, 700, 90, 3), 0..3);
        assert_eq!(rows(0, 0, 90, 0), 0..0);
        assert_eq!(rows(1_000_000, 700, 90, 5), 5..5, "scrolled past a list that became short");
    }
}
