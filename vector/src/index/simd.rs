//! Inner products of 8-bit codes, on the widest unit that this processor has.
//!
//! The hot loop of every search and every build ends here. A row's code is offset by 128 (`u8`), a
//! query's is signed (`i8`): that is what VNNI multiplies, and the offset costs one subtraction a
//! row. Sums are exact integers, so every unit gives the same result, bit for bit. Knows no scores.
//!
//! With [`mapped`](super::mapped) the only file of the crate with unsafe code: aligned loads, a
//! prefetch, and calls of functions compiled for a feature that was just detected.

/// Bytes in one line of the processor's cache; rows begin on one.
pub(super) const LINE: usize = 64;

/// One cache line of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, align(64))]
pub(super) struct Block(pub(super) [u8; LINE]);

/// A query in 8 bits, as many blocks as a row has.
#[derive(Debug, Clone, Default)]
pub(super) struct Coded {
    /// Signed codes, as their bytes; padded with zeros.
    pub(super) blocks: Vec<Block>,
    /// What the rows' offset adds to every sum: 128 times the sum of the codes.
    pub(super) bias: i32,
}

/// An instruction set to compute with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// AVX-512 with VNNI: 64 products an instruction.
    #[cfg(target_arch = "x86_64")]
    Vnni,
    /// AVX2: 16 products an instruction.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// What every processor has.
    Scalar,
}

impl Unit {
    /// Returns the fastest one that this processor has.
    pub(super) fn best() -> Self {
        Self::here().first().copied().unwrap_or(Self::Scalar)
    }

    /// Returns all that this processor has, fastest first.
    pub(super) fn here() -> Vec<Self> {
        let mut units = Vec::with_capacity(3);
        #[cfg(target_arch = "x86_64")]
        {
            let wide = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
            if wide && is_x86_feature_detected!("avx512vnni") {
                units.push(Self::Vnni);
            }
            if is_x86_feature_detected!("avx2") {
                units.push(Self::Avx2);
            }
        }
        units.push(Self::Scalar);
        units
    }

    /// Appends to `sums` the product of `query` with each of `rows`, in their order.
    ///
    /// `codes` holds row after row, `query.blocks.len()` blocks each.
    #[cfg_attr(
        target_arch = "x86_64",
        expect(unsafe_code, reason = "calls code that was compiled for a detected feature")
    )]
    pub(super) fn products(
        self,
        codes: &[Block],
        query: &Coded,
        rows: &[u32],
        sums: &mut Vec<i32>,
    ) {
        match self {
            // SAFETY: the variant is made in `here` alone, after the features were detected.
            #[cfg(target_arch = "x86_64")]
            Self::Vnni => unsafe { x86::vnni(codes, query, rows, sums) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { x86::avx2(codes, query, rows, sums) },
            Self::Scalar => scalar(codes, query, rows, sums),
        }
    }
}

/// Returns row `row` of `codes`, `stride` blocks a row.
fn at(codes: &[Block], row: u32, stride: usize) -> &[Block] {
    &codes[row as usize * stride..][..stride]
}

fn scalar(codes: &[Block], query: &Coded, rows: &[u32], sums: &mut Vec<i32>) {
    sums.extend(rows.iter().map(|&row| {
        let lines = at(codes, row, query.blocks.len()).iter().zip(&query.blocks);
        let sum: i32 = lines.map(|(c, q)| scalar_line(c, q)).sum();
        sum - query.bias
    }));
}

fn scalar_line(code: &Block, query: &Block) -> i32 {
    code.0.iter().zip(&query.0).map(|(&c, &q)| i32::from(c) * i32::from(q.cast_signed())).sum()
}

/// Asks for the first line of what will soon be read.
pub(super) fn prefetch<T>(soon: &T) {
    #[cfg(target_arch = "x86_64")]
    x86::prefetch(std::ptr::from_ref(soon).cast());
    #[cfg(not(target_arch = "x86_64"))]
    let _ = soon;
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "vector loads take pointers")]
mod x86 {
    use std::arch::x86_64::{
        __m128i, __m256i, __m512i, _MM_HINT_T0, _mm_loadu_si128, _mm_prefetch, _mm256_add_epi32,
        _mm256_cvtepi8_epi16, _mm256_cvtepu8_epi16, _mm256_madd_epi16, _mm256_setzero_si256,
        _mm256_storeu_si256, _mm512_add_epi32, _mm512_dpbusd_epi32, _mm512_load_si512,
        _mm512_reduce_add_epi32, _mm512_setzero_si512,
    };

    use super::{Block, Coded, at};

    /// Lines that are on their way while a row is being computed: what one core can wait for.
    const LINES_AHEAD: usize = 32;

    fn rows_ahead(stride: usize) -> usize {
        (LINES_AHEAD / stride.max(1)).clamp(2, 16)
    }

    pub(super) fn prefetch(at: *const i8) {
        // SAFETY: a prefetch reads nothing and never faults, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at) };
    }

    fn prefetch_row(codes: &[Block], row: u32, stride: usize) {
        for block in at(codes, row, stride) {
            prefetch(std::ptr::from_ref(block).cast());
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) fn vnni(codes: &[Block], query: &Coded, rows: &[u32], sums: &mut Vec<i32>) {
        let stride = query.blocks.len();
        let ahead = rows_ahead(stride);
        for &row in rows.iter().take(ahead) {
            prefetch_row(codes, row, stride);
        }
        for (n, &row) in rows.iter().enumerate() {
            if let Some(&soon) = rows.get(n + ahead) {
                prefetch_row(codes, soon, stride);
            }
            sums.push(vnni_row(at(codes, row, stride), &query.blocks) - query.bias);
        }
    }

    /// Four sums at once hide the latency of the multiplication.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    fn vnni_row(row: &[Block], query: &[Block]) -> i32 {
        let (fours, rest) = row.as_chunks::<4>();
        let (query_fours, query_rest) = query.as_chunks::<4>();
        let mut sums = [_mm512_setzero_si512(); 4];
        for (codes, queries) in fours.iter().zip(query_fours) {
            for lane in 0..4 {
                sums[lane] =
                    _mm512_dpbusd_epi32(sums[lane], line(&codes[lane]), line(&queries[lane]));
            }
        }
        for (code, query) in rest.iter().zip(query_rest) {
            sums[0] = _mm512_dpbusd_epi32(sums[0], line(code), line(query));
        }
        let halves = [_mm512_add_epi32(sums[0], sums[1]), _mm512_add_epi32(sums[2], sums[3])];
        _mm512_reduce_add_epi32(_mm512_add_epi32(halves[0], halves[1]))
    }

    #[target_feature(enable = "avx512f")]
    fn line(block: &Block) -> __m512i {
        // SAFETY: a block is 64 bytes long and aligned to 64.
        unsafe { _mm512_load_si512(std::ptr::from_ref(block).cast()) }
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn avx2(codes: &[Block], query: &Coded, rows: &[u32], sums: &mut Vec<i32>) {
        let stride = query.blocks.len();
        let ahead = rows_ahead(stride);
        for (n, &row) in rows.iter().enumerate() {
            if let Some(&soon) = rows.get(n + ahead) {
                prefetch_row(codes, soon, stride);
            }
            sums.push(avx2_row(at(codes, row, stride), &query.blocks) - query.bias);
        }
    }

    /// Widened to 16 bits first: the direct product of bytes would saturate.
    #[target_feature(enable = "avx2")]
    fn avx2_row(row: &[Block], query: &[Block]) -> i32 {
        let mut sums = [_mm256_setzero_si256(); 4];
        for (code, query) in row.iter().zip(query) {
            let (codes, _) = code.0.as_chunks::<16>();
            let (queries, _) = query.0.as_chunks::<16>();
            for lane in 0..4 {
                let code = _mm256_cvtepu8_epi16(quarter(&codes[lane]));
                let query = _mm256_cvtepi8_epi16(quarter(&queries[lane]));
                sums[lane] = _mm256_add_epi32(sums[lane], _mm256_madd_epi16(code, query));
            }
        }
        let halves = [_mm256_add_epi32(sums[0], sums[1]), _mm256_add_epi32(sums[2], sums[3])];
        added(_mm256_add_epi32(halves[0], halves[1]))
    }

    #[target_feature(enable = "avx2")]
    fn quarter(bytes: &[u8; 16]) -> __m128i {
        // SAFETY: 16 bytes are there, and this load needs no alignment.
        unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
    }

    #[target_feature(enable = "avx2")]
    fn added(sums: __m256i) -> i32 {
        let mut lanes = [0_i32; 8];
        // SAFETY: the array has room for the 32 bytes, and this store needs no alignment.
        unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), sums) };
        lanes.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Block, Coded, LINE, Unit};

    fn blocks(bytes: &[u8]) -> Vec<Block> {
        bytes.as_chunks::<LINE>().0.iter().map(|line| Block(*line)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_unit_gives_the_scalar_result(
            stride in 1_usize..26,
            bytes in prop::collection::vec(any::<u8>(), 26 * LINE * 6),
            rows in prop::collection::vec(0_u32..5, 0..12),
        ) {
            let (query, codes) = bytes.split_at(stride * LINE);
            let query = Coded { blocks: blocks(query), bias: 4_321 };
            let codes = blocks(&codes[..5 * stride * LINE]);
            let mut wanted = vec![7];
            Unit::Scalar.products(&codes, &query, &rows, &mut wanted);
            for unit in Unit::here() {
                let mut sums = vec![7];
                unit.products(&codes, &query, &rows, &mut sums);
                prop_assert_eq!(&sums, &wanted, "{:?}", unit);
            }
        }
    }

    #[test]
    fn extreme_codes_do_not_saturate_on_any_unit() {
        let (codes, stride) = (vec![Block([255; LINE]); 24], 24);
        for (value, each) in [(i8::MIN, -128), (i8::MAX, 127), (-1, -1)] {
            let query = Coded { blocks: vec![Block([value.cast_unsigned(); LINE]); 24], bias: 0 };
            for unit in Unit::here() {
                let mut sums = Vec::new();
                unit.products(&codes, &query, &[0], &mut sums);
                assert_eq!(sums, [255 * each * (stride * LINE) as i32], "{unit:?}");
            }
        }
    }
}
