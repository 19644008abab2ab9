//! Where a walk goes on beyond a page that cannot be read: the nearest place ahead from which a row
//! can be. Found by asking for single rows, first further and further ahead and then between, because
//! nobody can tell what the page held. A few rows between two such pages may be passed over, as if they
//! were on them. Knows no page and no table.

use crate::{
    Fault,
    stored::{Span, Way},
};

/// Bytes of a place that are told apart; a longer one as it is.
const WIDTH: usize = 32;

/// Returns what is left of `span`, at whose beginning nothing can be read; `None` where nothing is met
/// any more.
///
/// # Errors
/// As `is_readable`.
pub(crate) fn beyond(
    span: &Span,
    is_readable: impl Fn(&Span) -> Result<bool, Fault>,
) -> Result<Option<Span>, Fault> {
    let near = edge(span);
    let ahead_of = |at: &[u8], bit| {
        let ahead = step(at, bit, span.way).map(|ahead| from(span, ahead));
        ahead.filter(|ahead| !ahead.is_empty())
    };
    let (mut lost, mut reach) = (near.clone(), near.len() * 8);
    for bit in 0..reach {
        match ahead_of(&near, bit) {
            Some(ahead) if !is_readable(&ahead)? => lost = edge(&ahead),
            _ => {
                reach = bit;
                break;
            }
        }
    }
    // What is lost ends within half of that distance beyond the last place that is.
    for bit in (0..reach.saturating_sub(1)).rev() {
        match ahead_of(&lost, bit) {
            Some(ahead) if !is_readable(&ahead)? => lost = edge(&ahead),
            _ => {}
        }
    }
    Ok(ahead_of(&lost, 0))
}

/// Returns where the way begins.
fn edge(span: &Span) -> Vec<u8> {
    let (mut edge, fill) = match (span.way, &span.high) {
        (Way::Up, _) => (span.low.clone(), 0),
        (Way::Down, Some(high)) => (high.clone(), 0),
        (Way::Down, None) => (Vec::new(), u8::MAX),
    };
    edge.resize(edge.len().max(WIDTH), fill);
    edge
}

fn from(span: &Span, edge: Vec<u8>) -> Span {
    match span.way {
        Way::Up => Span { low: edge, ..span.clone() },
        Way::Down => Span { high: Some(edge), ..span.clone() },
    }
}

/// Goes so far as this bit, counted from the last, is worth; `None` beyond all places.
fn step(at: &[u8], bit: usize, way: Way) -> Option<Vec<u8>> {
    let mut to = at.to_vec();
    let mut carried = 1_u8 << (bit % 8);
    for byte in to.iter_mut().rev().skip(bit / 8) {
        let (next, goes_over) = match way {
            Way::Up => byte.overflowing_add(carried),
            Way::Down => byte.overflowing_sub(carried),
        };
        *byte = next;
        if !goes_over {
            return Some(to);
        }
        carried = 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;

    /// Finds the next readable row of 1 to 300 when these are lost.
    fn next(lost: &[Range<u64>], span: &Span) -> Option<u64> {
        let first = |span: &Span| {
            let goes_on = |n: &u64| span.goes_on(None, &key(*n));
            match span.way {
                Way::Up => (1..=300).find(goes_on),
                Way::Down => (1..=300).rev().find(goes_on),
            }
        };
        let is_lost = |n: u64| lost.iter().any(|lost| lost.contains(&n));
        let is_readable = |span: &Span| Ok(!first(span).is_some_and(is_lost));
        beyond(span, is_readable).unwrap().and_then(|rest| first(&rest))
    }

    fn key(n: u64) -> Vec<u8> {
        [b"whose".as_slice(), &n.to_be_bytes()].concat()
    }

    #[test]
    fn the_first_row_beyond_what_is_lost_is_found_either_way() {
        let (up, down) = (Span::of(b"whose"), Span::newest(b"whose", None));
        for lost in [1..2, 1..64, 1..65, 1..200] {
            assert_eq!(next(std::slice::from_ref(&lost), &up), Some(lost.end));
        }
        for lost in [300..301, 270..301, 2..301] {
            assert_eq!(next(std::slice::from_ref(&lost), &down), Some(lost.start - 1));
        }
        let within = Span::after(b"whose", 99);
        assert_eq!(next(&[100..140, 190..301], &within), Some(140), "what lies between two is met");
        assert_eq!(next(&[1..301, 301..302], &up), None);
        assert_eq!(next(&[0..1, 1..301], &down), None);
        let (near_the_end, from) = (20..250, Span::newest(b"whose", Some(250)));
        assert_eq!(next(std::slice::from_ref(&near_the_end), &from), Some(19));
        assert_eq!(next(&[200..301, 1..100], &Span::newest(b"whose", Some(250))), Some(199));
    }
}
