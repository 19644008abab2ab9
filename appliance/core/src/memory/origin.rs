//! Where an index comes from: which history of records, and how far it goes. Reads no records.
//!
//! Positions of two histories mean nothing to each other, and a backup that was put back ends before
//! an index that was not. So whatever keeps a position keeps the history's id beside it, and both are
//! compared when it is opened.

use crate::HistoryId;

/// The records that an index is derived from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// Their history.
    pub history: HistoryId,
    /// The last position of their log.
    pub latest: u64,
}

impl Origin {
    /// Says why an index of `history`, level with `position`, cannot be gone on from; `None` if it can.
    #[must_use]
    pub fn refuses(&self, history: HistoryId, position: u64) -> Option<String> {
        let Self { history: ours, latest } = *self;
        if history != ours {
            return Some(format!("it is of another history of records ({history}, not {ours})"));
        }
        (position > latest)
            .then(|| format!("it is ahead of the records (at {position}, they end at {latest})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_history_and_a_position_beyond_the_end_are_refused_with_the_reason() {
        let [ours, other] = [1, 2].map(|n| HistoryId::from_bytes([n; 16]));
        let origin = Origin { history: ours, latest: 9 };
        assert_eq!(origin.refuses(ours, 9), None);
        assert!(origin.refuses(other, 9).is_some_and(|why| why.contains("another history")));
        assert!(origin.refuses(ours, 10).is_some_and(|why| why.contains("ahead")));
    }
}
