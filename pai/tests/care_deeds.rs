//! Forgetting, correcting, pinning and undoing: what people can rely on.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod care_house;

use std::time::Duration;

use appliance_core::{
    ActionId, Actor, BatchKey, Deed, EventType, MemoryId, MemoryKind, MemoryTier, PageRequest,
    SearchFilter, Timestamp, Write,
    ports::{
        AuditTrail, By, CareError, Cause, Correction, Deeds, Memories, MemoryCare, MemoryTiers,
    },
};
use care_house::{House, by};
use futures_util::future::join_all;

async fn texts_as_of(house: &House, as_of: Option<Timestamp>) -> Vec<String> {
    let filter = SearchFilter { as_of, ..SearchFilter::default() };
    let wanted = PageRequest::new(100, None);
    let page = house.reader.list(house.owner, &filter, wanted).await.unwrap();
    page.items.into_iter().map(|memory| memory.text).collect()
}

async fn correct(house: &House, old: MemoryId, text: &str) -> Result<MemoryId, CareError> {
    house.clock.advance(Duration::from_secs(60));
    let (new, _) = house.care.correct(&house.by(), Correction::new(old, text)).await?;
    Ok(new.id)
}

fn is_invalid<T: std::fmt::Debug>(outcome: Result<T, CareError>, says: &str) {
    let Err(CareError::Invalid(why)) = outcome else { panic!("{outcome:?}") };
    assert!(why.contains(says), "{why}");
}

#[tokio::test]
async fn what_is_forgotten_is_shown_to_nobody_and_one_undo_brings_it_back() {
    let house = House::new().await;
    let id = house.remember("the safe's code is 4711").await;
    house.reader.sync().await.unwrap();
    assert_eq!(house.reader.hits().0, 0);
    assert!(house.get(id).await.is_some());
    assert_eq!(house.reader.hits().0, 1, "it was read out of RAM");

    let action = house.care.forget(&house.by(), vec![id, id]).await.unwrap();
    assert_eq!(action.deed, Deed::Forget { ids: vec![id] });
    assert_eq!(house.get(id).await, None);
    assert!(texts_as_of(&house, None).await.is_empty());

    let again = house.care.forget(&house.by(), vec![id]).await.unwrap();
    assert_eq!(again.id, action.id, "forgetting twice is one deed");
    let undone = house.care.undo(&house.by(), None).await.unwrap();
    assert_eq!((undone.id, undone.undone_at), (action.id, Some(house.now())));
    assert_eq!(house.get(id).await.unwrap().text, "the safe's code is 4711");
    let nothing = house.care.undo(&house.by(), None).await;
    assert!(matches!(nothing, Err(CareError::NothingToUndo)), "{nothing:?}");
}

#[tokio::test]
async fn what_nobody_has_and_what_another_has_are_both_unknown() {
    let house = House::new().await;
    let id = house.remember("the staging database is heron").await;
    let other = by(house.somebody().await);
    let nobodys = house.mint.next(MemoryId::from_uuid);
    for wanted in [id, nobodys] {
        let outcomes = [
            house.care.forget(&other, vec![wanted]).await.map(|_| ()),
            house.care.pin(&other, wanted, true).await.map(|_| ()),
            house.care.correct(&other, Correction::new(wanted, "x")).await.map(|_| ()),
        ];
        for outcome in outcomes {
            assert!(matches!(outcome, Err(CareError::Unknown(it)) if it == wanted), "{outcome:?}");
        }
    }
    let mixed = house.care.forget(&house.by(), vec![id, nobodys]).await;
    assert!(matches!(mixed, Err(CareError::Unknown(it)) if it == nobodys), "{mixed:?}");
    assert!(house.get(id).await.is_some(), "nothing of a refused deed is done");

    house.care.forget(&house.by(), vec![id]).await.unwrap();
    let still = house.care.forget(&house.by(), vec![id, nobodys]).await;
    assert!(matches!(still, Err(CareError::Unknown(it)) if it == nobodys), "{still:?}");
    let theirs = house.care.undo(&other, None).await;
    assert!(matches!(theirs, Err(CareError::NothingToUndo)), "{theirs:?}");
    is_invalid(house.care.forget(&house.by(), Vec::new()).await, "no memory is named");
    let many = (0..1_001).map(|_| house.mint.next(MemoryId::from_uuid)).collect();
    is_invalid(house.care.forget(&house.by(), many).await, "1001 memories");
}

#[tokio::test]
async fn each_of_a_chain_of_corrections_is_found_at_its_time() {
    let house = House::new().await;
    let first = house.remember("the build server is called wren").await;
    let early = house.now();
    let second = correct(&house, first, "the build server is called heron").await.unwrap();
    let later = house.now();
    let third = correct(&house, second, "the build server is called kestrel").await.unwrap();

    let newest = house.get(third).await.unwrap();
    assert_eq!((newest.kind, newest.standing.valid_until), (MemoryKind::Note, None));
    assert_eq!(newest.standing.valid_from, house.now());
    assert_eq!(texts_as_of(&house, None).await, ["the build server is called kestrel"]);
    assert_eq!(texts_as_of(&house, Some(later)).await, ["the build server is called heron"]);
    assert_eq!(texts_as_of(&house, Some(early)).await, ["the build server is called wren"]);

    is_invalid(correct(&house, first, "no, robin").await, &second.to_string());
    house.care.undo(&house.by(), None).await.unwrap();
    assert_eq!(texts_as_of(&house, None).await, ["the build server is called heron"]);
    house.care.undo(&house.by(), None).await.unwrap();
    assert_eq!(texts_as_of(&house, None).await, ["the build server is called wren"]);
}

#[tokio::test]
async fn a_correction_that_was_corrected_is_undone_after_its_own() {
    let house = House::new().await;
    let first = house.remember("wren").await;
    let (second, deed) =
        house.care.correct(&house.by(), Correction::new(first, "heron")).await.unwrap();
    house.care.correct(&house.by(), Correction::new(second.id, "kestrel")).await.unwrap();
    is_invalid(house.care.undo(&house.by(), Some(deed.id)).await, "undo that correction first");
    assert_eq!(texts_as_of(&house, None).await, ["kestrel"]);
}

#[tokio::test]
async fn a_correction_takes_no_empty_and_no_oversized_text_and_keeps_every_byte() {
    let house = House::new().await;
    let id = house.remember("wren").await;
    is_invalid(correct(&house, id, "").await, "empty");
    is_invalid(correct(&house, id, " \t\n").await, "empty");
    is_invalid(correct(&house, id, &"x".repeat(64 * 1024 + 1)).await, "65537 bytes");
    is_invalid(correct(&house, id, "wren").await, "already");
    let odd = "  \u{feff}h\u{e9}ron\r\n\0 ";
    let new = correct(&house, id, odd).await.unwrap();
    assert_eq!(house.get(new).await.unwrap().text, odd);
    let whole = "x".repeat(64 * 1024);
    let new = correct(&house, new, &whole).await.unwrap();
    assert_eq!(house.get(new).await.unwrap().text, whole);
}

#[tokio::test]
async fn a_clock_that_was_set_back_ends_nothing_before_it_began() {
    let house = House::new().await;
    let id = house.remember("wren").await;
    let began = house.now();
    house.clock.set_millis(care_house::MORNING_MILLIS - 3_600_000);
    house.care.correct(&house.by(), Correction::new(id, "heron")).await.unwrap();
    assert!(house.get(id).await.unwrap().standing.valid_until.unwrap() >= began);
    assert_eq!(texts_as_of(&house, None).await, ["heron"]);
}

#[tokio::test]
async fn a_pin_goes_with_a_correction_and_an_undo_puts_it_as_it_was() {
    let house = House::new().await;
    let id = house.remember("wren").await;
    let pinned = house.care.pin(&house.by(), id, true).await.unwrap();
    let again = house.care.pin(&house.by(), id, true).await.unwrap();
    assert_eq!(pinned.id, again.id, "pinning twice is one deed");
    let new = correct(&house, id, "heron").await.unwrap();
    assert!(house.get(new).await.unwrap().standing.pinned);
    house.care.undo(&house.by(), None).await.unwrap();
    house.care.undo(&house.by(), None).await.unwrap();
    assert!(!house.get(id).await.unwrap().standing.pinned);
}

#[tokio::test]
async fn deeds_older_than_thirty_days_are_final() {
    let house = House::new().await;
    let id = house.remember("wren").await;
    let action = house.care.forget(&house.by(), vec![id]).await.unwrap();
    house.pass_days(30);
    house.clock.advance(Duration::from_millis(1));
    for wanted in [None, Some(action.id), Some(house.mint.next(ActionId::from_uuid))] {
        let outcome = house.care.undo(&house.by(), wanted).await;
        assert!(matches!(outcome, Err(CareError::NothingToUndo)), "{outcome:?}");
    }
}

#[tokio::test]
async fn what_was_purged_stands_in_no_way_of_an_earlier_undo() {
    let house = House::new().await;
    let (kept, gone) =
        (house.remember("the lift is red").await, house.remember("the canary sings").await);
    house.care.forget(&house.by(), vec![kept]).await.unwrap();
    house.care.forget(&house.by(), vec![gone]).await.unwrap();
    house.write(vec![Write::PurgeMemories { owner: house.owner, ids: vec![gone] }]).await;

    let first = PageRequest::new(10, None);
    let shown = house.store.actions(house.owner, first).await.unwrap().items;
    assert_eq!(shown.len(), 1, "nothing is left to undo of the other: {shown:?}");
    let undone = house.care.undo(&house.by(), None).await.unwrap();
    assert_eq!(undone.deed, Deed::Forget { ids: vec![kept] });
    let none = house.care.undo(&house.by(), None).await.unwrap_err();
    assert!(matches!(none, CareError::NothingToUndo), "{none:?}");
}

#[tokio::test]
async fn every_deed_leaves_a_line_that_says_who_and_never_what() {
    let house = House::new().await;
    let id = house.remember("the safe's code is 4711").await;
    house.care.pin(&house.by(), id, true).await.unwrap();
    let new = correct(&house, id, "the safe's code is 4712").await.unwrap();
    house.care.forget(&house.by(), vec![new]).await.unwrap();
    house.care.undo(&house.by(), None).await.unwrap();
    house.care.reindex(&house.by()).await.unwrap();

    let lines = house.store.events(PageRequest::new(100, None)).await.unwrap().items;
    let actions: Vec<_> = lines.iter().map(|line| line.action.as_str()).collect();
    let wanted = ["memory.reindex", "memory.undo", "memory.forget", "memory.correct", "memory.pin"];
    assert_eq!(actions, wanted);
    for line in &lines {
        assert_eq!(line.event_type, EventType::Data);
        assert_eq!(line.actor, Actor::User(house.owner));
        assert_eq!(line.actor_ip.as_deref(), Some("192.0.2.7"));
        assert!(!format!("{line:?}").contains("safe"), "{line:?}");
    }
}

#[tokio::test]
async fn pinning_what_is_archived_brings_it_back() {
    let house = House::new().await;
    let id = house.remember("wren").await;
    house.store.warm(&[id], house.now()).await.unwrap();
    house.store.archive(&[id], house.now()).await.unwrap();
    assert_eq!(house.tier(id).await, Some(MemoryTier::Cold));
    house.care.pin(&house.by(), id, true).await.unwrap();
    assert_eq!(house.tier(id).await, Some(MemoryTier::Warm));
}

#[tokio::test]
async fn building_the_indexes_anew_is_shown_and_not_begun_twice() {
    let house = House::new().await;
    let before = house.care.stats(house.owner).await.unwrap();
    assert_eq!(before.job, None);
    let job = house.care.reindex(&house.by()).await.unwrap();
    assert_eq!(house.care.stats(house.owner).await.unwrap().job, Some(job));
    let again = house.care.reindex(&house.by()).await;
    assert!(matches!(again, Err(CareError::Busy("reindex"))), "{again:?}");
    house.indexes.job.lock().unwrap().as_mut().unwrap().ended = true;
    assert_eq!(house.care.stats(house.owner).await.unwrap().job.unwrap().name, "reindex");
    house.keeper.run_once().await.unwrap();
    assert_eq!(house.care.stats(house.owner).await.unwrap().job.unwrap().name, "maintenance");
}

/// The same request by its key.
fn under(house: &House, key: &str) -> By {
    let key = BatchKey::of_a_day(key, [1; 32]);
    house.by().because_of(Cause::request(Some(key)))
}

#[tokio::test]
async fn a_deed_under_a_key_is_done_once_and_tells_its_first_result() {
    let house = House::new().await;
    let (wren, other) = (house.remember("wren").await, house.remember("kestrel").await);
    let pin = async |key| house.care.pin(&under(&house, key), wren, true).await;
    let pinned = house.care.pin(&under(&house, "pin"), wren, true).await.unwrap();
    assert_eq!(pin("again").await.unwrap().id, pinned.id, "it is pinned already");
    house.care.pin(&house.by(), wren, false).await.unwrap();
    assert_eq!(pin("pin").await.unwrap(), pinned);
    assert_eq!(pin("again").await.unwrap(), pinned);
    assert!(!house.get(wren).await.unwrap().standing.pinned);

    let by = under(&house, "correct");
    let heron = || Correction::new(wren, "heron");
    let (new, corrected) = house.care.correct(&by, heron()).await.unwrap();
    house.care.correct(&house.by(), Correction::new(new.id, "robin")).await.unwrap();
    let (same, again) = house.care.correct(&by, heron()).await.unwrap();
    // What became of the memory since is told as it is now.
    assert_eq!((same.id, same.text.as_str(), again.id), (new.id, "heron", corrected.id));

    let by = under(&house, "forget");
    let forgotten = house.care.forget(&by, vec![other]).await.unwrap();
    let undoing = under(&house, "undo");
    let undone = house.care.undo(&undoing, None).await.unwrap();
    assert_eq!(undone.id, forgotten.id);
    assert_eq!(house.care.forget(&by, vec![other]).await.unwrap(), forgotten);
    assert_eq!(house.care.undo(&undoing, None).await.unwrap(), undone, "not the deed before");
    assert!(house.get(other).await.is_some());
    assert_eq!(texts_as_of(&house, None).await.iter().filter(|it| *it == "robin").count(), 1);
}

#[tokio::test]
async fn a_correction_takes_its_copies_with_it_and_brings_them_back() {
    let house = House::new().await;
    let (wren, copy) = (house.remember("wren").await, house.remember("it is wren").await);
    let gone = house.remember("gone before").await;
    house.care.forget(&house.by(), vec![gone]).await.unwrap();
    let correction =
        Correction { copies: vec![copy, gone, wren], ..Correction::new(wren, "heron") };
    house.care.correct(&house.by(), correction).await.unwrap();
    assert_eq!(texts_as_of(&house, None).await, ["heron"]);
    house.care.undo(&house.by(), None).await.unwrap();
    assert_eq!(texts_as_of(&house, None).await, ["it is wren", "wren"]);
    house.care.undo(&house.by(), None).await.unwrap();
    assert!(house.get(gone).await.is_some(), "what was forgotten before is a wish of its own");
}

#[tokio::test]
async fn of_deeds_at_once_each_is_done_whole_and_one_memory_holds() {
    let house = House::new().await;
    for round in 0..10 {
        let id = house.remember(&format!("wren {round}")).await;
        let correct = |n: usize| {
            let by = house.by();
            let (care, text) = (&house.care, format!("heron {round} {n}"));
            async move { care.correct(&by, Correction::new(id, text)).await.map(|(new, _)| new.id) }
        };
        let pin = async { house.care.pin(&house.by(), id, true).await.map(|_| id) };
        let (corrected, pinned) = tokio::join!(join_all((0..4).map(correct)), pin);
        let won: Vec<MemoryId> = corrected.into_iter().filter_map(Result::ok).collect();
        let [new] = won.as_slice() else { panic!("{won:?}") };
        let (old, new) = (house.get(id).await.unwrap(), house.get(*new).await.unwrap());
        assert_eq!(old.standing.superseded_by, Some(new.id));
        assert!(pinned.is_ok());
    }
}
