//! Pages that are damaged while nobody looks, and then written to: the batch that needs one is refused
//! and named, the others go on, and the file never gets worse by it.

use super::*;

/// Messages before the damage.
const SAID: usize = 300;

/// Redb's pages.
const PAGE: usize = 4096;

/// The first byte of an inner page.
const BRANCH: u8 = 2;

/// What came of many damaged files.
#[derive(Debug, Default)]
struct Tally {
    refused_starts: usize,
    refused_writes: usize,
    unharmed: usize,
}

/// A file with some history, and what is in it.
struct Written {
    bench: Bench,
    bytes: Vec<u8>,
    said: Vec<(MessageId, String)>,
}

impl Written {
    fn new() -> Self {
        let mut bench = Bench::new();
        let mut said = Vec::new();
        for round in 0..SAID / 10 {
            let text = |n: usize| format!("{round} {n} {}", "lorem ".repeat(120));
            let group: Vec<_> = (0..10).map(|n| (text(n), bench.say(&text(n)))).collect();
            let batches: Vec<_> = group.iter().map(|(_, (_, batch))| batch.clone()).collect();
            assert!(bench.engine.step(&batches).iter().all(Result::is_ok));
            said.extend(group.into_iter().map(|(text, (id, _))| (id, text)));
        }
        let bytes = bench.disk.bytes();
        Self { bench, bytes, said }
    }

    /// Returns the pages with something in them, but the first, by what their first byte is.
    fn pages(&self, is_wanted: impl Fn(u8) -> bool) -> Vec<usize> {
        let page = |n: &usize| &self.bytes[n * PAGE..][..PAGE];
        let is_full = |n: &usize| page(n).iter().any(|byte| *byte != 0) && is_wanted(page(n)[0]);
        (1..self.bytes.len() / PAGE).filter(is_full).collect()
    }

    /// Returns the bits that say where an inner page's last child is: what comes last goes there.
    fn last_child(&self, page: usize) -> std::ops::Range<usize> {
        let page = &self.bytes[page * PAGE..][..PAGE];
        let children = usize::from(u16::from_le_bytes([page[2], page[3]])) + 1;
        let at = 8 + 16 * children + 8 * (children - 1); // after its head and their checksums
        8 * at..8 * (at + 8)
    }

    /// Starts on a damaged file and writes to it; `change` damages it.
    fn under(&mut self, what: &str, tally: &mut Tally, change: impl FnOnce(&mut Vec<u8>)) {
        self.said.truncate(SAID);
        let mut bytes = self.bytes.clone();
        change(&mut bytes);
        if !self.starts_on(&bytes) {
            assert!(self.bench.disk.bytes() == bytes, "{what}: a refused file was changed");
            tally.refused_starts += 1;
            return;
        }
        let refused = self.write(what);
        tally.refused_writes += usize::from(refused);
        tally.unharmed += usize::from(!refused);
        // As after a kill, and as after an orderly end.
        std::mem::forget(self.bench.shared.db.write().unwrap().take());
        assert!(self.starts_on(&self.bench.disk.bytes()), "{what}: it does not open any more");
        self.read(what);
        let db = self.bench.shared.db.write().unwrap().take();
        let _ = crate::caught::caught(|| drop(db));
        assert!(self.starts_on(&self.bench.disk.bytes()), "{what}: nor after an orderly end");
        self.read(what);
        std::mem::forget(self.bench.shared.db.write().unwrap().take());
    }

    fn starts_on(&mut self, bytes: &[u8]) -> bool {
        let bench = &mut self.bench;
        bench.disk.put(bytes);
        match try_start(&bench.disk, bench.clock.clone(), &bench.free, &bench.ends) {
            Ok((shared, engine)) => {
                (bench.shared, bench.engine) = (shared, engine);
                true
            }
            Err(_refused) => false,
        }
    }

    /// Writes, and tells whether something was refused.
    fn write(&mut self, what: &str) -> bool {
        let mut refused = false;
        for round in 0..4 {
            // One that needs other pages: what it leaves for the next commit to do must not be lost.
            let other = Batch::new().write(Write::PutUser(self.bench.user()));
            let _ = self.bench.one(other);
            let text = format!("after the damage {round}");
            let (id, batch) = self.bench.say(&text);
            match self.bench.one(batch) {
                Ok(_) => self.said.push((id, text)),
                Err(error) => {
                    refused |= error.kind == ErrorKind::Corrupt;
                    assert!(
                        matches!(error.kind, ErrorKind::Corrupt | ErrorKind::Invalid),
                        "{what}: {error}"
                    );
                    if error.kind == ErrorKind::Corrupt && self.bench.health() != "damaged" {
                        let named = self.bench.shared.damage.report();
                        panic!("{what}: {error}: {}, {named:?}", self.bench.health());
                    }
                }
            }
            assert_eq!(*self.bench.ends.lock().unwrap(), Vec::<String>::new(), "{what}");
        }
        if refused {
            assert!(!self.bench.shared.damage.report().found.is_empty(), "{what}: named");
        }
        refused
    }

    /// Checks that what was acknowledged is there, or said to be unreadable.
    fn read(&mut self, what: &str) {
        for (id, text) in self.said.iter().step_by(3) {
            match self.bench.found(*id) {
                Ok(Some(found)) => assert_eq!(&found.content, text, "{what}"),
                Ok(None) => {}
                Err(error) => {
                    assert_eq!(error.kind, ErrorKind::Corrupt, "{what}: {error}");
                    assert_eq!(self.bench.shared.damage.report().code(), "damaged", "{what}");
                    self.bench.engine.look(); // a reader calls the writer where the handle is dead
                }
            }
        }
    }
}

#[test]
fn a_zeroed_page_costs_the_batches_that_need_it_and_the_file_opens_again() {
    let (mut written, mut tally) = (Written::new(), Tally::default());
    for page in written.pages(|_| true) {
        let zero = |bytes: &mut Vec<u8>| bytes[page * PAGE..][..PAGE].fill(0);
        written.under(&format!("page {page}"), &mut tally, zero);
    }
    println!("{tally:?}");
    assert!(tally.refused_starts > 0 && tally.refused_writes > 0, "{tally:?}");
}

#[test]
fn keys_that_cannot_be_swept_keep_nobody_from_writing() {
    let mut bench = Bench::new();
    for number in 0..300 {
        let key = BatchKey::of_a_day(format!("post-{number}"), [1; 32]);
        let (_, batch) = bench.say("hello");
        bench.one(batch.key(key)).unwrap();
    }
    bench.clock.advance(appliance_core::batch::KEY_LIFETIME * 2);
    let rows = bench.shared.read("test", |file| file.rows(&batch_keys::KEYS, &Span::all(), 1_000));
    let ids: Vec<Vec<u8>> = rows.unwrap().into_iter().map(|(id, _)| id).collect();
    let mut bytes = bench.disk.bytes();
    for page in bytes.chunks_mut(PAGE).skip(1) {
        if ids.iter().any(|id| page.windows(id.len()).any(|part| part == id)) {
            page.fill(0);
        }
    }
    std::mem::forget(bench.shared.db.write().unwrap().take());
    bench.disk.put(&bytes);
    bench.open_again();
    let (id, batch) = bench.say("goes on");
    bench.one(batch).unwrap();
    assert!(bench.found(id).unwrap().is_some());
    assert_eq!(bench.shared.damage.report().code(), "damaged");
    let key = BatchKey::of_a_day("post-299".to_owned(), [1; 32]);
    let (_, batch) = bench.say("what rests on them does not");
    assert_eq!(bench.one(batch.key(key)).unwrap_err().kind, ErrorKind::Corrupt);
}

/// Where a child process of this test goes on among the bits.
const FROM: &str = "WRONG_BITS_FROM";

/// Turns one bit after the other, from the `from`th on, and says on standard error what came of each.
fn turn_bits(from: usize) {
    let (mut written, mut tally) = (Written::new(), Tally::default());
    let (mut dice, mut number) = (0x9e37_79b9_7f4a_7c15_u64, 0);
    for page in written.pages(|first| first == BRANCH) {
        let of_last_child = written.last_child(page);
        let mut any = || {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            usize::try_from(dice % 2_400).unwrap()
        };
        let bits: Vec<usize> = of_last_child.step_by(7).chain((0..5).map(|_| any())).collect();
        for bit in bits {
            number += 1;
            if number <= from {
                continue;
            }
            eprintln!("turned {number}");
            let turn = |bytes: &mut Vec<u8>| bytes[page * PAGE + bit / 8] ^= 1 << (bit % 8);
            let before = tally.refused_writes;
            written.under(&format!("page {page} bit {bit}"), &mut tally, turn);
            if tally.refused_writes > before {
                eprintln!("refused");
            }
        }
    }
    println!("{tally:?}");
}

/// A bit may turn a page's child into the very page that is being written. The library panics there,
/// and once more while it cleans up, which ends the process at once, as a kill does; a start looks at
/// every page before it serves. That is rare, and the only way in which a process may end here.
#[test]
#[allow(clippy::disallowed_methods, reason = "a test that starts itself anew")]
fn a_wrong_bit_in_an_inner_page_costs_the_batches_that_need_it_and_the_file_opens_again() {
    use std::os::unix::process::ExitStatusExt as _;

    const NAME: &str = "engine::tests::damage::a_wrong_bit_in_an_inner_page_costs_the_batches_that_need_it_and_the_file_opens_again";
    const ABORTED: i32 = 6;
    if let Ok(from) = std::env::var(FROM) {
        return turn_bits(from.parse().unwrap());
    }
    let (mut turned, mut refused, mut ended) = (0, 0, 0);
    loop {
        let mut again = std::process::Command::new(std::env::current_exe().unwrap());
        again.args([NAME, "--exact", "--nocapture"]).env(FROM, turned.to_string());
        let run = again.output().unwrap();
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        refused += said.lines().filter(|line| *line == "refused").count();
        let mut numbers = said.lines().filter_map(|line| line.strip_prefix("turned "));
        turned = numbers.next_back().map_or(turned, |number| number.parse().unwrap());
        if run.status.success() {
            break;
        }
        assert_eq!(run.status.signal(), Some(ABORTED), "{said}");
        ended += 1;
        assert!(ended <= 3, "the library ended the process {ended} times in {turned} bits");
    }
    println!("{turned} bits, {refused} refused, {ended} ended the process");
    assert!(turned > 100 && refused > 0, "{turned} bits, {refused} refused");
}
