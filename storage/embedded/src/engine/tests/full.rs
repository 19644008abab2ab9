//! A disk without room: what is refused, what still goes on, and how it ends.

use std::{io, time::Duration};

use appliance_core::{Session, SessionId, TokenHash};
use storage_rules::sessions;

use super::*;
use crate::{place::Place, signs::Call};

impl Bench {
    /// Says things until there is no room; returns what was kept and how the next was refused.
    fn fill(&mut self) -> (Vec<MessageId>, StoreError) {
        self.disk.fill();
        let mut kept = Vec::new();
        loop {
            let (id, batch) = self.say(&"x".repeat(40_000));
            match self.one(batch) {
                Ok(_) => kept.push(id),
                Err(error) => return (kept, error),
            }
        }
    }

    fn session(&self) -> Session {
        let (now, id) = (self.clock.now(), self.mint.next(SessionId::from_uuid));
        Session {
            id,
            user_id: self.owner,
            token_hash: TokenHash(std::array::from_fn(|n| id.bytes()[n % 16])),
            ip_address: None,
            user_agent: None,
            created_at: now,
            expires_at: now.plus(Duration::from_secs(3_600)),
            revoked_at: None,
        }
    }
}

#[test]
fn a_full_disk_refuses_writes_and_answers_reads_until_there_is_room() {
    let mut bench = Bench::new();
    let (kept, refused) = bench.fill();
    assert_eq!(refused.kind, ErrorKind::Full, "{refused}");
    assert!(refused.to_string().contains("free some space"), "{refused}");
    assert_eq!(bench.health(), "full");
    for id in &kept {
        assert!(bench.found(*id).unwrap().is_some(), "reads go on");
    }

    bench.disk.empty();
    bench.free.store(MORE_BYTES - 1, Ordering::SeqCst);
    let (_, early) = bench.say("too early");
    assert_eq!(bench.one(early).unwrap_err().kind, ErrorKind::Full);
    bench.engine.look();
    assert_eq!(bench.health(), "full");
    bench.free.store(MORE_BYTES, Ordering::SeqCst);
    bench.engine.look();
    assert_eq!(bench.health(), "ok", "it is seen without a write");
    let (id, batch) = bench.say("room again");
    bench.one(batch).unwrap();
    assert_eq!(bench.found(id).unwrap().unwrap().seq, kept.len() as u64 + 1, "no gap");
    assert!(bench.ends.lock().unwrap().is_empty());
}

#[test]
fn what_no_probe_sees_is_tried_again_after_a_pause() {
    let mut bench = Bench::new();
    bench.fill();
    bench.disk.empty();
    let (_, early) = bench.say("too early");
    assert_eq!(bench.one(early).unwrap_err().kind, ErrorKind::Full);
    bench.clock.advance(Duration::from_secs(1));
    let (_, batch) = bench.say("after a pause");
    bench.one(batch).unwrap();
    assert_eq!(bench.health(), "ok");
}

#[test]
fn people_come_in_and_leave_while_the_disk_is_full() {
    let mut bench = Bench::new();
    bench.fill();
    bench.disk.keep_back(1024 * 1024);
    for round in 0..50 {
        let session = bench.session();
        let user = Write::PutUser(bench.user());
        let log_in = Batch::new().write(user).write(Write::PutSession(session.clone()));
        bench.one(log_in).unwrap_or_else(|error| panic!("log-in {round}: {error}"));
        let at = bench.clock.now();
        let log_out = Batch::new().write(Write::RevokeSession { id: session.id, at });
        bench.one(log_out).unwrap_or_else(|error| panic!("log-out {round}: {error}"));
        let found = bench.shared.read("test", |file| sessions::get(file, session.id)).unwrap();
        assert_eq!(found.unwrap().revoked_at, Some(at));
    }
    assert_eq!(bench.health(), "full", "it is, for all others");
    // Two of a group go on, and the third, which is no matter of logins, does not.
    let (_, other) = bench.say(&"x".repeat(40_000));
    let first = bench.session();
    let end = Write::RevokeSession { id: first.id, at: bench.clock.now() };
    let log_in = Batch::new().write(Write::PutSession(first));
    let answers = bench.engine.step(&[log_in, other, Batch::new().write(end)]);
    let went: Vec<_> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(went, [true, false, true], "{answers:?}");
}

#[test]
fn a_start_on_a_full_disk_serves_reads_and_goes_on_when_there_is_room() {
    let mut bench = Bench::new();
    let (id, batch) = bench.say("kept");
    bench.one(batch).unwrap();
    bench.disk.refuse_with(Call::Write, io::ErrorKind::StorageFull);
    bench.open_again();
    assert_eq!(bench.health(), "full");
    assert!(bench.found(id).unwrap().is_some(), "reads are served");
    let (_, refused) = bench.say("no room");
    assert_eq!(bench.one(refused).unwrap_err().kind, ErrorKind::Full);

    bench.disk.refuse(Call::Write, false);
    bench.free.store(PLENTY_BYTES, Ordering::SeqCst);
    bench.engine.look();
    assert_eq!(bench.health(), "ok");
    let (later, batch) = bench.say("room again");
    bench.one(batch).unwrap();
    bench.restart(1);
    assert!(bench.found(id).unwrap().is_some() && bench.found(later).unwrap().is_some());
    assert!(bench.ends.lock().unwrap().is_empty());
}

#[test]
fn a_limit_for_files_is_told_in_its_own_words() {
    let mut bench = Bench::new();
    bench.free.store(PLENTY_BYTES, Ordering::SeqCst);
    bench.disk.fail_once(Call::Write, 0, io::ErrorKind::FileTooLarge);
    let (_, batch) = bench.say("too large");
    let refused = bench.one(batch).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Full);
    assert!(refused.to_string().contains("ulimit -f"), "{refused}");
    bench.engine.look();
    assert_eq!(bench.health(), "full", "free space on the disk does not end it");
    bench.clock.advance(Duration::from_secs(1));
    let (_, batch) = bench.say("small");
    bench.one(batch).unwrap();
    assert_eq!(bench.health(), "ok");
}

#[test]
fn without_room_for_a_copy_the_file_is_not_made_anew_and_says_why() {
    let bench = Bench::new();
    let folder = tempfile::TempDir::new().unwrap();
    let place = folder.path().join("state.redb");
    std::fs::write(&place, vec![0; 5_000_000]).unwrap();
    bench.free.store(5_000_000, Ordering::SeqCst);
    let refused = bench.engine.in_file(&Arc::new(Place::at(&place))).rewrite(1).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Full, "{refused}");
    assert!(refused.to_string().contains("14 MB, and 5 MB are free"), "{refused}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no copy was begun");
}
