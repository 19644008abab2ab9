//! Which row of a fresh segment has an id: row numbers in a table, ids in their column.
//!
//! Four bytes a place, so that the dozen segments that wait for a merge leave no hole in the heap.
//! Source: linear probing, Knuth, "The Art of Computer Programming", volume 3, section 6.4.
//!
//! Invariant: at most half of the places are taken, so every search meets a free one.

use appliance_core::MemoryId;
use xxhash_rust::xxh3::xxh3_64;

/// A place without a row.
const FREE: u32 = u32::MAX;

/// The newest row of every id.
#[derive(Debug)]
pub(super) struct Table {
    places: Vec<u32>,
}

impl Table {
    /// Makes one for up to `rows` rows; grows for more.
    pub(super) fn with_room(rows: usize) -> Self {
        Self { places: vec![FREE; (rows * 2 + 1).next_power_of_two()] }
    }

    /// Puts in the last of `ids`, in the place of an older row of the same id.
    pub(super) fn insert_last(&mut self, ids: &[[u8; 16]]) {
        if ids.len() * 2 > self.places.len() {
            *self = Self::with_room(ids.len() * 2);
            (0..ids.len()).for_each(|row| self.insert(row, ids));
        } else {
            self.insert(ids.len() - 1, ids);
        }
    }

    fn insert(&mut self, row: usize, ids: &[[u8; 16]]) {
        let place = self.place(ids[row], ids);
        self.places[place] = row as u32;
    }

    /// Returns the newest row of an id.
    pub(super) fn get(&self, id: MemoryId, ids: &[[u8; 16]]) -> Option<u32> {
        Some(self.places[self.place(id.bytes(), ids)]).filter(|row| *row != FREE)
    }

    /// Returns where an id is, or where it would be put.
    fn place(&self, id: [u8; 16], ids: &[[u8; 16]]) -> usize {
        let last = self.places.len() - 1;
        let mut place = xxh3_64(&id) as usize & last;
        while self.places[place] != FREE && ids[self.places[place] as usize] != id {
            place = (place + 1) & last;
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use appliance_core::MemoryId;

    use super::Table;

    #[test]
    fn the_newest_row_of_every_id_is_found_however_full_the_table() {
        for (rows, room) in [(1_usize, 1), (2, 0), (5, 5), (64, 64), (300, 7)] {
            let (mut table, mut ids) = (Table::with_room(room), Vec::new());
            for row in 0..rows {
                ids.push([(row % 40) as u8; 16]);
                table.insert_last(&ids);
            }
            for id in 0..40.min(rows) {
                let newest = (0..rows).rev().find(|row| row % 40 == id).map(|row| row as u32);
                assert_eq!(table.get(MemoryId::from_bytes([id as u8; 16]), &ids), newest);
            }
            assert_eq!(table.get(MemoryId::from_bytes([99; 16]), &ids), None);
        }
    }
}
