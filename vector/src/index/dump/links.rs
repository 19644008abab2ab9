//! A graph in a dump. Levels are not stored: they follow from the rows' numbers.
//!
//! Every link is checked on the way in, so that a walk never leaves the graph.

use std::io::Write;

use super::{
    Fault,
    section::{Fields, Reader, Writer, column},
};
use crate::index::graph::{EMPTY, GROUND_LINKS, Graph, Ground, LINKS, build::level_of};

/// Writes a graph.
pub(super) fn write(out: &mut Writer<impl Write>, graph: &Graph) -> Result<(), Fault> {
    out.section([u64::from(graph.entry).to_le_bytes(), u64::from(graph.top).to_le_bytes()])?;
    out.section(graph.ground.iter().map(|links| bytes_of::<GROUND_LINKS, 128>(&links.0)))?;
    out.section(graph.upper.iter().map(bytes_of::<LINKS, 64>))
}

/// Reads the graph of `count` rows.
pub(super) fn read(from: &mut Reader, count: usize) -> Result<Graph, Fault> {
    let mut head = Fields::new(from.section()?);
    let (entry, top) = (head.u64()?, head.u64()?);
    let ground =
        column(from.section()?, count, |bytes| Ground(links_of::<GROUND_LINKS, 128>(&bytes)))?;
    let mut towers = Vec::with_capacity(count);
    let mut floors = 0_u32;
    for row in 0..count as u32 {
        let level = level_of(row);
        towers.push(if level == 0 { EMPTY } else { floors });
        floors += u32::from(level);
    }
    let upper = column(from.section()?, floors as usize, |bytes| links_of::<LINKS, 64>(&bytes))?;
    let entry = u32::try_from(entry).ok().filter(|entry| (*entry as usize) < count);
    let entry = entry.filter(|entry| u64::from(level_of(*entry)) == top);
    let entry = entry.ok_or(Fault::Corrupt("the graph has no entry"))?;
    let graph = Graph { ground, towers, upper, entry, top: top as u8 };
    if sound(&graph) { Ok(graph) } else { Err(Fault::Corrupt("a link leads nowhere")) }
}

/// Tells whether every link leads to a row that reaches the link's level.
fn sound(graph: &Graph) -> bool {
    let reaches = |link: &u32, level: u8| {
        *link == EMPTY || ((*link as usize) < graph.len() && level_of(*link) >= level)
    };
    let ground = graph.ground.iter().all(|links| links.0.iter().all(|link| reaches(link, 0)));
    ground
        && (0..graph.len() as u32).all(|row| {
            (1..=level_of(row))
                .all(|level| graph.links(row, level).iter().all(|l| reaches(l, level)))
        })
}

fn bytes_of<const N: usize, const BYTES: usize>(links: &[u32; N]) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    for (place, link) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(links) {
        *place = link.to_le_bytes();
    }
    bytes
}

fn links_of<const N: usize, const BYTES: usize>(bytes: &[u8; BYTES]) -> [u32; N] {
    let mut links = [EMPTY; N];
    for (link, bytes) in links.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *link = u32::from_le_bytes(*bytes);
    }
    links
}
