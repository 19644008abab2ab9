//! Lines put together to requests that the server takes; each knows which lines are in it. Sends none.

use web_dto::{MAX_BODY_BYTES, MAX_NEW_MEMORIES, NewMemories, NewMemory, WrongMemory};

use super::Bad;

/// Room in a request for what surrounds the items.
const FRAME_BYTES: usize = 1024;

/// Most bytes that the items of a request may have, each with what parts it from the next.
pub(super) const MOST_BYTES: usize = MAX_BODY_BYTES - FRAME_BYTES;

/// One request.
#[derive(Debug, Default)]
pub(super) struct Parcel {
    /// What is sent.
    pub(super) body: NewMemories,
    /// The line of each item.
    pub(super) lines: Vec<usize>,
}

impl Parcel {
    /// Takes out the items that are wrong, and says which lines they were.
    pub(super) fn take_out(&mut self, wrong: &[WrongMemory]) -> Vec<Bad> {
        let named = |wrong: &WrongMemory| {
            let why = format!("`{}`: {}", wrong.field, wrong.detail);
            self.lines.get(wrong.item).map(|line| Bad { line: *line, why })
        };
        let bad: Vec<Bad> = wrong.iter().filter_map(named).collect();
        let is_good = |line: &usize| bad.iter().all(|bad| bad.line != *line);
        let items = std::mem::take(&mut self.body.items).into_iter().zip(&self.lines);
        self.body.items = items.filter(|(_, line)| is_good(line)).map(|(item, _)| item).collect();
        self.lines.retain(is_good);
        bad
    }
}

/// Cuts what was read into requests that fit.
pub(super) fn of(items: Vec<(usize, NewMemory, usize)>) -> Vec<Parcel> {
    let mut parcels: Vec<Parcel> = Vec::new();
    let mut room = 0;
    for (line, item, bytes) in items {
        let size = bytes + 1;
        let full = parcels.last().is_none_or(|last| last.lines.len() >= MAX_NEW_MEMORIES);
        if full || size > room {
            parcels.push(Parcel::default());
            room = MOST_BYTES;
        }
        room = room.saturating_sub(size);
        if let Some(parcel) = parcels.last_mut() {
            parcel.body.items.push(item);
            parcel.lines.push(line);
        }
    }
    parcels
}

/// Returns how many lines there are in all.
pub(super) fn count(parcels: &[Parcel]) -> u64 {
    parcels.iter().map(|parcel| parcel.lines.len() as u64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many(count: usize, text: &str) -> Vec<(usize, NewMemory, usize)> {
        let item = NewMemory { text: text.to_owned(), ..NewMemory::default() };
        let bytes = serde_json::to_vec(&item).unwrap().len();
        (1..=count).map(|line| (line * 2, item.clone(), bytes)).collect()
    }

    #[test]
    fn lines_are_cut_into_requests_that_fit() {
        let sent = of(many(40, &"x".repeat(60_000)));
        assert!(sent.len() > 2);
        for parcel in &sent {
            assert!(serde_json::to_vec(&parcel.body).unwrap().len() <= MAX_BODY_BYTES);
        }
        assert_eq!(count(&sent), 40);
        let sizes: Vec<usize> = of(many(2_500, "a")).iter().map(|it| it.lines.len()).collect();
        assert_eq!(sizes, [1_000, 1_000, 500]);
        assert!(of(Vec::new()).is_empty());
    }

    #[test]
    fn what_is_wrong_is_taken_out_by_its_line() {
        let mut sent = of(many(2_500, "a"));
        let field = "created_at".to_owned();
        let wrong = WrongMemory { item: 250, field, detail: "not a time".to_owned() };
        let bad = sent[1].take_out(&[wrong]);
        assert_eq!(bad, [Bad { line: 2_502, why: "`created_at`: not a time".to_owned() }]);
        assert_eq!((sent[1].lines.len(), sent[1].body.items.len()), (999, 999));
        assert!(!sent[1].lines.contains(&2_502));
    }
}
