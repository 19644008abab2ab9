//! One segment in a dump: its columns, its dead, and its graph if it has one.

use std::{collections::HashMap, io::Write, sync::Arc};

use appliance_core::{MemoryId, MessageId};

use super::{
    Fault, links,
    section::{Fields, Reader, Writer, column},
};
use crate::index::{
    bits::Bits,
    code,
    rows::{CHUNK, Rows},
    segment::{Ids, Merged, Segment},
    simd::{Block, LINE},
    state::Part,
    tag::{AGENTS, TIERS, Tag},
};

/// What a segment is: sealed, merged, or merged with a graph.
const SEALED: u64 = 0;
const MERGED: u64 = 1;
const LINKED: u64 = 2;

/// Bytes of a stored tag: owner, agent, tier, whether it was said.
const TAG: usize = 7;

/// Writes one segment.
pub(super) fn write(
    out: &mut Writer<impl Write>,
    rows: &Rows,
    dead: &Bits,
    merged: Option<&Merged>,
) -> Result<(), Fault> {
    let graph = merged.and_then(|merged| merged.graph.as_ref());
    let kind = match (merged, graph) {
        (None, _) => SEALED,
        (Some(_), None) => MERGED,
        (Some(_), Some(_)) => LINKED,
    };
    out.section([kind.to_le_bytes(), (rows.len() as u64).to_le_bytes()])?;
    out.section(rows.ids.iter().map(MemoryId::bytes))?;
    out.section(rows.tags.iter().map(tag_bytes))?;
    out.section(rows.messages.iter().map(MessageId::bytes))?;
    out.section(rows.scales.iter().map(|scale| scale.to_le_bytes()))?;
    out.section(rows.codes.iter().map(|block| block.0))?;
    for chunk in &rows.vectors {
        let bytes: Vec<u8> = chunk.iter().flat_map(|value| value.to_le_bytes()).collect();
        out.section([bytes])?;
    }
    out.section(dead.rows().map(u32::to_le_bytes).collect::<Vec<_>>())?;
    graph.map_or(Ok(()), |graph| links::write(out, graph))
}

/// Reads one segment.
pub(super) fn read(from: &mut Reader, dim: usize, owners: usize) -> Result<Part, Fault> {
    let mut head = Fields::new(from.section()?);
    let (kind, count) = (head.u64()?, head.u64()? as usize);
    let mut rows = Rows::new(dim);
    rows.ids = column(from.section()?, count, MemoryId::from_bytes)?;
    let tags = column(from.section()?, count, |bytes| tag_of(bytes, owners))?;
    rows.tags = tags.into_iter().collect::<Option<_>>().ok_or(Fault::Corrupt("a bad tag"))?;
    rows.messages = column(from.section()?, count, MessageId::from_bytes)?;
    rows.scales = column(from.section()?, count, f32::from_le_bytes)?;
    rows.codes = column(from.section()?, count * code::stride(dim), Block)?;
    for first in (0..count).step_by(CHUNK) {
        let values = CHUNK.min(count - first) * dim;
        let mut chunk = column(from.section()?, values, f32::from_le_bytes)?;
        if values < CHUNK * dim {
            chunk.reserve_exact(CHUNK * dim - values);
        }
        rows.vectors.push(Arc::new(chunk));
    }
    let dead = read_dead(from, count)?;
    let segment = match kind {
        SEALED => sealed(rows, &dead),
        MERGED => Segment::merged(rows, None),
        LINKED => {
            let graph = links::read(from, count)?;
            Segment::merged(rows, Some(graph))
        }
        _ => return Err(Fault::Corrupt("a segment of no known kind")),
    };
    Ok(Part { segment: Arc::new(segment), dead })
}

fn read_dead(from: &mut Reader, count: usize) -> Result<Bits, Fault> {
    let bytes = from.section()?;
    let mut dead = Bits::default();
    for row in column(bytes, bytes.len() / 4, u32::from_le_bytes)? {
        if row as usize >= count {
            return Err(Fault::Corrupt("a row that is not there is dead"));
        }
        dead.add(row);
    }
    Ok(dead)
}

fn sealed(rows: Rows, dead: &Bits) -> Segment {
    let living = (0..).zip(&rows.ids).filter(|(row, _)| !dead.has(*row));
    let ids: HashMap<MemoryId, u32> = living.map(|(row, id)| (*id, row)).collect();
    Segment { rows, ids: Ids::Map(ids), merged: None }
}

fn tag_bytes(tag: &Tag) -> [u8; TAG] {
    let [a, b, c, d] = tag.owner.to_le_bytes();
    [a, b, c, d, tag.agent, tag.tier, u8::from(tag.said)]
}

fn tag_of([a, b, c, d, agent, tier, said]: [u8; TAG], owners: usize) -> Option<Tag> {
    let owner = u32::from_le_bytes([a, b, c, d]);
    let known = (owner as usize) < owners && usize::from(agent) < AGENTS && tier < TIERS;
    (known && said < 2).then_some(Tag { owner, agent, tier, said: said == 1 })
}

const _: () = assert!(LINE == 64, "a dump's codes are read in lines of 64");
