//! Streams whose last sequence lies behind their entries, or behind what a group was handed: an entry
//! would take another one's place, or be given to nobody. See [`crate::behind`].

use std::collections::BTreeSet;

use appliance_core::StreamName;

use super::tables::{CURSORS, Cursor, ENTRIES, Last, STREAMS, names, streams};
use crate::{
    Draft, Fault, Span, View,
    codec::{self, Place},
    entity::{key, trailing_seq},
    view::Read as _,
};

/// How the table of last sequences is named.
pub(crate) const NAME: &str = STREAMS.name;

/// Rows that are looked at until a whole one is found.
const TRIED: usize = 16;

/// Finds streams that are behind, and where they should be.
pub(crate) fn find(view: &dyn View) -> Result<Vec<(StreamName, u64)>, Fault> {
    let mut behind = Vec::new();
    for stream in known(view)? {
        let last = view.readable(view.row::<Last>(stream.as_str().as_bytes()), None)?.flatten();
        let least = least(view, &stream)?;
        if last.map_or(0, |last| last.number) < least {
            behind.push((stream, least));
        }
    }
    Ok(behind)
}

/// Raises a stream's last sequence.
pub(crate) fn raise(draft: &mut Draft<'_>, stream: &StreamName, to: u64) -> Result<(), Fault> {
    draft.replace(None, &Last { id: stream.as_str().as_bytes().to_vec(), number: to })
}

/// Returns the streams that have a last sequence, that a group reads, or that have entries.
fn known(view: &dyn View) -> Result<BTreeSet<StreamName>, Fault> {
    let mut known: BTreeSet<_> = streams(view)?.into_iter().collect();
    for (id, _) in view.rows(&CURSORS, &Span::all(), usize::MAX)? {
        known.extend(names(&id).map(|(stream, _)| stream));
    }
    let mut rest = Span::all();
    while let Some((id, _)) = view.rows(&ENTRIES, &rest, 1)?.pop() {
        known.extend(names(&id).map(|(stream, _)| stream));
        let end = id.iter().position(|byte| *byte == 0).unwrap_or(id.len());
        rest.low = key(&[&id[..end], &[1]]); // beyond all of this stream
    }
    Ok(known)
}

/// Returns the highest sequence that is known to have been given.
fn least(view: &dyn View, stream: &StreamName) -> Result<u64, Fault> {
    let prefix = key(&[stream.as_str().as_bytes(), &[0]]);
    let newest = view.rows(&ENTRIES, &Span::newest(&prefix, None), TRIED)?;
    let is_whole = |row: &&(Vec<u8>, Vec<u8>)| {
        codec::is_whole(Place { table: ENTRIES.name, key: &row.0 }, &row.1)
    };
    let mut least = newest.iter().find(is_whole).map_or(0, |(id, _)| trailing_seq(id));
    for met in view.walk::<Cursor>(Span::of(&prefix)) {
        least = least.max(met?.row.map_or(0, |cursor| cursor.number));
    }
    Ok(least)
}
