//! Calls to the disk that fail: which end the store, and which cost one batch at most.

use std::io::ErrorKind::Other;

use super::*;
use crate::signs::Call;

impl Bench {
    /// Says `count` things in one step; returns their ids and whether each was acknowledged.
    fn say_together(&mut self, count: usize) -> Vec<(MessageId, bool)> {
        let said: Vec<_> = (0..count).map(|_| self.say(&"x".repeat(20_000))).collect();
        let (ids, batches): (Vec<_>, Vec<_>) = said.into_iter().unzip();
        let answers = self.engine.step(&batches);
        ids.into_iter().zip(answers.iter().map(Result::is_ok)).collect()
    }

    fn ends(&self) -> Vec<String> {
        self.ends.lock().unwrap().clone()
    }

    /// Checks that what was acknowledged, and nothing else, is there.
    #[track_caller]
    fn holds(&self, said: &[(MessageId, bool)], what: &str) {
        for (id, acked) in said {
            assert_eq!(self.found(*id).unwrap().is_some(), *acked, "{what}");
        }
    }
}

#[test]
fn a_failed_sync_ends_the_store_at_once_and_nothing_is_acknowledged_after_it() {
    for error in [Other, std::io::ErrorKind::StorageFull] {
        for at in 0..6 {
            let mut bench = Bench::new();
            bench.disk.fail_once(Call::Sync, at, error);
            let mut said = Vec::new();
            while bench.ends().is_empty() {
                said.extend(bench.say_together(2));
                assert!(said.len() < 20, "sync {at} never failed");
            }
            let ends = bench.ends();
            assert!(ends.len() == 1 && ends[0].contains("syncing state.redb"), "{ends:?}");
            assert_eq!(bench.health(), "ended");
            let later = bench.say_together(1);
            assert!(!later[0].1, "even though the disk works again");
            assert_eq!(bench.ends().len(), 1, "it is told once");

            bench.restart(at);
            for (id, acked) in said {
                assert!(bench.found(id).unwrap().is_some() || !acked, "sync {at}: lost");
            }
        }
    }
}

#[test]
fn an_earlier_fault_costs_one_batch_at_most_and_then_writes_go_on() {
    let mut met = [0; 2];
    for (which, call) in [Call::Write, Call::Resize].into_iter().enumerate() {
        for at in 0..40 {
            let mut bench = Bench::new();
            bench.disk.fail_once(call, at, Other);
            let mut said = Vec::new();
            for _ in 0..6 {
                let before = bench.disk.has_failed();
                said.extend(bench.say_together(1));
                let acked = said.last().unwrap().1;
                if !acked {
                    assert_eq!(bench.health(), "failing", "{call:?} {at}");
                    assert!(!before && bench.disk.has_failed());
                } else {
                    assert_eq!(bench.health(), "ok", "{call:?} {at}");
                }
            }
            met[which] += usize::from(bench.disk.has_failed());
            assert!(said.iter().filter(|(_, acked)| !acked).count() <= 1, "{call:?} {at}");
            assert_eq!(bench.ends(), Vec::<String>::new(), "{call:?} {at}");
            bench.holds(&said, "while it runs");
            bench.restart(at);
            bench.holds(&said, "after a power cut");
        }
    }
    assert!(met[0] > 20 && met[1] > 0, "{met:?} calls failed");
}

#[test]
fn the_others_of_a_group_go_on_when_one_meets_a_fault() {
    for at in 0.. {
        let mut bench = Bench::new();
        bench.disk.fail_once(Call::Write, at, Other);
        let said = bench.say_together(5);
        if !bench.disk.has_failed() {
            assert!(at > 10, "only {at} writes came");
            break;
        }
        assert!(said.iter().all(|(_, acked)| *acked), "write {at}: tried again singly");
        bench.restart(at);
        bench.holds(&said, "after a power cut");
        assert_eq!(bench.ends(), Vec::<String>::new());
    }
}

#[test]
fn a_read_that_fails_is_made_good_when_the_writer_looks() {
    let mut bench = Bench::new();
    let said = bench.say_together(30);
    // As after a kill: a file that was closed is read when it is opened, and then from memory.
    std::mem::forget(bench.shared.db.write().unwrap().take());
    bench.open_again();
    bench.disk.fail_once(Call::Read, 0, Other);
    let read = |bench: &Bench| said.iter().any(|(id, _)| bench.found(*id).is_err());
    assert!(read(&bench), "nothing was read from the disk");
    assert!(read(&bench), "a handle that saw it answers nothing any more");
    bench.engine.look();
    bench.holds(&said, "the file was opened anew");
    assert!(bench.say_together(1)[0].1);
    assert_eq!(bench.ends(), Vec::<String>::new());
}

#[test]
fn a_disk_that_takes_nothing_leaves_the_reads_and_is_tried_again_by_itself() {
    let mut bench = Bench::new();
    let said = bench.say_together(1);
    // The write fails, and so does what opening the file anew has to write.
    bench.disk.refuse(Call::Write, true);
    assert!(!bench.say_together(1)[0].1);
    assert_eq!(bench.health(), "failing");
    bench.holds(&said, "reads go on");
    assert!(!bench.say_together(1)[0].1);

    bench.disk.refuse(Call::Write, false);
    bench.clock.advance(std::time::Duration::from_secs(1));
    assert!(bench.say_together(1)[0].1);
    assert_eq!((bench.health(), bench.ends().len()), ("ok", 0));
}
