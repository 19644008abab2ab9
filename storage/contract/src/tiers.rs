//! Rules of the port `MemoryTiers`: every memory in exactly one tier, its text byte for byte.

use std::{sync::Arc, time::Duration};

use appliance_core::{
    AgentName, Batch, Deed, Memory, MemoryAction, MemoryId, MemoryTier, Provenance, SearchFilter,
    StoreError, Timestamp, UserId, Write,
    memory::MAX_MEMORY_BYTES,
    ports::{Changed, MemoryTiers, Moved},
};

use crate::{
    Checked, StoreFixture,
    given::{self, a_user, done, found, listed, remembered},
};

/// A store under test that keeps memories in three tiers.
pub trait TiersFixture: StoreFixture {
    /// Returns the port that moves memories.
    fn tiers(&self) -> Arc<dyn MemoryTiers>;
}

/// What is new is hot; made warm it is so since then, and a second time moves nothing.
pub async fn what_is_new_is_hot_until_it_is_made_warm(it: &mut impl TiersFixture) -> Checked {
    let ada = a_user(it).await?;
    let tea = remembered(it, ada, "tea").await?;
    assert_eq!(found(it, ada, tea.id).await?.tier, MemoryTier::Hot);
    it.pass(HOUR).await;
    let seen = it.memories().latest();
    assert_eq!(it.tiers().warm(&[tea.id], it.now()).await?.memories, 1);

    let now = found(it, ada, tea.id).await?;
    assert_eq!((now.tier, now.standing.tier_since), (MemoryTier::Warm, it.now()));
    assert_eq!((&now.text, now.created_at), (&tea.text, tea.created_at));
    let changes = it.memories().since(seen, 10).await?;
    assert!(changes.iter().map(|change| &change.now).eq([&Changed::Live(Box::new(now))]));
    assert_eq!(it.tiers().warm(&[tea.id], it.now()).await?, Moved::default());
    Ok(())
}

/// Every text comes back from the archive byte for byte: read there, found in the list, and when it
/// is warm again.
pub async fn texts_come_back_from_the_archive_byte_for_byte(it: &mut impl TiersFixture) -> Checked {
    let ada = a_user(it).await?;
    let mut kept = Vec::new();
    for text in odd_texts() {
        kept.push(remembered(it, ada, &text).await?);
    }
    let ids = cold(it, &kept).await?;
    it.reopen().await;
    for memory in &kept {
        let now = found(it, ada, memory.id).await?;
        assert_eq!(now.tier, MemoryTier::Cold);
        assert!(now.text == memory.text, "{:?} came back as {:?}", memory.text, now.text);
        assert_eq!(
            (now.provenance, now.labels),
            (memory.provenance.clone(), memory.labels.clone())
        );
    }
    assert_eq!(listed(it, ada, &SearchFilter::default(), 7).await?.len(), kept.len());

    assert_eq!(it.tiers().warm(&ids, it.now()).await?.memories, kept.len() as u64);
    it.reopen().await;
    for memory in &kept {
        let now = found(it, ada, memory.id).await?;
        assert!(now.tier == MemoryTier::Warm && now.text == memory.text, "{:?}", memory.text);
    }
    assert_eq!(it.tiers().counts(None).await?.cold, 0);
    Ok(())
}

/// An index that follows the changes learns of each move: archived, and live again with its text.
pub async fn each_move_is_told_as_a_change(it: &mut impl TiersFixture) -> Checked {
    let ada = a_user(it).await?;
    let tea = remembered(it, ada, "tea").await?;
    cold(it, std::slice::from_ref(&tea)).await?;
    let changes = it.memories().since(0, 10).await?;
    assert_eq!((changes.len(), changes[0].id, &changes[0].now), (1, tea.id, &Changed::Archived));
    assert_eq!((changes[0].owner, changes[0].position), (ada, it.memories().latest()));

    it.tiers().warm(&[tea.id], it.now()).await?;
    let live = Changed::Live(Box::new(found(it, ada, tea.id).await?));
    let changes = it.memories().since(0, 10).await?;
    assert!(changes.iter().map(|change| &change.now).eq([&live]), "its last change only");
    Ok(())
}

/// Only what is warm, not pinned and not forgotten is archived; an unknown id is passed over.
pub async fn the_hot_the_pinned_and_the_forgotten_stay(it: &mut impl TiersFixture) -> Checked {
    let ada = a_user(it).await?;
    let hot = remembered(it, ada, "hot").await?;
    let pinned = remembered(it, ada, "pinned").await?;
    let forgotten = remembered(it, ada, "forgotten").await?;
    let plain = remembered(it, ada, "plain").await?;
    it.tiers().warm(&[pinned.id, forgotten.id, plain.id], it.now()).await?;
    done(it, ada, Deed::Pin { id: pinned.id, pinned: true }).await?;
    done(it, ada, Deed::Forget { ids: vec![forgotten.id] }).await?;
    let nothing = it.mint().next(MemoryId::from_uuid);

    let all = [hot.id, pinned.id, forgotten.id, nothing, plain.id, plain.id];
    let moved = it.tiers().archive(&all, it.now()).await?;
    assert!(moved.memories == 1 && moved.bytes < 0, "{moved:?}");
    assert_eq!(found(it, ada, hot.id).await?.tier, MemoryTier::Hot);
    assert_eq!(found(it, ada, pinned.id).await?.tier, MemoryTier::Warm);
    assert_eq!(found(it, ada, plain.id).await?.tier, MemoryTier::Cold);
    let again = it.tiers().archive(&all, it.now()).await?;
    assert_eq!(again, Moved::default(), "nothing is left to archive, and no file is made for it");
    assert_eq!(it.tiers().counts(None).await?.segments, 1);
    Ok(())
}

/// A walk meets every memory of a tier once, in the order of arrival, forgotten ones not.
pub async fn a_walk_meets_every_resident_once(it: &mut impl TiersFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    let mut put = Vec::new();
    for number in 0..30 {
        let owner = if number % 2 == 0 { ada } else { bob };
        put.push(remembered(it, owner, &number.to_string()).await?);
    }
    let warm: Vec<_> = put.iter().skip(10).map(|memory| memory.id).collect();
    it.tiers().warm(&warm, it.now()).await?;
    it.tiers().archive(&warm[10..], it.now()).await?;
    done(it, ada, Deed::Forget { ids: vec![put[0].id, put[10].id, put[20].id] }).await?;
    for (tier, expected) in
        [(MemoryTier::Hot, 1..10), (MemoryTier::Warm, 11..20), (MemoryTier::Cold, 21..30)]
    {
        for limit in [1, 4, 100] {
            let walked = walk(it, tier, limit).await?;
            assert!(walked.iter().eq(put[expected.clone()].iter().map(|memory| &memory.id)));
        }
    }
    assert!(it.tiers().residents(MemoryTier::Hot, u64::MAX, 10).await?.is_empty());
    assert!(it.tiers().residents(MemoryTier::Hot, 0, 0).await?.is_empty());
    Ok(())
}

/// What half has left is written anew and takes less; the texts are as before, and what is whole
/// stays as it is.
pub async fn a_half_dead_archive_is_written_anew(it: &mut impl TiersFixture) -> Checked {
    let ada = a_user(it).await?;
    let (kept, left) = (many(it, ada, "kept", 40).await?, many(it, ada, "left", 60).await?);
    let all: Vec<Memory> = kept.iter().chain(&left).cloned().collect();
    let ids = cold(it, &all).await?;
    assert_eq!(it.tiers().compact(it.now()).await?, None, "all of it is alive");
    let before = it.tiers().counts(None).await?;
    let seen = it.memories().latest();
    it.tiers().warm(&ids[40..], it.now()).await?;

    let since = found(it, ada, kept[0].id).await?.standing.tier_since;
    it.pass(HOUR).await;
    let moved = it.tiers().compact(it.now()).await?;
    assert!(moved.is_some_and(|moved| moved.memories == 40 && moved.bytes > 0), "{moved:?}");
    let after = it.tiers().counts(None).await?;
    assert!(after.cold_bytes < before.cold_bytes && after.segments == 1 && after.cold == 40);
    assert_eq!(it.memories().latest(), seen + 60, "another place in the archive is no change");
    it.reopen().await;
    for memory in &all {
        assert_eq!(found(it, ada, memory.id).await?.text, memory.text);
    }
    assert_eq!(found(it, ada, kept[0].id).await?.standing.tier_since, since);
    assert_eq!(it.tiers().compact(it.now()).await?, None);
    Ok(())
}

/// When nothing lives in a file any more it is gone, without being asked for.
pub async fn an_empty_archive_takes_no_room(it: &mut impl TiersFixture) -> Checked {
    let ada = a_user(it).await?;
    let all = many(it, ada, "text", 20).await?;
    let ids = cold(it, &all).await?;
    let taken = it.tiers().counts(None).await?.cold_bytes;
    let moved = it.tiers().warm(&ids, it.now()).await?;
    assert_eq!(moved, Moved { memories: 20, bytes: taken as i64 });
    let counts = it.tiers().counts(None).await?;
    assert_eq!((counts.cold_bytes, counts.segments, counts.warm), (0, 0, 20));
    Ok(())
}

/// What has been archived before a moment is purged, and told as gone; pinned ones stay, younger
/// ones too.
pub async fn what_is_archived_too_long_expires(it: &mut impl TiersFixture) -> Checked {
    let ada = a_user(it).await?;
    let old = many(it, ada, "old", 5).await?;
    cold(it, &old).await?;
    done(it, ada, Deed::Pin { id: old[2].id, pinned: true }).await?;
    it.pass(HOUR).await;
    let (limit, young) = (it.now(), many(it, ada, "young", 5).await?);
    cold(it, &young).await?;
    let seen = it.memories().latest();

    assert_eq!(it.tiers().expire(limit, u64::MAX).await?.memories, 4);
    assert_eq!(it.tiers().expire(limit, u64::MAX).await?.memories, 0);
    let left = listed(it, ada, &SearchFilter::default(), 100).await?;
    let left: Vec<_> = left.iter().rev().map(|memory| memory.text.as_str()).collect();
    assert_eq!(left[0], old[2].text);
    assert!(left[1..].iter().eq(young.iter().map(|memory| &memory.text)), "{left:?}");
    let changes = it.memories().since(seen, 100).await?;
    assert!(changes.iter().all(|change| change.now == Changed::Gone && change.owner == ada));
    assert_eq!(changes.len(), 4);
    Ok(())
}

/// An archive over its size loses its oldest until it fits; pinned ones stay.
pub async fn an_archive_over_its_size_loses_its_oldest(it: &mut impl TiersFixture) -> Checked {
    let ada = a_user(it).await?;
    let mut generations = Vec::new();
    for name in ["first", "second", "third"] {
        let generation = many(it, ada, name, 30).await?;
        cold(it, &generation).await?;
        generations.push(generation);
        it.pass(HOUR).await;
    }
    done(it, ada, Deed::Pin { id: generations[0][7].id, pinned: true }).await?;
    let full = it.tiers().counts(None).await?.cold_bytes;
    let never = Timestamp::from_unix_micros(0);
    assert_eq!(it.tiers().expire(never, full).await?, Moved::default(), "it fits");

    let moved = it.tiers().expire(never, full * 3 / 4).await?;
    let counts = it.tiers().counts(None).await?;
    assert_eq!((moved.memories, counts.cold), (29, 61));
    assert!(counts.cold_bytes <= full * 3 / 4 && moved.bytes > 0);
    assert_eq!(full as i64 - counts.cold_bytes as i64, moved.bytes);
    found(it, ada, generations[0][7].id).await?;
    let moved = it.tiers().expire(never, 0).await?;
    assert_eq!((moved.memories, it.tiers().counts(None).await?.cold), (60, 1), "pinned ones stay");
    assert_eq!(found(it, ada, generations[0][7].id).await?.text, generations[0][7].text);
    Ok(())
}

/// What was forgotten before a moment is purged wherever it was, is told as gone and cannot come
/// back; what was forgotten later can.
pub async fn what_was_forgotten_long_ago_is_purged(it: &mut impl TiersFixture) -> Checked {
    let ada = a_user(it).await?;
    let all = many(it, ada, "text", 6).await?;
    let ids: Vec<_> = all.iter().map(|memory| memory.id).collect();
    it.tiers().warm(&ids[2..], it.now()).await?;
    it.tiers().archive(&ids[4..], it.now()).await?;
    let early = done(it, ada, Deed::Forget { ids: vec![ids[0], ids[2], ids[4]] }).await?;
    it.pass(HOUR).await;
    let limit = it.now();
    let late = done(it, ada, Deed::Forget { ids: vec![ids[1], ids[3], ids[5]] }).await?;
    assert_eq!(it.tiers().counts(Some(ada)).await?.forgotten, 6);
    let seen = it.memories().latest();

    assert_eq!(it.tiers().purge(limit).await?.memories, 3);
    assert_eq!(it.tiers().purge(limit).await?.memories, 0);
    let changes = it.memories().since(seen, 10).await?;
    assert!(changes.len() == 3 && changes.iter().all(|change| change.now == Changed::Gone));
    it.reopen().await;
    let undo =
        |action: &MemoryAction, at| vec![Write::UndoMemoryAction { id: action.id, owner: ada, at }];
    it.write(undo(&late, it.now())).await?;
    let _ = it.write(undo(&early, it.now())).await; // whether it may be asked or not
    let mut left = listed(it, ada, &SearchFilter::default(), 10).await?;
    left.reverse();
    assert!(left.iter().map(|memory| memory.id).eq([ids[1], ids[3], ids[5]]));
    assert_eq!(left[2].text, all[5].text, "out of the archive");
    let counts = it.tiers().counts(Some(ada)).await?;
    assert_eq!((counts.hot[&None], counts.warm, counts.cold, counts.forgotten), (1, 1, 1, 0));
    Ok(())
}

/// Counts are of one owner or of all; the hot tier's by agent.
pub async fn counts_are_of_one_owner_or_of_all(it: &mut impl TiersFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    for agent in [None, Some(AgentName::Code), Some(AgentName::Code)] {
        let mut memory = given::memory(&it.mint(), ada, &it.mint().uuid().to_string());
        memory.provenance.agent = agent;
        it.write(vec![Write::PutMemory(memory)]).await?;
    }
    let his = many(it, bob, "his", 3).await?;
    it.tiers().warm(&[his[0].id, his[1].id], it.now()).await?;
    it.tiers().archive(&[his[0].id], it.now()).await?;
    it.reopen().await;

    let (hers, all) = (it.tiers().counts(Some(ada)).await?, it.tiers().counts(None).await?);
    assert_eq!((hers.hot[&None], hers.hot[&Some(AgentName::Code)]), (1, 2));
    assert_eq!((hers.warm, hers.cold, hers.forgotten), (0, 0, 0));
    assert_eq!((all.hot[&None], all.hot[&Some(AgentName::Code)]), (2, 2));
    assert_eq!((all.warm, all.cold, all.segments), (1, 1, 1));
    assert!(all.cold_bytes > 0);
    Ok(())
}

/// What is archived is purged with all that says it, as if it were not: its copies in the archive too.
pub async fn what_is_archived_goes_with_every_trace(it: &mut impl TiersFixture) -> Checked {
    let (ada, thread) = given::a_person(it).await?;
    let text = "the vault opens with lilac and thyme";
    let by = |author: &str| {
        let from = Provenance { author: Some(author.to_owned()), ..Provenance::default() };
        Memory { provenance: from, ..given::memory(&it.mint(), ada, text) }
    };
    let (first, copy) = (by("Ida"), by("Bob"));
    let other = remembered(it, ada, "tea over coffee").await?;
    let asked = given::message(&it.mint(), thread, &format!("is it so that {text}?"));
    let (id, put) = (asked.id, |memory: &Memory| Write::PutMemory(memory.clone()));
    it.write(vec![put(&first), put(&copy), Write::AppendMessage(asked)]).await?;
    cold(it, &[first.clone(), copy.clone(), other.clone()]).await?;
    let purge = Write::PurgeMemories { owner: ada, ids: vec![first.id] };
    let mut gone = it.records().apply(Batch::new().write(purge)).await?.memories;
    gone.sort_unstable();
    assert_eq!(gone, [first.id, copy.id]);
    assert_eq!(
        it.conversations().message(ada, id).await?.map(|it| it.content),
        Some(String::new())
    );
    assert_eq!(found(it, ada, other.id).await?.text, other.text);
    Ok(())
}

/// An archived memory is still all a memory is: it can be forgotten, brought back, said again.
pub async fn an_archived_memory_is_still_a_memory(it: &mut impl TiersFixture) -> Checked {
    let ada = a_user(it).await?;
    let tea = remembered(it, ada, "tea over coffee").await?;
    cold(it, std::slice::from_ref(&tea)).await?;
    let forgotten = done(it, ada, Deed::Forget { ids: vec![tea.id] }).await?;
    assert_eq!(it.memories().get(ada, tea.id).await?, None);
    assert_eq!(it.tiers().warm(&[tea.id], it.now()).await?.memories, 0, "it is forgotten");
    let undo = Write::UndoMemoryAction { id: forgotten.id, owner: ada, at: it.now() };
    it.write(vec![undo]).await?;
    assert_eq!(found(it, ada, tea.id).await?.text, tea.text);

    let again = given::memory(&it.mint(), ada, "tea over coffee");
    let applied = it.records().apply(Batch::new().write(Write::PutMemory(again))).await?;
    assert_eq!(applied.memories, [tea.id]);
    assert_eq!(found(it, ada, tea.id).await?.standing.repeats, 1);
    assert_eq!(it.memories().get(a_user(it).await?, tea.id).await?, None, "and its owner's alone");
    Ok(())
}

/// A memory that is put anew while it is archived has its new text, and its old copy is dead.
pub async fn an_archived_memory_can_be_put_anew(it: &mut impl TiersFixture) -> Checked {
    let ada = a_user(it).await?;
    let old = remembered(it, ada, "the meeting is at two").await?;
    cold(it, std::slice::from_ref(&old)).await?;
    let new = Memory { text: "the meeting is at three".to_owned(), ..old.clone() };
    it.write(vec![Write::PutMemory(new)]).await?;
    let now = found(it, ada, old.id).await?;
    assert_eq!((now.text.as_str(), now.tier), ("the meeting is at three", MemoryTier::Hot));
    it.tiers().compact(it.now()).await?;
    assert_eq!(it.tiers().counts(None).await?.segments, 0);
    assert_eq!(listed(it, ada, &SearchFilter::default(), 10).await?.len(), 1);
    Ok(())
}

const HOUR: Duration = Duration::from_secs(3_600);

/// Makes memories warm, then cold; returns their ids.
async fn cold(it: &impl TiersFixture, memories: &[Memory]) -> Result<Vec<MemoryId>, StoreError> {
    let ids: Vec<_> = memories.iter().map(|memory| memory.id).collect();
    it.tiers().warm(&ids, it.now()).await?;
    let moved = it.tiers().archive(&ids, it.now()).await?;
    assert_eq!(moved.memories, ids.len() as u64, "all of them can be archived");
    Ok(ids)
}

async fn many(
    it: &impl TiersFixture,
    owner: UserId,
    name: &str,
    count: usize,
) -> Result<Vec<Memory>, StoreError> {
    let mut made = Vec::with_capacity(count);
    for number in 0..count {
        // Ids are random, so that the text does not compress to nothing.
        let text = format!("{name} {number} {} {}", it.mint().uuid(), it.mint().uuid());
        made.push(remembered(it, owner, &text).await?);
    }
    Ok(made)
}

async fn walk(
    it: &impl TiersFixture,
    tier: MemoryTier,
    limit: usize,
) -> Result<Vec<MemoryId>, StoreError> {
    let (mut met, mut place) = (Vec::new(), 0);
    loop {
        let page = it.tiers().residents(tier, place, limit).await?;
        assert!(page.len() <= limit);
        let Some(last) = page.last() else { return Ok(met) };
        place = last.place;
        met.extend(page.iter().map(|resident| resident.id));
    }
}

fn odd_texts() -> Vec<String> {
    let mut texts: Vec<String> = vec![
        " leading and trailing \n".to_owned(),
        "nul \0 and bell \u{7}".to_owned(),
        "\u{1f980}\u{202e}right to left\u{feff}".to_owned(),
        "x".repeat(MAX_MEMORY_BYTES),
        "\u{e9}".repeat(MAX_MEMORY_BYTES / 2),
        "{\"json\": [1, 2, \"\\n\"]}".to_owned(),
        "a".to_owned(),
    ];
    texts.extend((0..200).map(|number| format!("an ordinary line, number {number}")));
    texts
}

/// Expands to one test a rule of this file.
#[macro_export]
macro_rules! tiers_contract {
    ($fixture:expr) => {
        $crate::contract_tests!(
            tiers,
            $fixture,
            what_is_new_is_hot_until_it_is_made_warm,
            texts_come_back_from_the_archive_byte_for_byte,
            each_move_is_told_as_a_change,
            the_hot_the_pinned_and_the_forgotten_stay,
            a_walk_meets_every_resident_once,
            a_half_dead_archive_is_written_anew,
            an_empty_archive_takes_no_room,
            what_is_archived_too_long_expires,
            an_archive_over_its_size_loses_its_oldest,
            what_was_forgotten_long_ago_is_purged,
            what_is_archived_goes_with_every_trace,
            counts_are_of_one_owner_or_of_all,
            an_archived_memory_is_still_a_memory,
            an_archived_memory_can_be_put_anew,
        );
    };
}
