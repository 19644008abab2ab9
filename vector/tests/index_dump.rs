//! Saving and opening the segment index: the same answers, or an error that says why not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::Path,
};

use appliance_core::{
    AgentName, Embedding, MemoryId, MemoryTier, MessageId, SearchFilter,
    ports::{IndexEntry, VectorIndex},
};
use support::{id, owner, run};
use vector::{DumpError, Options, SegmentIndex};

const DIM: usize = 24;
const FILE: &str = "vectors.index";

fn options() -> Options {
    Options { model: "test".to_owned(), fresh_rows: 30, graph_from: 60, ..Options::default() }
}

fn vector(seed: u32) -> Embedding {
    let mut state = u64::from(seed) << 32 | 0x9e37_79b9;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 40) as f32 / 8_388_608.0 - 1.0
    };
    Embedding::normalised((0..DIM).map(|_| next()).collect()).unwrap()
}

fn entry(n: u32) -> IndexEntry {
    IndexEntry {
        id: id(n),
        owner: owner((n % 3) as u8),
        tier: if n.is_multiple_of(4) { MemoryTier::Hot } else { MemoryTier::Warm },
        agent: n.is_multiple_of(2).then_some(AgentName::Qa),
        message_id: n.is_multiple_of(5).then(|| MessageId::from_bytes([n as u8; 16])),
        embedding: vector(n),
    }
}

/// A merged segment with a graph, a sealed one, a fresh one, and dead rows in each.
fn filled() -> SegmentIndex {
    let index = SegmentIndex::new(DIM, options());
    run(index.upsert((0..150).map(entry).collect())).unwrap();
    index.consolidate();
    run(index.upsert((140..200).map(entry).collect())).unwrap();
    for n in [3, 6, 144, 198] {
        assert_eq!(run(index.delete(owner((n % 3) as u8), &[id(n)])).unwrap(), 1);
    }
    index
}

/// What an index answers to a range of questions.
fn answers(index: &SegmentIndex) -> Vec<Vec<(MemoryId, f32)>> {
    let mut answers = Vec::new();
    for n in 0_u32..24 {
        let filter = SearchFilter {
            tier: n.is_multiple_of(4).then_some(MemoryTier::Warm),
            agent: n.is_multiple_of(3).then_some(AgentName::Qa),
            except_message: n.is_multiple_of(5).then(|| MessageId::from_bytes([20; 16])),
        };
        answers
            .push(run(index.search(owner((n % 4) as u8), &vector(n * 7), &filter, 200)).unwrap());
    }
    answers
}

fn open(dir: &Path) -> Result<Option<(SegmentIndex, u64)>, DumpError> {
    SegmentIndex::open(dir, DIM, options())
}

#[test]
fn an_opened_index_answers_as_the_saved_one_did_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    assert!(open(dir.path()).unwrap().is_none(), "nothing was saved yet");
    let index = filled();
    index.save(dir.path(), 42).unwrap();
    let (opened, mark) = open(dir.path()).unwrap().unwrap();
    assert_eq!((opened.len(), mark), (index.len(), 42));
    assert_eq!(answers(&opened), answers(&index));
    for index in [&index, &opened] {
        run(index.upsert((190..260).map(entry).collect())).unwrap();
        run(index.delete(owner(0), &[id(0), id(3)])).unwrap();
        index.consolidate();
    }
    assert_eq!(answers(&opened), answers(&index));
    opened.save(dir.path(), 43).unwrap();
    assert_eq!(open(dir.path()).unwrap().unwrap().1, 43, "the later one is in its place");
    let names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(names, [FILE]);
}

#[test]
fn an_index_for_another_embedder_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    filled().save(dir.path(), 0).unwrap();
    let other = Options { model: "other".to_owned(), ..options() };
    for (dim, options) in [(DIM, other), (DIM + 1, options())] {
        let refused = SegmentIndex::open(dir.path(), dim, options).unwrap_err();
        assert!(matches!(refused, DumpError::Foreign { .. }), "{refused}");
        let said = refused.to_string();
        assert!(said.contains("`test` in 24 dimensions") && said.contains("anew"), "{said}");
    }
}

#[test]
fn a_changed_or_missing_byte_anywhere_is_an_error_and_never_an_answer() {
    let dir = tempfile::tempdir().unwrap();
    filled().save(dir.path(), 7).unwrap();
    let path = dir.path().join(FILE);
    let whole = fs::read(&path).unwrap();
    let file = File::options().write(true).open(&path).unwrap();
    for at in (0..whole.len()).step_by(10) {
        file.write_all_at(&[whole[at] ^ 1 << (at / 10 % 8)], at as u64).unwrap();
        let refused = open(dir.path()).unwrap_err();
        assert!(matches!(refused, DumpError::Corrupt { .. }), "byte {at}: {refused}");
        file.write_all_at(&whole[at..=at], at as u64).unwrap();
    }
    for cut in (0..whole.len()).step_by(997) {
        fs::write(&path, &whole[..cut]).unwrap();
        assert!(matches!(open(dir.path()), Err(DumpError::Corrupt { .. })), "cut at {cut}");
    }
    fs::write(&path, [whole.as_slice(), b"x"].concat()).unwrap();
    assert!(matches!(open(dir.path()), Err(DumpError::Corrupt { .. })));
    fs::write(&path, whole).unwrap();
    assert_eq!(open(dir.path()).unwrap().unwrap().1, 7);
}

#[test]
fn a_failed_save_says_where_and_leaves_the_one_before() {
    let dir = tempfile::tempdir().unwrap();
    let index = filled();
    index.save(dir.path(), 1).unwrap();
    fs::create_dir(dir.path().join("vectors.index.new")).unwrap();
    let failed = index.save(dir.path(), 2).unwrap_err();
    assert!(matches!(failed, DumpError::Io { .. }));
    assert!(failed.to_string().contains(FILE), "{failed}");
    assert_eq!(open(dir.path()).unwrap().unwrap().1, 1);
}
