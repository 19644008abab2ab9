//! Rules of deeds: forget, correct and pin, each whole, noted, and undone as it was.

use std::time::Duration;

use appliance_core::{
    ActionId, Batch, Conflict, Deed, ErrorKind, Memory, MemoryAction, MemoryId, PageRequest,
    Provenance, SearchFilter, StoreError, Thing, Timestamp, UserId, Utility, Write, ports::Changed,
};

use crate::{
    Checked, StoreFixture,
    given::{self, a_user, done, found, listed, lost_to, refusal, remembered},
};

/// What is forgotten is shown to nobody, is told as gone, and comes back whole when that is undone.
pub async fn what_is_forgotten_is_gone_until_undone(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let (tea, coffee) = (remembered(it, ada, "tea").await?, remembered(it, ada, "coffee").await?);
    let before = found(it, ada, tea.id).await?;
    let seen = it.memories().latest();
    let action = done(it, ada, Deed::Forget { ids: vec![tea.id] }).await?;

    assert_eq!(it.memories().get(ada, tea.id).await?, None);
    assert_eq!(ids(it, ada, SearchFilter::default()).await?, [coffee.id]);
    let changes = it.memories().since(seen, 10).await?;
    assert_eq!((changes.len(), changes[0].id, &changes[0].now), (1, tea.id, &Changed::Gone));
    assert_eq!(changes[0].owner, ada);

    let seen = it.memories().latest();
    undo(it, ada, action.id).await?;
    assert_eq!(found(it, ada, tea.id).await?, before);
    assert_eq!(ids(it, ada, SearchFilter::default()).await?, [coffee.id, tea.id]);
    let changes = it.memories().since(seen, 10).await?;
    assert!(changes.iter().map(|change| &change.now).eq([&Changed::Live(Box::new(before))]));
    Ok(())
}

/// Undoing brings back what that deed hid, and not what an earlier one had hidden already.
pub async fn undoing_brings_back_its_own_alone(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let (tea, coffee) = (remembered(it, ada, "tea").await?, remembered(it, ada, "coffee").await?);
    let first = done(it, ada, Deed::Forget { ids: vec![tea.id] }).await?;
    let both = Deed::Forget { ids: vec![tea.id, coffee.id, coffee.id] };
    let second = done(it, ada, both).await?;
    undo(it, ada, second.id).await?;
    assert_eq!(ids(it, ada, SearchFilter::default()).await?, [coffee.id]);
    undo(it, ada, first.id).await?;
    assert_eq!(ids(it, ada, SearchFilter::default()).await?, [coffee.id, tea.id]);
    Ok(())
}

/// A deed that names one memory it may not touch touches none.
pub async fn a_deed_is_done_whole_or_not_at_all(it: &mut impl StoreFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    let (hers, his) = (remembered(it, ada, "hers").await?, remembered(it, bob, "his").await?);
    let nothing = it.mint().next(MemoryId::from_uuid);
    let before = it.memories().latest();
    for (wrong, kind) in [(his.id, ErrorKind::Conflict), (nothing, ErrorKind::Invalid)] {
        let new = || Box::new(given::memory(&it.mint(), ada, "new"));
        for deed in [
            Deed::Forget { ids: vec![hers.id, wrong] },
            Deed::Correct { old: wrong, new: new() },
            Deed::Pin { id: wrong, pinned: true },
        ] {
            refused(it, ada, deed, kind).await?;
        }
    }
    refused(it, ada, Deed::Forget { ids: Vec::new() }, ErrorKind::Invalid).await?;
    assert_eq!(it.memories().latest(), before, "nothing changed");
    assert_eq!(ids(it, ada, SearchFilter::default()).await?, [hers.id]);
    let page = PageRequest::new(10, None);
    assert!(it.memories().actions(ada, page).await?.items.is_empty());
    Ok(())
}

/// A deed is undone once, by its owner; one that nobody did cannot be.
pub async fn a_deed_is_undone_once_by_its_owner(it: &mut impl StoreFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    let tea = remembered(it, ada, "tea").await?;
    let action = done(it, ada, Deed::Forget { ids: vec![tea.id] }).await?;
    cannot_undo(it, bob, action.id, Conflict::NotOwner(Thing::Action(action.id))).await?;
    let (id, at) = (it.mint().next(ActionId::from_uuid), it.now());
    let never = Batch::new().write(Write::UndoMemoryAction { id, owner: ada, at });
    refusal(ErrorKind::Invalid, it.records().apply(never).await)?;
    undo(it, ada, action.id).await?;
    cannot_undo(it, ada, action.id, Conflict::AlreadyUndone(action.id)).await?;
    let known = Conflict::Exists(Thing::Action(action.id));
    let twice = Batch::new().write(Write::ActOnMemory(action));
    lost_to(&known, it.records().apply(twice).await)?;
    assert!(found(it, ada, tea.id).await.is_ok());
    Ok(())
}

/// A correction ends what the old one holds and begins the new one; a search as of an earlier
/// moment sees the old one; undone, the old one holds again and the new one is forgotten.
pub async fn a_correction_takes_the_place_of_the_old(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let old = remembered(it, ada, "the port is 8080").await?;
    it.pass(Duration::from_secs(60)).await;
    let (new, action) = corrected(it, ada, old.id, "the port is 9090").await?;

    let now = SearchFilter::default();
    let as_of = |at: Timestamp| SearchFilter { as_of: Some(at), ..SearchFilter::default() };
    let ended = found(it, ada, old.id).await?.standing;
    assert_eq!(ended.valid_until, Some(new.standing.valid_from));
    assert_eq!(ended.superseded_by, Some(new.id));
    assert_eq!(ids(it, ada, now.clone()).await?, [new.id]);
    assert_eq!(ids(it, ada, as_of(old.created_at)).await?, [old.id]);
    assert_eq!(ids(it, ada, as_of(it.now())).await?, [new.id], "never both, never neither");
    let last = Timestamp::from_unix_micros(new.standing.valid_from.unix_micros() - 1);
    assert_eq!(ids(it, ada, as_of(last)).await?, [old.id]);
    let told = it.memories().action(ada, action.id).await?.map(|action| action.deed);
    let kept = Box::new(found(it, ada, new.id).await?);
    assert_eq!(told, Some(Deed::Correct { old: old.id, new: kept }));

    undo(it, ada, action.id).await?;
    assert_eq!(ids(it, ada, now).await?, [old.id]);
    assert_eq!(found(it, ada, old.id).await?.standing, old.standing);
    assert_eq!(it.memories().get(ada, new.id).await?, None);
    Ok(())
}

/// What was corrected in turn is undone from its end.
pub async fn corrections_are_undone_from_the_last(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let one = remembered(it, ada, "the port is 1").await?;
    let (two, first) = corrected(it, ada, one.id, "the port is 2").await?;
    let (three, second) = corrected(it, ada, two.id, "the port is 3").await?;
    let later = Conflict::CorrectedInTurn { id: two.id, by: three.id };
    cannot_undo(it, ada, first.id, later).await?;
    assert_eq!(ids(it, ada, SearchFilter::default()).await?, [three.id]);
    undo(it, ada, second.id).await?;
    assert_eq!(ids(it, ada, SearchFilter::default()).await?, [two.id]);
    undo(it, ada, first.id).await?;
    assert_eq!(ids(it, ada, SearchFilter::default()).await?, [one.id]);
    Ok(())
}

/// What is forgotten, or holds no more, is not corrected; nor is a memory put in by a correction
/// that exists or is another's.
pub async fn only_what_holds_is_corrected(it: &mut impl StoreFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    let old = remembered(it, ada, "the port is 1").await?;
    let (new, _) = corrected(it, ada, old.id, "the port is 2").await?;
    let hidden = remembered(it, ada, "hidden").await?;
    done(it, ada, Deed::Forget { ids: vec![hidden.id] }).await?;
    let fresh = |owner| Box::new(given::memory(&it.mint(), owner, "fresh"));
    let his = fresh(bob);
    let not_hers = Conflict::NotOwner(Thing::Memory(his.id));
    let deeds = [
        (Deed::Correct { old: old.id, new: fresh(ada) }, Conflict::HoldsNoLonger(old.id)),
        (Deed::Correct { old: hidden.id, new: fresh(ada) }, Conflict::Forgotten(hidden.id)),
        (Deed::Correct { old: new.id, new: his }, not_hers),
        (
            Deed::Correct { old: new.id, new: Box::new(old.clone()) },
            Conflict::Exists(Thing::Memory(old.id)),
        ),
        (Deed::Pin { id: hidden.id, pinned: true }, Conflict::Forgotten(hidden.id)),
    ];
    for (deed, why) in deeds {
        let write = Write::ActOnMemory(given::action(&it.mint(), ada, deed));
        lost_to(&why, it.records().apply(Batch::new().write(write)).await)?;
    }
    assert_eq!(ids(it, ada, SearchFilter::default()).await?, [new.id]);
    Ok(())
}

/// A forgotten correction, brought back or not, leaves one of the two holding.
pub async fn forgetting_a_correction_can_be_undone(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let old = remembered(it, ada, "the port is 1").await?;
    let (new, correction) = corrected(it, ada, old.id, "the port is 2").await?;
    let forgotten = done(it, ada, Deed::Forget { ids: vec![new.id] }).await?;
    assert!(ids(it, ada, SearchFilter::default()).await?.is_empty(), "the old one was wrong");
    undo(it, ada, correction.id).await?;
    assert_eq!(ids(it, ada, SearchFilter::default()).await?, [old.id]);
    undo(it, ada, forgotten.id).await?;
    assert_eq!(ids(it, ada, SearchFilter::default()).await?, [new.id, old.id], "as was asked for");
    Ok(())
}

/// Undoing a correction brings back the copies that were forgotten with it, and not its own words.
pub async fn a_correction_is_undone_whole(it: &mut impl StoreFixture) -> Checked {
    let (ada, thread) = given::a_person(it).await?;
    let (heron, copy) =
        (remembered(it, ada, "heron").await?, remembered(it, ada, "a heron").await?);
    let wish = given::message(&it.mint(), thread, "that is wrong, it is osprey");
    let from = Provenance { message_id: Some(wish.id), ..Provenance::default() };
    let own = Memory { provenance: from.clone(), ..given::memory(&it.mint(), ada, &wish.content) };
    let new = Memory { provenance: from, ..given::memory(&it.mint(), ada, "osprey") };
    it.write(vec![Write::AppendMessage(wish), Write::PutMemory(own.clone())]).await?;
    let correct = Deed::Correct { old: heron.id, new: Box::new(new) };
    let correction = given::action(&it.mint(), ada, correct);
    let id = correction.id;
    let deed = Deed::Forget { ids: vec![copy.id, own.id] };
    let copies = MemoryAction { id: id.of_its_copies(), deed, ..correction.clone() };
    // What was forgotten at the same moment by a deed of its own stays forgotten.
    let other = remembered(it, ada, "an egret").await?;
    let apart = given::action(&it.mint(), ada, Deed::Forget { ids: vec![other.id] });
    let apart = MemoryAction { at: copies.at, ..apart };
    it.write(vec![Write::ActOnMemory(apart.clone())]).await?;
    it.write(vec![Write::ActOnMemory(copies), Write::ActOnMemory(correction)]).await?;
    undo(it, ada, id).await?;
    assert_eq!(ids(it, ada, SearchFilter::default()).await?, [copy.id, heron.id]);
    let noted = it.memories().actions(ada, PageRequest::new(10, None)).await?.items;
    assert!(
        noted.iter().all(|deed| deed.undone_at.is_none() == (deed.id == apart.id)),
        "{noted:?}"
    );
    Ok(())
}

/// A pin is set and taken off, and undone as it was.
pub async fn a_pin_is_undone_as_it_was(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let tea = remembered(it, ada, "tea").await?;
    let pin = |pinned| Deed::Pin { id: tea.id, pinned };
    done(it, ada, pin(true)).await?;
    assert!(found(it, ada, tea.id).await?.standing.pinned);
    let again = done(it, ada, pin(true)).await?;
    undo(it, ada, again.id).await?;
    assert!(found(it, ada, tea.id).await?.standing.pinned, "it was pinned before");
    let off = done(it, ada, pin(false)).await?;
    assert!(!found(it, ada, tea.id).await?.standing.pinned);
    undo(it, ada, off.id).await?;
    assert!(found(it, ada, tea.id).await?.standing.pinned);
    Ok(())
}

/// Deeds are listed newest first, whole by pages, each owner's alone, and tell whether undone; a
/// restart changes nothing of it.
pub async fn deeds_are_noted(it: &mut impl StoreFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    let mut wanted = Vec::new();
    for number in 0..7 {
        let memory = remembered(it, ada, &number.to_string()).await?;
        wanted.insert(0, done(it, ada, Deed::Forget { ids: vec![memory.id] }).await?);
        let his = remembered(it, bob, &number.to_string()).await?;
        done(it, bob, Deed::Pin { id: his.id, pinned: true }).await?;
    }
    wanted[2].undone_at = Some(it.now());
    undo(it, ada, wanted[2].id).await?;
    it.reopen().await;
    for limit in [1, 3, 7, 10] {
        let all = given::all(limit, |page| {
            let memories = it.memories();
            async move { memories.actions(ada, page).await }
        });
        assert_eq!(all.await?, wanted, "{limit} a page");
    }
    assert_eq!(it.memories().action(ada, wanted[3].id).await?.as_ref(), Some(&wanted[3]));
    assert_eq!(it.memories().action(bob, wanted[3].id).await?, None);
    assert_eq!(it.memories().action(ada, it.mint().next(ActionId::from_uuid)).await?, None);
    undo(it, ada, wanted[0].id).await?;
    Ok(())
}

/// A memory that is hidden is not found, rated or touched; what is done to others beside it stands.
pub async fn what_is_forgotten_stays_as_it_was(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let (tea, coffee) = (remembered(it, ada, "tea").await?, remembered(it, ada, "coffee").await?);
    let action = done(it, ada, Deed::Forget { ids: vec![tea.id] }).await?;
    let touched = vec![(tea.id, 1, Utility::MOST), (coffee.id, 2, Utility::MOST)];
    it.write(vec![Write::TouchMemories { owner: ada, touched, at: it.now() }]).await?;
    assert_eq!(found(it, ada, coffee.id).await?.standing.last_rank, 2);
    undo(it, ada, action.id).await?;
    assert_eq!(found(it, ada, tea.id).await?.standing, tea.standing);
    Ok(())
}

async fn corrected(
    it: &impl StoreFixture,
    owner: UserId,
    old: MemoryId,
    text: &str,
) -> Result<(Memory, MemoryAction), StoreError> {
    let new = given::memory(&it.mint(), owner, text);
    let action = done(it, owner, Deed::Correct { old, new: Box::new(new.clone()) }).await?;
    Ok((new, action))
}

async fn undo(it: &impl StoreFixture, owner: UserId, id: ActionId) -> Checked {
    it.write(vec![Write::UndoMemoryAction { id, owner, at: it.now() }]).await
}

async fn cannot_undo(
    it: &impl StoreFixture,
    owner: UserId,
    id: ActionId,
    why: Conflict,
) -> Checked {
    let write = Write::UndoMemoryAction { id, owner, at: it.now() };
    lost_to(&why, it.records().apply(Batch::new().write(write)).await)
}

async fn refused(it: &impl StoreFixture, owner: UserId, deed: Deed, kind: ErrorKind) -> Checked {
    let write = Write::ActOnMemory(given::action(&it.mint(), owner, deed));
    refusal(kind, it.records().apply(Batch::new().write(write)).await).map(drop)
}

async fn ids(
    it: &impl StoreFixture,
    owner: UserId,
    filter: SearchFilter,
) -> Result<Vec<MemoryId>, StoreError> {
    Ok(listed(it, owner, &filter, 10).await?.into_iter().map(|memory| memory.id).collect())
}

/// Expands to one test a rule of this file.
#[macro_export]
macro_rules! memory_actions_contract {
    ($fixture:expr) => {
        $crate::contract_tests!(
            memory_actions,
            $fixture,
            what_is_forgotten_is_gone_until_undone,
            undoing_brings_back_its_own_alone,
            a_deed_is_done_whole_or_not_at_all,
            a_deed_is_undone_once_by_its_owner,
            a_correction_takes_the_place_of_the_old,
            corrections_are_undone_from_the_last,
            a_correction_is_undone_whole,
            only_what_holds_is_corrected,
            forgetting_a_correction_can_be_undone,
            a_pin_is_undone_as_it_was,
            deeds_are_noted,
            what_is_forgotten_stays_as_it_was,
        );
    };
}
