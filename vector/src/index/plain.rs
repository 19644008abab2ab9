//! Which of the index's numbers may lie in mapped columns: those without padding. Maps none.

#![expect(unsafe_code, reason = "says of each kind that any bytes of its size are one")]

use super::{
    card::{Tag, Times, Whose},
    graph::{Ground, LINKS},
    mapped::Plain,
    simd::{Block, LINE},
};

// SAFETY: numbers and arrays of them; `Block` and `Ground` are as long as they are aligned, or twice.
unsafe impl Plain for u32 {}
// SAFETY: as above.
unsafe impl Plain for u64 {}
// SAFETY: as above.
unsafe impl Plain for f32 {}
// SAFETY: as above.
unsafe impl Plain for [u8; 16] {}
// SAFETY: as above.
unsafe impl Plain for [u32; LINKS] {}
// SAFETY: numbers in the order written, without gaps between them; any bits of a kind are one.
unsafe impl Plain for Tag {}
// SAFETY: numbers of one size.
unsafe impl Plain for Times {}
// SAFETY: as above.
unsafe impl Plain for Whose {}
// SAFETY: as above.
unsafe impl Plain for Block {}
// SAFETY: as above.
unsafe impl Plain for Ground {}

const _: () = assert!(size_of::<Block>() == 64 && size_of::<Ground>() == 128, "no padding");
const _: () =
    assert!(size_of::<Tag>() == 4 * 3 + 2 + 1 + 1 && size_of::<Times>() == 24, "no padding");
const _: () = assert!(size_of::<Whose>() == 8, "no padding");
const _: () = assert!(cfg!(target_endian = "little"), "files hold numbers low byte first");
const _: () = assert!(align_of::<Ground>() <= LINE && align_of::<u64>() <= LINE, "lines align all");
