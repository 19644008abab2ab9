//! Saving and opening the segment index: the same answers, or an empty index and a reason.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use appliance_core::{
    AgentName, ErrorKind, Facets, HistoryId, Labels, MemoryId, MemoryTier, MessageId, SearchFilter,
    memory::{Origin, Outcome},
    ports::{IndexEntry, VectorIndex},
};
use appliance_tasks::Tasks;
use support::{facets, id, owner, run, vector};
use vector::{OpenedVectors, Options, SegmentIndex};

const DIM: usize = 24;
const FILE: &str = "vectors.index";

fn options() -> Options {
    Options { model: "test".to_owned(), fresh_rows: 100, graph_from: 60, ..Options::default() }
}

fn entry(n: u32) -> IndexEntry {
    let agent = n.is_multiple_of(2).then_some(AgentName::Qa);
    let labels = Labels {
        outcome: n.is_multiple_of(7).then_some(Outcome::Failure),
        source: n.is_multiple_of(9).then(|| format!("source {}", n % 4)),
        ..Labels::default()
    };
    let facets = Facets {
        tier: if n.is_multiple_of(4) { MemoryTier::Hot } else { MemoryTier::Warm },
        message_id: n.is_multiple_of(5).then(|| MessageId::from_bytes([n as u8; 16])),
        labels,
        ..facets(owner((n % 3) as u8), agent)
    };
    IndexEntry { id: id(n), facets, embedding: vector(n, DIM) }
}

/// Fills it: a merged segment with a graph, a fresh one, and dead rows in each.
fn fill(index: &SegmentIndex) {
    run(index.upsert((0..150).map(entry).collect())).unwrap();
    index.consolidate();
    run(index.upsert((140..200).map(entry).collect())).unwrap();
    for n in [3, 6, 144, 198] {
        assert_eq!(run(index.delete(owner((n % 3) as u8), &[id(n)])).unwrap(), 1);
    }
    let Facets { message_id, .. } = entry(5).facets;
    let other = Facets { tier: MemoryTier::Cold, message_id, ..facets(owner(1), None) };
    assert_eq!(run(index.retag(vec![(id(1), other)])).unwrap(), 1);
}

/// What an index answers to a range of questions.
fn answers(index: &SegmentIndex) -> Vec<Vec<(MemoryId, f32)>> {
    let mut answers = Vec::new();
    for n in 0_u32..24 {
        let filter = SearchFilter {
            tier: n.is_multiple_of(4).then_some(MemoryTier::Warm),
            agent: n.is_multiple_of(3).then_some(AgentName::Qa),
            except_message: n.is_multiple_of(5).then(|| MessageId::from_bytes([20; 16])),
            outcome: n.is_multiple_of(8).then_some(Outcome::Failure),
            source: n.is_multiple_of(9).then(|| "source 1".to_owned()),
            ..SearchFilter::default()
        };
        let query = vector(n * 7, DIM);
        let found = run(index.search(owner((n % 4) as u8), &query, &filter, 200));
        answers.push(found.unwrap());
    }
    answers
}

fn open(dir: &Path) -> OpenedVectors {
    SegmentIndex::open(dir, DIM, options(), Tasks::new()).unwrap()
}

/// Fills an index and saves it.
fn saved(dir: &Path, position: u64) -> SegmentIndex {
    let OpenedVectors { index, rebuilt } = open(dir);
    assert!(rebuilt.is_some_and(|why| why.contains("no vector index")), "nothing was saved yet");
    fill(&index);
    run(index.save(position)).unwrap();
    index
}

fn names(dir: &Path) -> Vec<String> {
    let files = fs::read_dir(dir).unwrap().map(|file| file.unwrap().file_name());
    let mut names: Vec<String> = files.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn an_opened_index_answers_as_the_saved_one_did_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let index = saved(dir.path(), 42);
    let copy = tempfile::tempdir().unwrap();
    for name in names(dir.path()) {
        fs::copy(dir.path().join(&name), copy.path().join(&name)).unwrap();
    }
    let opened = open(copy.path());
    assert_eq!(opened.rebuilt, None);
    let opened = opened.index;
    assert_eq!((opened.count(), opened.position()), (index.count(), 42));
    assert_eq!(answers(&opened), answers(&index));
    for index in [&index, &opened] {
        run(index.upsert((190..260).map(entry).collect())).unwrap();
        run(index.delete(owner(0), &[id(0), id(9)])).unwrap();
        run(index.retag(vec![(id(10), facets(owner(1), None))])).unwrap();
        index.consolidate();
    }
    assert_eq!(answers(&opened), answers(&index));
    run(opened.save(43)).unwrap();
    assert_eq!(opened.position(), 43);
    let again = open(copy.path()).index;
    assert_eq!((again.position(), answers(&again)), (43, answers(&index)), "the later one");
}

#[test]
fn a_label_that_nothing_living_has_is_in_no_file_and_the_others_stay() {
    let dir = tempfile::tempdir().unwrap();
    let index = saved(dir.path(), 1);
    let holds = |label: &str| {
        let bytes = fs::read(dir.path().join(FILE)).unwrap();
        bytes.windows(label.len()).any(|part| part == label.as_bytes())
    };
    assert!(holds("source 1") && holds("source 2"));
    let gone = (0..200).filter(|n| n % 9 == 0 && n % 4 == 1);
    for n in gone {
        run(index.delete(owner((n % 3) as u8), &[id(n)])).unwrap();
    }
    let before = answers(&index);
    run(index.save(2)).unwrap();
    assert!(!holds("source 1") && holds("source 2"));
    drop(index);
    let again = open(dir.path()).index;
    assert_eq!(answers(&again), before);
    run(again.save(3)).unwrap();
    drop(again);
    assert_eq!(answers(&open(dir.path()).index), before);
}

#[test]
fn what_no_saved_index_names_is_deleted_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let index = saved(dir.path(), 1);
    fs::write(dir.path().join("notes.txt"), "not the index's").unwrap();
    for round in 2..6 {
        run(index.upsert((0..150).map(entry).collect())).unwrap();
        index.consolidate();
        run(index.save(round)).unwrap();
    }
    let before = names(dir.path());
    assert!(before.contains(&"notes.txt".to_owned()));
    let segments = before.iter().filter(|name| name.starts_with("segment-")).count();
    assert_eq!(segments, 1, "the older ones are gone: {before:?}");
    fs::write(dir.path().join("segment-900.vec"), "left by a crash").unwrap();
    drop(index);
    assert_eq!(open(dir.path()).rebuilt, None);
    assert_eq!(names(dir.path()), before);
}

#[test]
fn an_index_for_another_embedder_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    drop(saved(dir.path(), 7));
    let other = Options { model: "other".to_owned(), ..options() };
    for (dim, options) in [(DIM, other), (DIM + 1, options())] {
        let opened = SegmentIndex::open(dir.path(), dim, options, Tasks::new()).unwrap();
        assert_eq!((opened.index.count(), opened.index.position()), (0, 0));
        let why = opened.rebuilt.unwrap();
        assert!(why.contains("`test` in 24 dimensions") && why.contains("anew"), "{why}");
    }
    assert_eq!(open(dir.path()).rebuilt, None, "looking at it left it as it was");
}

/// Either the index is refused, or what is wrong are exact vectors, and those give the code's score.
#[test]
fn a_changed_byte_anywhere_never_decides_an_answer() {
    let dir = tempfile::tempdir().unwrap();
    let right = answers(&saved(dir.path(), 7));
    let files = names(dir.path());
    let whole: Vec<Vec<u8>> =
        files.iter().map(|name| fs::read(dir.path().join(name)).unwrap()).collect();
    for (name, bytes) in files.iter().zip(&whole) {
        let (path, exact) = (dir.path().join(name), name.starts_with("exact-"));
        let step = if exact { 401 } else { 23 };
        for at in (0..bytes.len()).step_by(step) {
            let file = File::options().write(true).open(&path).unwrap();
            file.write_all_at(&[bytes[at] ^ 1 << (at / step % 8)], at as u64).unwrap();
            let opened = open(dir.path());
            if exact {
                assert_eq!(opened.rebuilt, None);
                near(&answers(&opened.index), &right);
                let refused = run(opened.index.save(8)).unwrap_err();
                assert_eq!(refused.kind, ErrorKind::Corrupt, "{refused}");
                assert!(!dir.path().join(FILE).exists(), "the next start builds it anew");
            } else {
                let why = opened.rebuilt.unwrap_or_default();
                let padding = opened.index.count() > 0 && answers(&opened.index) == right;
                assert!(why.contains("damaged") || padding, "{name}, byte {at}: {why}");
            }
            drop(opened.index);
            restore(dir.path(), &files, &whole);
        }
    }
    assert_eq!(open(dir.path()).rebuilt, None);
}

fn restore(dir: &Path, files: &[String], whole: &[Vec<u8>]) {
    for (name, bytes) in files.iter().zip(whole) {
        fs::write(dir.join(name), bytes).unwrap();
    }
}

/// The same memories in nearly the same order, their scores within a thousandth.
fn near(found: &[Vec<(MemoryId, f32)>], right: &[Vec<(MemoryId, f32)>]) {
    for (found, right) in found.iter().zip(right) {
        assert_eq!(found.len(), right.len());
        for (id, score) in found {
            let (_, exact) = right.iter().find(|(other, _)| other == id).unwrap();
            assert!((exact - score).abs() < 0.01, "{score} instead of {exact}");
        }
    }
}

#[test]
fn a_file_that_is_cut_short_or_missing_is_a_reason_to_build_anew() {
    let dir = tempfile::tempdir().unwrap();
    drop(saved(dir.path(), 7));
    let files = names(dir.path());
    let whole: Vec<Vec<u8>> =
        files.iter().map(|name| fs::read(dir.path().join(name)).unwrap()).collect();
    for (name, bytes) in files.iter().zip(&whole) {
        let path: PathBuf = dir.path().join(name);
        for cut in (0..bytes.len()).step_by(997) {
            fs::write(&path, &bytes[..cut]).unwrap();
            let why = open(dir.path()).rebuilt.unwrap_or_default();
            assert!(why.contains("damaged"), "{name} cut at {cut}: {why}");
            restore(dir.path(), &files, &whole);
        }
        fs::remove_file(&path).unwrap();
        let why = open(dir.path()).rebuilt.unwrap_or_default();
        let wanted = if name == FILE { "no vector index" } else { "missing" };
        assert!(why.contains(wanted), "{name}: {why}");
        restore(dir.path(), &files, &whole);
    }
    fs::write(dir.path().join(FILE), [&whole[files.len() - 1][..], b"x"].concat()).unwrap();
    assert!(open(dir.path()).rebuilt.is_some(), "something follows its end");
}

#[test]
fn a_failed_save_says_where_and_leaves_the_one_before() {
    let dir = tempfile::tempdir().unwrap();
    let index = saved(dir.path(), 1);
    fs::create_dir(dir.path().join("vectors.index.new")).unwrap();
    let failed = run(index.save(2)).unwrap_err();
    assert_eq!(failed.kind, ErrorKind::Unavailable);
    assert!(failed.to_string().contains(FILE), "{failed}");
    assert_eq!(index.position(), 1);
    assert_eq!(open(dir.path()).index.position(), 1);
}

#[test]
fn an_index_in_memory_has_nothing_to_save() {
    let index = SegmentIndex::new(DIM, options(), Tasks::new());
    fill(&index);
    run(index.save(9)).unwrap();
    assert_eq!(index.position(), 0);
}

#[test]
fn an_index_of_other_records_or_ahead_of_them_is_refused_and_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let ours = Origin { history: HistoryId::from_bytes([7; 16]), latest: 42 };
    let open = |origin| {
        let options = Options { origin: Some(origin), ..options() };
        SegmentIndex::open(dir.path(), DIM, options, Tasks::new()).unwrap()
    };
    let index = open(ours).index;
    fill(&index);
    run(index.save(42)).unwrap();
    drop(index);
    assert_eq!(open(ours).rebuilt, None);
    let other = Origin { history: HistoryId::from_bytes([8; 16]), ..ours };
    for (origin, reason) in [(other, "another history"), (Origin { latest: 41, ..ours }, "ahead")] {
        let opened = open(origin);
        assert_eq!((opened.index.count(), opened.index.position()), (0, 0));
        assert!(opened.rebuilt.is_some_and(|why| why.contains(reason)), "{reason}");
    }
    assert_eq!(open(ours).rebuilt, None, "looking at it left it as it was");
    fs::write(dir.path().join(FILE), b"ai-infra vec 004 and so on").unwrap();
    assert!(open(ours).rebuilt.is_some_and(|why| why.contains("another version")));
}

#[test]
fn what_was_read_ahead_is_taken_for_its_own_records_alone() {
    let dir = tempfile::tempdir().unwrap();
    let ours = Origin { history: HistoryId::from_bytes([7; 16]), latest: 42 };
    let other = HistoryId::from_bytes([8; 16]);
    let ahead = |history| SegmentIndex::ahead(dir.path(), DIM, &options(), history);
    let opened = |ahead, origin| {
        let options = Options { origin: Some(origin), ..options() };
        SegmentIndex::open_ahead(ahead, dir.path(), DIM, options, Tasks::new()).unwrap()
    };
    assert!(ahead(ours.history).is_none(), "there is none yet");
    let index = opened(None, ours).index;
    fill(&index);
    run(index.save(42)).unwrap();

    assert!(ahead(other).is_none(), "it is of other records");
    for (origin, reason) in [
        (Origin { history: other, ..ours }, "another history"),
        (Origin { latest: 41, ..ours }, "ahead of the records"),
    ] {
        let read = ahead(ours.history);
        assert!(read.is_some(), "{reason}");
        let refused = opened(read, origin);
        assert_eq!((refused.index.count(), refused.index.position()), (0, 0));
        assert!(refused.rebuilt.is_some_and(|why| why.contains(reason)), "{reason}");
    }
    let read = ahead(ours.history);
    let foreign = Options { model: "another".to_owned(), origin: Some(ours), ..options() };
    let refused = SegmentIndex::open_ahead(read, dir.path(), DIM, foreign, Tasks::new()).unwrap();
    assert!(refused.rebuilt.is_some(), "vectors of two models never meet");
    let read = ahead(ours.history);
    assert!(read.is_some());
    fs::remove_file(dir.path().join(FILE)).unwrap();
    let taken = opened(read, ours);
    assert_eq!((taken.rebuilt, taken.index.position()), (None, 42), "nothing is read twice");
    assert_eq!(answers(&taken.index), answers(&index));
}
