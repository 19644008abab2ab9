//! One bit a row: which rows are dead.

/// A growing set of row numbers that counts its members.
#[derive(Debug, Clone, Default)]
pub(super) struct Bits {
    words: Vec<u64>,
    count: usize,
}

impl Bits {
    /// Tells whether `row` is in the set.
    pub(super) fn has(&self, row: u32) -> bool {
        self.words.get(row as usize / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Adds `row`; tells whether it was new.
    pub(super) fn add(&mut self, row: u32) -> bool {
        let at = row as usize / 64;
        if at >= self.words.len() {
            self.words.resize(at + 1, 0);
        }
        let bit = 1 << (row % 64);
        let new = self.words[at] & bit == 0;
        self.words[at] |= bit;
        self.count += usize::from(new);
        new
    }

    /// Returns how many rows are in the set.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Returns the rows of the set, ascending.
    pub(super) fn rows(&self) -> impl Iterator<Item = u32> {
        let bits = |(n, &word): (usize, &u64)| {
            let first = n as u32 * 64;
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| first + bit)
        };
        self.words.iter().enumerate().filter(|(_, word)| **word != 0).flat_map(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn a_row_is_counted_once_and_found_again() {
        let mut bits = Bits::default();
        for row in [5, 64, 5, 1_000, 63] {
            bits.add(row);
        }
        assert_eq!(bits.count(), 4);
        assert_eq!(bits.rows().collect::<Vec<_>>(), [5, 63, 64, 1_000]);
        assert!(bits.has(1_000) && !bits.has(999) && !bits.has(70_000));
    }
}
