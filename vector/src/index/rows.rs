//! Rows in columns: codes for the walk, signs for long lists, exact vectors for the rerank, and ids.
//!
//! Codes lie in one piece, each row on its own cache lines. Exact vectors lie in chunks that are
//! shared between an index before and after a merge, so a merge copies no vector it keeps.
//! Rows are appended and never change; who is dead, and what they are filtered by, is kept elsewhere.
//!
//! Invariant: every column has one entry (or `stride` blocks, or `dim` numbers) a row.

use std::{borrow::Cow, io, sync::Arc};

use appliance_core::MemoryId;

use super::{
    chunk::{self, CHUNK, Chunk},
    code,
    folder::Folder,
    mapped::Column,
    pages::Floats,
    signs,
    simd::{Block, LINE, Planes, Unit, prefetch},
};

/// Lines of an exact vector that are asked for beforehand.
const LINES_EXPECTED: usize = 6;

/// A row on its way in.
#[derive(Debug)]
pub(super) struct NewRow<'a> {
    pub(super) id: MemoryId,
    pub(super) values: &'a [f32],
    pub(super) codes: &'a [Block],
    pub(super) scale: f32,
}

/// The columns.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    pub(super) dim: usize,
    pub(super) ids: Column<[u8; 16]>,
    pub(super) scales: Column<f32>,
    pub(super) codes: Column<Block>,
    pub(super) signs: Column<u64>,
    pub(super) chunks: Vec<Arc<Chunk>>,
}

impl Rows {
    /// Makes columns without rows.
    pub(super) fn new(dim: usize) -> Self {
        let (ids, scales, codes) = (Column::default(), Column::default(), Column::default());
        Self { dim, ids, scales, codes, signs: Column::default(), chunks: Vec::new() }
    }

    /// Makes room for `rows` more.
    pub(super) fn reserve(&mut self, rows: usize) {
        self.ids.reserve(rows);
        self.scales.reserve(rows);
        let blocks = rows * self.stride();
        self.codes.reserve(blocks);
        self.signs.reserve(rows * signs::words(self.dim));
    }

    /// Returns how many rows there are.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Returns the blocks in a row of codes.
    pub(super) fn stride(&self) -> usize {
        code::stride(self.dim)
    }

    /// Returns how many rows of signs are compared in the time of one of codes, by the lines they are in.
    pub(super) fn signs_a_code(&self) -> usize {
        1 + self.stride() / 2
    }

    /// Appends a row and returns its number.
    pub(super) fn push(&mut self, row: &NewRow<'_>) -> u32 {
        let number = self.ids.len();
        self.ids.extend(&[row.id.bytes()]);
        self.scales.extend(&[row.scale]);
        self.codes.extend(row.codes);
        signs::of_row(row.codes).for_each(|word| self.signs.extend(&[word]));
        self.push_exact(row.values);
        number as u32
    }

    fn push_exact(&mut self, values: &[f32]) {
        if let Some(last) = self.chunks.last_mut()
            && let Some(Chunk::Loose(chunk)) = Arc::get_mut(last)
            && chunk.values().len() < CHUNK * self.dim
        {
            chunk.extend(values);
            return;
        }
        let full = CHUNK * self.dim;
        let mut chunk = Floats::with_room(full);
        // One that another index shares is copied, once a merge.
        if let Some(shared) = self.chunks.pop_if(|last| last.has_room(full)) {
            chunk.extend(shared.values().unwrap_or_default());
        }
        chunk.extend(values);
        self.chunks.push(Arc::new(Chunk::Loose(chunk)));
    }

    /// Appends row `row` of `other` and returns its number here.
    pub(super) fn push_from(&mut self, other: &Self, row: u32) -> u32 {
        self.push(&NewRow {
            id: other.id(row),
            values: &other.vector(row),
            codes: other.code(row),
            scale: other.scales[row as usize],
        })
    }

    /// Moves exact vectors to a file of `folder`, but for the last few.
    ///
    /// # Errors
    /// When it cannot be written; they are then in memory as before.
    pub(super) fn move_to_file(&mut self, folder: &Arc<Folder>) -> io::Result<()> {
        chunk::move_to_file(&mut self.chunks, self.dim, folder)
    }

    /// Returns the id of a row.
    pub(super) fn id(&self, row: u32) -> MemoryId {
        MemoryId::from_bytes(self.ids[row as usize])
    }

    /// Returns the exact vector of a row, or where that is damaged, the one its code stands for,
    /// which gives the cosine within a thousandth.
    pub(super) fn vector(&self, row: u32) -> Cow<'_, [f32]> {
        let place = row as usize;
        match self.chunks[place / CHUNK].values() {
            Some(values) => Cow::Borrowed(&values[place % CHUNK * self.dim..][..self.dim]),
            None => Cow::Owned(code::decode(self.code(row), self.scales[place], self.dim)),
        }
    }

    /// Asks for the beginning of a row's exact vector; the processor guesses the rest.
    pub(super) fn expect_vector(&self, row: u32) {
        let place = row as usize;
        let values = self.chunks[place / CHUNK].values().unwrap_or_default();
        let lines = values.get(place % CHUNK * self.dim..).unwrap_or_default().chunks(LINE / 4);
        lines.take(LINES_EXPECTED).for_each(|line| prefetch(&line[0]));
    }

    /// Returns the codes of a row.
    pub(super) fn code(&self, row: u32) -> &[Block] {
        &self.codes[row as usize * self.stride()..][..self.stride()]
    }

    /// Calls `each` with every one of `picked` and the product of its signs and `query`.
    pub(super) fn sift(
        &self,
        unit: Unit,
        query: &Planes,
        picked: &[u32],
        each: impl FnMut(u32, i32),
    ) {
        unit.sign_products((&self.signs, signs::words(self.dim)), query, picked, each);
    }

    /// Calls `each` with every one of `picked` and its approximate cosine to `query`.
    pub(super) fn score(
        &self,
        unit: Unit,
        query: &code::Query,
        picked: &[u32],
        sums: &mut Vec<i32>,
        mut each: impl FnMut(u32, f32),
    ) {
        sums.clear();
        unit.products(&self.codes, &query.coded, picked, sums);
        for (&row, &sum) in picked.iter().zip(sums.iter()) {
            each(row, sum as f32 * (self.scales[row as usize] * query.scale));
        }
    }
}
