//! What ratings are worth; how they are read is `appliance_core::utterance`'s. Notes none.

/// What praise without a number is worth, and how sure that is, in thousandths.
pub const PRAISE: (u8, i32) = (8, 950);

/// A rating under this calls for a learning.
pub const POOR: u8 = 5;

/// Returns how good a rating is as a signal's strength: 1 is -1000, 10 is 1000.
#[must_use]
pub const fn strength(value: u8) -> i32 {
    (value as i32 * 2 - 11) * 1_000 / 9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strength_goes_evenly_from_worst_to_best() {
        assert_eq!(
            [strength(1), strength(5), strength(6), strength(10)],
            [-1_000, -111, 111, 1_000]
        );
    }
}
