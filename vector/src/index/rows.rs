//! Rows in columns: codes for the walk, exact vectors for the rerank, keys and tags.
//!
//! Codes lie in one allocation, each row on its own cache lines. Exact vectors lie in chunks that
//! are shared between an index before and after a merge, so a merge copies no vector it keeps.
//! Rows are appended and never change; who is dead is kept elsewhere.
//!
//! Invariant: every column has one entry (or `stride` blocks, or `dim` numbers) a row.

use std::sync::Arc;

use appliance_core::{MemoryId, MessageId};

use super::{
    code,
    simd::{Block, Unit},
    tag::{Tag, Wanted},
};

/// Rows in one chunk of exact vectors.
pub(super) const CHUNK: usize = 256;

/// The message of a row that came from none; its tag says so, too.
pub(super) const NO_MESSAGE: MessageId = MessageId::from_bytes([0; 16]);

/// A row on its way in.
#[derive(Debug)]
pub(super) struct NewRow<'a> {
    pub(super) id: MemoryId,
    pub(super) tag: Tag,
    pub(super) message: MessageId,
    pub(super) values: &'a [f32],
    pub(super) codes: &'a [Block],
    pub(super) scale: f32,
}

/// The columns.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    pub(super) dim: usize,
    pub(super) ids: Vec<MemoryId>,
    pub(super) tags: Vec<Tag>,
    pub(super) messages: Vec<MessageId>,
    pub(super) scales: Vec<f32>,
    pub(super) codes: Vec<Block>,
    pub(super) vectors: Vec<Arc<Vec<f32>>>,
}

impl Rows {
    /// Makes columns without rows.
    pub(super) fn new(dim: usize) -> Self {
        Self {
            dim,
            ids: Vec::new(),
            tags: Vec::new(),
            messages: Vec::new(),
            scales: Vec::new(),
            codes: Vec::new(),
            vectors: Vec::new(),
        }
    }

    /// Makes room for `rows` more.
    pub(super) fn reserve(&mut self, rows: usize) {
        self.ids.reserve_exact(rows);
        self.tags.reserve_exact(rows);
        self.messages.reserve_exact(rows);
        self.scales.reserve_exact(rows);
        self.codes.reserve_exact(rows * self.stride());
    }

    /// Returns how many rows there are.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Returns the blocks in a row of codes.
    pub(super) fn stride(&self) -> usize {
        code::stride(self.dim)
    }

    /// Appends a row and returns its number.
    pub(super) fn push(&mut self, row: &NewRow<'_>) -> u32 {
        let number = self.ids.len();
        self.ids.push(row.id);
        self.tags.push(row.tag);
        self.messages.push(row.message);
        self.scales.push(row.scale);
        self.codes.extend_from_slice(row.codes);
        if number.is_multiple_of(CHUNK) {
            self.vectors.push(Arc::new(Vec::with_capacity(CHUNK * self.dim)));
        }
        if let Some(chunk) = self.vectors.last_mut() {
            Arc::make_mut(chunk).extend_from_slice(row.values);
        }
        number as u32
    }

    /// Appends row `row` of `other` and returns its number here.
    pub(super) fn push_from(&mut self, other: &Self, row: u32) -> u32 {
        let n = row as usize;
        self.push(&NewRow {
            id: other.ids[n],
            tag: other.tags[n],
            message: other.messages[n],
            values: other.vector(row),
            codes: other.code(row),
            scale: other.scales[n],
        })
    }

    /// Returns the exact vector of a row.
    pub(super) fn vector(&self, row: u32) -> &[f32] {
        let row = row as usize;
        &self.vectors[row / CHUNK][row % CHUNK * self.dim..][..self.dim]
    }

    /// Returns the codes of a row.
    pub(super) fn code(&self, row: u32) -> &[Block] {
        &self.codes[row as usize * self.stride()..][..self.stride()]
    }

    /// Tells whether a filter takes a row.
    pub(super) fn wanted(&self, row: u32, wanted: &Wanted) -> bool {
        wanted.takes(self.tags[row as usize], self.messages[row as usize])
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
