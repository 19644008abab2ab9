//! Floats that grow up to a length known from the start, in pages of their own.
//!
//! A fresh segment's exact vectors live for seconds and are large: given back to the allocator, they
//! would stay with the process; pages of their own go back to the system at once. Small ones, and all
//! where no pages are to be had, are on the heap.

use memmap2::MmapMut;

use super::mapped::{bytes_of, numbers_of};

/// Bytes from which on floats get pages of their own.
const LARGE: usize = 64 * 1024;

/// Floats, appended to.
#[derive(Debug)]
pub(super) enum Floats {
    Heap(Vec<f32>),
    Pages { pages: MmapMut, bytes: usize },
}

impl Floats {
    /// Makes room for `most` floats; more must not be appended.
    pub(super) fn with_room(most: usize) -> Self {
        let room = most * size_of::<f32>();
        let pages = (room >= LARGE).then(|| MmapMut::map_anon(room)).and_then(Result::ok);
        match pages {
            Some(pages) => Self::Pages { pages, bytes: 0 },
            None => Self::Heap(Vec::with_capacity(most)),
        }
    }

    /// Appends some.
    pub(super) fn extend(&mut self, values: &[f32]) {
        match self {
            Self::Heap(heap) => heap.extend_from_slice(values),
            Self::Pages { pages, bytes } => {
                let more = bytes_of(values);
                pages[*bytes..*bytes + more.len()].copy_from_slice(more);
                *bytes += more.len();
            }
        }
    }

    /// Returns all.
    pub(super) fn values(&self) -> &[f32] {
        match self {
            Self::Heap(heap) => heap,
            // Pages begin on a page, so floats in them are aligned.
            Self::Pages { pages, bytes } => numbers_of(&pages[..*bytes]).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Floats;

    #[test]
    fn floats_come_back_as_they_were_appended_however_many() {
        for most in [8, 16 * 1024, 100_000] {
            let mut floats = Floats::with_room(most);
            let all: Vec<f32> = (0..most).map(|n| n as f32).collect();
            all.chunks(8).for_each(|few| floats.extend(few));
            assert_eq!(floats.values(), all);
            assert_eq!(matches!(floats, Floats::Pages { .. }), most > 8);
        }
    }
}
