//! Inner products of 8-bit codes and of single bits, on the widest unit that this processor has.
//!
//! The hot loop of every search and every build ends here. A row's code is offset by 128 (`u8`), a
//! query's is signed (`i8`): that is what VNNI multiplies, and the offset costs one subtraction a
//! row. Sums are exact integers, so every unit gives the same result, bit for bit. Knows no scores.
//!
//! A row of signs is multiplied by a query of four bits a number: one count of common bits for each
//! of the query's bits. Source: Gao and Long, "`RaBitQ`", SIGMOD 2024, section 3.3.
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

/// Words in the longest row of signs: one cache line.
pub(super) const SIGN_WORDS: usize = 8;

/// A query of four bits a number, one plane a bit: a row's product with it is made of counted bits.
/// The planes weigh 1, 2, 4 and -8.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Planes(pub(super) [[u64; SIGN_WORDS]; 4]);

/// An instruction set to compute with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// VNNI, and counts the bits of a line at once.
    #[cfg(target_arch = "x86_64")]
    Counting,
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
        let mut units = Vec::with_capacity(4);
        #[cfg(target_arch = "x86_64")]
        {
            let counts = is_x86_feature_detected!("popcnt");
            let wide = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
            if counts && wide && is_x86_feature_detected!("avx512vnni") {
                if is_x86_feature_detected!("avx512vpopcntdq") {
                    units.push(Self::Counting);
                }
                units.push(Self::Vnni);
            }
            if counts && is_x86_feature_detected!("avx2") {
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
            Self::Counting | Self::Vnni => unsafe { x86::vnni(codes, query, rows, sums) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { x86::avx2(codes, query, rows, sums) },
            Self::Scalar => scalar(codes, query, rows, sums),
        }
    }

    /// Calls `each` with every one of `rows` and the product of `query` with its signs.
    ///
    /// `signs` holds row after row, `words` words each, at most [`SIGN_WORDS`].
    #[cfg_attr(
        target_arch = "x86_64",
        expect(unsafe_code, reason = "calls code that was compiled for a detected feature")
    )]
    pub(super) fn sign_products(
        self,
        (signs, words): (&[u64], usize),
        query: &Planes,
        rows: &[u32],
        each: impl FnMut(u32, i32),
    ) {
        match self {
            // SAFETY: the variant is made in `here` alone, after the features were detected.
            #[cfg(target_arch = "x86_64")]
            Self::Counting => unsafe { x86::counting((signs, words), query, rows, each) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::Vnni | Self::Avx2 => unsafe { x86::popcnt((signs, words), query, rows, each) },
            Self::Scalar => counted((signs, words), query, rows, each),
        }
    }
}

/// Returns the signs of row `row`, `words` words a row.
fn signs_at(signs: &[u64], row: u32, words: usize) -> &[u64] {
    &signs[row as usize * words..][..words]
}

#[inline(always)]
fn counted(
    (signs, words): (&[u64], usize),
    query: &Planes,
    rows: &[u32],
    mut each: impl FnMut(u32, i32),
) {
    for &row in rows {
        let row_signs = signs_at(signs, row, words);
        let common = |plane: &[u64; SIGN_WORDS]| {
            let both = row_signs.iter().zip(plane).map(|(a, b)| (a & b).count_ones());
            both.sum::<u32>().cast_signed()
        };
        let [ones, twos, fours, minus_eights] = query.0.each_ref().map(common);
        each(row, ones + 2 * twos + 4 * fours - 8 * minus_eights);
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
        __m128i, __m256i, __m512i, _MM_HINT_T0, _mm_add_epi32, _mm_loadu_si128, _mm_prefetch,
        _mm_storeu_si128, _mm256_add_epi32, _mm256_castsi256_si128, _mm256_cvtepi8_epi16,
        _mm256_cvtepu8_epi16, _mm256_extracti128_si256, _mm256_madd_epi16, _mm256_setzero_si256,
        _mm256_storeu_si256, _mm512_add_epi32, _mm512_add_epi64, _mm512_and_si512,
        _mm512_castsi512_si256, _mm512_dpbusd_epi32, _mm512_extracti64x4_epi64, _mm512_load_si512,
        _mm512_maskz_loadu_epi64, _mm512_popcnt_epi64, _mm512_reduce_add_epi64,
        _mm512_setzero_si512, _mm512_slli_epi64, _mm512_sub_epi64, _mm512_unpackhi_epi32,
        _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
    };

    use super::{Block, Coded, Planes, at, counted, signs_at};

    /// Rows of signs that are on their way while one is being computed.
    const SIGNS_AHEAD: usize = 24;

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
        let (fours, rest) = rows.as_chunks::<4>();
        for (n, four) in fours.iter().enumerate() {
            for &soon in rows.iter().skip(4 * n + ahead).take(4) {
                prefetch_row(codes, soon, stride);
            }
            let products = vnni_rows(four.map(|row| at(codes, row, stride)), &query.blocks);
            sums.extend(products.map(|sum| sum - query.bias));
        }
        for &row in rest {
            let [sum, ..] = vnni_rows([at(codes, row, stride); 1], &query.blocks);
            sums.push(sum - query.bias);
        }
    }

    /// Rows together hide the latency of the multiplication, and of the additions at the end.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    fn vnni_rows<const N: usize>(rows: [&[Block]; N], query: &[Block]) -> [i32; 4] {
        let mut sums = [_mm512_setzero_si512(); 4];
        for (n, query) in query.iter().enumerate() {
            let query = line(query);
            for (sum, row) in sums.iter_mut().zip(&rows) {
                *sum = _mm512_dpbusd_epi32(*sum, line(&row[n]), query);
            }
        }
        added_up(sums)
    }

    /// Adds up the sixteen numbers of each of four.
    #[target_feature(enable = "avx512f")]
    fn added_up([a, b, c, d]: [__m512i; 4]) -> [i32; 4] {
        let two = |x, y| _mm512_add_epi32(_mm512_unpacklo_epi32(x, y), _mm512_unpackhi_epi32(x, y));
        let (ab, cd) = (two(a, b), two(c, d));
        let all = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
        let halves =
            _mm256_add_epi32(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64::<1>(all));
        let sums =
            _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256::<1>(halves));
        let mut four = [0; 4];
        // SAFETY: the array has room for the 16 bytes, and this store needs no alignment.
        unsafe { _mm_storeu_si128(four.as_mut_ptr().cast(), sums) };
        four
    }

    #[target_feature(enable = "avx512f")]
    fn line(block: &Block) -> __m512i {
        // SAFETY: a block is 64 bytes long and aligned to 64.
        unsafe { _mm512_load_si512(std::ptr::from_ref(block).cast()) }
    }

    #[target_feature(enable = "avx512f,avx512vpopcntdq")]
    pub(super) fn counting(
        (signs, words): (&[u64], usize),
        query: &Planes,
        rows: &[u32],
        mut each: impl FnMut(u32, i32),
    ) {
        let mask = u8::MAX >> (8 - words);
        let planes = query.0.each_ref().map(|plane| masked(plane, mask));
        for (n, &row) in rows.iter().enumerate() {
            if let Some(&soon) = rows.get(n + SIGNS_AHEAD) {
                prefetch(std::ptr::from_ref(&signs_at(signs, soon, words)[0]).cast());
            }
            let row_signs = masked(signs_at(signs, row, words), mask);
            let [ones, twos, fours, eights] =
                planes.map(|plane| _mm512_popcnt_epi64(_mm512_and_si512(row_signs, plane)));
            let low = _mm512_add_epi64(ones, _mm512_slli_epi64::<1>(twos));
            let high = _mm512_sub_epi64(fours, _mm512_slli_epi64::<1>(eights));
            let sum = _mm512_add_epi64(low, _mm512_slli_epi64::<2>(high));
            each(row, _mm512_reduce_add_epi64(sum) as i32);
        }
    }

    /// Loads as many words as the mask has bits; zeros for the rest.
    #[target_feature(enable = "avx512f")]
    fn masked(words: &[u64], mask: u8) -> __m512i {
        debug_assert!(mask.count_ones() as usize <= words.len());
        // SAFETY: the words that the mask selects are there, and nothing else is read.
        unsafe { _mm512_maskz_loadu_epi64(mask, words.as_ptr().cast()) }
    }

    #[target_feature(enable = "popcnt")]
    pub(super) fn popcnt(
        signs: (&[u64], usize),
        query: &Planes,
        rows: &[u32],
        each: impl FnMut(u32, i32),
    ) {
        counted(signs, query, rows, each);
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

    use super::{Block, Coded, LINE, Planes, SIGN_WORDS, Unit};

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

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_unit_counts_the_same_bits(
            words in 1_usize..=SIGN_WORDS,
            planes in any::<[[u64; SIGN_WORDS]; 4]>(),
            signs in prop::collection::vec(any::<u64>(), 5 * SIGN_WORDS),
            rows in prop::collection::vec(0_u32..5, 0..40),
        ) {
            let signs = (&signs[..5 * words], words);
            let products = |unit: Unit| {
                let mut all = Vec::new();
                unit.sign_products(signs, &Planes(planes), &rows, |row, sum| all.push((row, sum)));
                all
            };
            let wanted = products(Unit::Scalar);
            for unit in Unit::here() {
                prop_assert_eq!(&products(unit), &wanted, "{:?}", unit);
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
