//! Columns of plain numbers, in memory or in a file that is mapped into it.
//!
//! A mapped column costs no time to open and no memory of its own: the system reads the pages that
//! are looked at and may drop them again. Checks no contents: whoever maps a file has compared its
//! checksums, or does so before the first use of a part.
//!
//! Invariant: a mapped file is written once, whole, before it is mapped, and only ever unlinked
//! afterwards. It lies in a folder of the index's own; whoever truncates it there kills the process.

#![expect(unsafe_code, reason = "maps files and looks at plain numbers as bytes and back")]

use std::{fs::File, io, marker::PhantomData, ops::Deref, sync::Arc};

use memmap2::{Advice, Mmap, MmapMut};

use super::simd::{Block, LINE};

/// Numbers that any bytes of their size are one of, without padding.
///
/// # Safety
/// That must be so.
pub(super) unsafe trait Plain: Copy {}

/// Looks at numbers as their bytes.
pub(super) fn bytes_of<T: Plain>(values: &[T]) -> &[u8] {
    // SAFETY: plain numbers have no padding, and bytes need no alignment.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
}

/// Looks at bytes as numbers; `None` where length or alignment do not fit.
pub(super) fn numbers_of<T: Plain>(bytes: &[u8]) -> Option<&[T]> {
    // SAFETY: any bytes are plain numbers.
    let (before, values, after) = unsafe { bytes.align_to::<T>() };
    (before.is_empty() && after.is_empty()).then_some(values)
}

/// A file as memory.
#[derive(Debug)]
pub(super) struct Mapping(Mmap);

impl Mapping {
    /// Maps a file that no longer changes.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        // SAFETY: by this file's invariant nobody changes or truncates it.
        let map = unsafe { Mmap::map(file) }?;
        Ok(Self(map))
    }

    /// Tells the system that it will be read here and there, not from front to back.
    pub(super) fn read_at_random(&self) {
        // Advice that is not taken costs a little speed and nothing else.
        let _ = self.0.advise(Advice::Random);
    }

    /// Returns its bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

fn bytes_of_mut<T: Plain>(values: &mut [T]) -> &mut [u8] {
    // SAFETY: plain numbers have no padding and are any bytes, and bytes need no alignment.
    unsafe { std::slice::from_raw_parts_mut(values.as_mut_ptr().cast(), size_of_val(values)) }
}

/// Looks at bytes as numbers that may be changed; none where length or alignment do not fit.
fn numbers_of_mut<T: Plain>(bytes: &mut [u8]) -> &mut [T] {
    // SAFETY: any bytes are plain numbers, and numbers are any bytes.
    let (before, values, after) = unsafe { bytes.align_to_mut::<T>() };
    if before.is_empty() && after.is_empty() { values } else { &mut [] }
}

/// One value a row: on the heap, in pages of its own when it is large, or in a file.
#[derive(Debug)]
pub(super) struct Column<T> {
    store: Store,
    of: PhantomData<T>,
}

#[derive(Debug)]
enum Store {
    /// Complete; changed only after it was copied.
    Filed { map: Arc<Mapping>, from: usize, bytes: usize },
    /// Goes back to the system at once when it is dropped, which large pieces of a heap do not, and
    /// in large pages where the system has them: a walk reads all over it.
    Pages { pages: MmapMut, bytes: usize },
    /// In lines of the cache, so that what is read begins on one.
    Heap { lines: Vec<Block>, bytes: usize },
}

impl<T: Plain> Column<T> {
    /// Looks at a part of a file; `None` where it does not lie inside, aligned and whole.
    pub(super) fn filed(map: &Arc<Mapping>, from: usize, bytes: usize) -> Option<Self> {
        let part = map.bytes().get(from..from.checked_add(bytes)?)?;
        numbers_of::<T>(part)?;
        let store = Store::Filed { map: Arc::clone(map), from, bytes };
        Some(Self { store, of: PhantomData })
    }

    /// Makes room for `more` values; one that is in a file is copied first.
    pub(super) fn reserve(&mut self, more: usize) {
        let (has, room) = (self.bytes(), self.room());
        let needs = has + more * size_of::<T>();
        if needs > room || matches!(self.store, Store::Filed { .. }) {
            let mut store = Store::with_room(needs);
            store.room_mut()[..has].copy_from_slice(bytes_of(self));
            *store.length_mut() = has;
            self.store = store;
        }
    }

    /// Appends values.
    pub(super) fn extend(&mut self, values: &[T]) {
        let (has, more) = (self.bytes(), bytes_of(values));
        if has + more.len() > self.room() {
            // Half as much again: what grows one by one is copied a few times only.
            self.reserve(values.len().max(self.len() / 2));
        }
        self.store.room_mut()[has..has + more.len()].copy_from_slice(more);
        *self.store.length_mut() = has + more.len();
    }

    /// Returns it to be changed; one that is in a file is copied first.
    pub(super) fn values_mut(&mut self) -> &mut [T] {
        let has = self.bytes();
        if matches!(self.store, Store::Filed { .. }) {
            self.reserve(0);
        }
        numbers_of_mut(&mut self.store.room_mut()[..has])
    }

    fn bytes(&self) -> usize {
        match &self.store {
            Store::Filed { bytes, .. } | Store::Pages { bytes, .. } | Store::Heap { bytes, .. } => {
                *bytes
            }
        }
    }

    /// Bytes that fit in without moving.
    fn room(&self) -> usize {
        match &self.store {
            Store::Filed { .. } => 0,
            Store::Pages { pages, .. } => pages.len(),
            Store::Heap { lines, .. } => size_of_val(lines.as_slice()),
        }
    }
}

impl Store {
    /// Bytes from which on a column gets pages of its own.
    const LARGE: usize = 64 * 1024;

    fn with_room(bytes: usize) -> Self {
        let pages = (bytes >= Self::LARGE).then(|| MmapMut::map_anon(bytes)).and_then(Result::ok);
        if let Some(pages) = pages {
            // Advice that is not taken costs a little speed and nothing else.
            let _ = pages.advise(Advice::HugePage);
            return Self::Pages { pages, bytes: 0 };
        }
        let lines = vec![Block([0; LINE]); bytes.div_ceil(LINE)];
        Self::Heap { lines, bytes: 0 }
    }

    /// Returns all the room there is; none in a file.
    fn room_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Filed { .. } => &mut [],
            Self::Pages { pages, .. } => pages,
            Self::Heap { lines, .. } => bytes_of_mut(lines),
        }
    }

    fn length_mut(&mut self) -> &mut usize {
        match self {
            Self::Filed { bytes, .. } | Self::Pages { bytes, .. } | Self::Heap { bytes, .. } => {
                bytes
            }
        }
    }
}

/// Makes a column of the numbers below `count`, in order.
pub(super) fn numbered(count: usize) -> Column<u32> {
    let mut column = Column::default();
    column.reserve(count);
    (0..count as u32).for_each(|row| column.extend(&[row]));
    column
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self { store: Store::Heap { lines: Vec::new(), bytes: 0 }, of: PhantomData }
    }
}

impl<T: Plain> Clone for Column<T> {
    fn clone(&self) -> Self {
        if let Store::Filed { map, from, bytes } = &self.store {
            let store = Store::Filed { map: Arc::clone(map), from: *from, bytes: *bytes };
            return Self { store, of: PhantomData };
        }
        let mut copy = Self::default();
        copy.extend(self);
        copy
    }
}

impl<T: Plain> Deref for Column<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        let (first, bytes) = match &self.store {
            Store::Filed { map, from, bytes } => (map.bytes()[*from..].as_ptr(), *bytes),
            Store::Pages { pages, bytes } => (pages.as_ptr(), *bytes),
            Store::Heap { lines, bytes } => (lines.as_ptr().cast(), *bytes),
        };
        // In every hop of a walk, so without looking at length and alignment again.
        // SAFETY: `filed` found this part inside the file and aligned; pages and lines are aligned to
        // more than any plain number and are as long as what was appended; all hold plain numbers.
        unsafe { std::slice::from_raw_parts(first.cast(), bytes / size_of::<T>()) }
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write, sync::Arc};

    use super::{Column, Mapping, bytes_of, numbers_of};

    #[test]
    fn a_column_in_a_file_reads_as_the_one_on_the_heap_and_grows_into_a_copy() {
        let values: Vec<u32> = (0..1_000).map(|n| n * 7).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[0; 64]).unwrap();
        file.write_all(bytes_of(&values)).unwrap();
        let map = Arc::new(Mapping::of(&file).unwrap());
        let mut column = Column::<u32>::filed(&map, 64, 4_000).unwrap();
        assert_eq!(*column, *values);
        column.extend(&[9]);
        assert_eq!((column.len(), column[1_000], column[999]), (1_001, 9, 6_993));
    }

    #[test]
    fn a_column_holds_what_was_appended_and_changed_however_large_it_grows() {
        let (mut column, mut plain) = (Column::<u32>::default(), Vec::new());
        for n in 0..300_000_u32 {
            column.extend(&[n, n ^ 7]);
            plain.extend([n, n ^ 7]);
        }
        column.values_mut()[5] = 99;
        plain[5] = 99;
        assert_eq!(*column, *plain);
        let mut copy = column.clone();
        copy.reserve(1_000_000);
        copy.extend(&[1]);
        assert_eq!(
            (copy.len(), &copy[..plain.len()], column.len()),
            (600_001, &plain[..], 600_000)
        );
    }

    #[test]
    fn what_lies_outside_or_askew_is_refused() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[0; 256]).unwrap();
        let map = Arc::new(Mapping::of(&file).unwrap());
        for (from, bytes) in [(2, 8), (0, 7), (252, 8), (usize::MAX, 4)] {
            assert!(Column::<u32>::filed(&map, from, bytes).is_none(), "{from}, {bytes}");
        }
        assert_eq!(numbers_of::<u32>(&[]), Some(&[][..]));
    }
}
