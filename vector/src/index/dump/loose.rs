//! Rows that no merge has taken yet, in a dump: ids, cards and vectors; codes are made again.

use std::{io::Write, sync::Arc};

use appliance_core::MemoryId;

use super::{
    Fault, cards,
    section::{Fields, Reader, Writer},
};
use crate::index::{
    bits::Bits,
    card::Cards,
    chunk::{CHUNK, Chunk},
    code::encode,
    mapped::bytes_of,
    rows::{NewRow, Rows},
    state::State,
};

/// The living rows of a segment at one moment; shares its vectors.
#[derive(Debug)]
pub(super) struct Loose {
    dim: usize,
    rows: Vec<u32>,
    ids: Vec<[u8; 16]>,
    cards: Cards,
    chunks: Vec<Arc<Chunk>>,
}

impl Loose {
    /// Takes them.
    pub(super) fn of(rows: &Rows, cards: &Cards, dead: &Bits) -> Self {
        let alive: Vec<u32> = (0..rows.len() as u32).filter(|row| !dead.has(*row)).collect();
        let mut kept = Cards::default();
        alive.iter().for_each(|row| kept.push(&cards.get(*row)));
        let ids = alive.iter().map(|row| rows.ids[*row as usize]).collect();
        Self { dim: rows.dim, rows: alive, ids, cards: kept, chunks: rows.chunks.clone() }
    }

    /// Writes them.
    pub(super) fn write(&self, out: &mut Writer<impl Write>) -> Result<(), Fault> {
        out.section([(self.rows.len() as u64).to_le_bytes()])?;
        out.section([bytes_of(&self.ids)])?;
        cards::write(out, &self.cards)?;
        let vector = |row: &u32| {
            let row = *row as usize;
            let chunk = self.chunks[row / CHUNK].values().unwrap_or_default();
            bytes_of(chunk.get(row % CHUNK * self.dim..).map_or(&[], |rest| &rest[..self.dim]))
        };
        out.section(self.rows.iter().map(vector))
    }
}

/// Reads some, and appends them to the fresh segment.
pub(super) fn read(from: &mut Reader, dim: usize, state: &mut State) -> Result<(), Fault> {
    let count = Fields::new(from.section()?).u64()? as usize;
    let ids = from.section()?.as_chunks::<16>().0.to_vec();
    let cards = cards::read(from, count, &state.names)?;
    let values = from.section()?;
    if ids.len() != count || Some(values.len()) != count.checked_mul(dim * 4) {
        return Err(Fault::Corrupt("a column has another length than its segment"));
    }
    let (mut row, mut codes) = (Vec::with_capacity(dim), Vec::new());
    for (n, bytes) in values.chunks_exact(dim * 4).enumerate() {
        row.clear();
        row.extend(bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)));
        codes.clear();
        let scale = encode(&row, &mut codes);
        let id = MemoryId::from_bytes(ids[n]);
        let row = NewRow { id, values: &row, codes: &codes, scale };
        state.append(&row, &cards.get(n as u32));
    }
    Ok(())
}
