//! Rules of repeats: the same said twice is one memory, and nothing else ever is.

use std::time::Duration;

use appliance_core::{
    AgentName, Applied, Batch, BatchKey, ConversationId, Deed, Memory, MemoryId, MemoryKind,
    SearchFilter, StoreError, Timestamp, UserId, Write,
};
use futures_util::future::join_all;

use crate::{
    Checked, StoreFixture,
    given::{self, a_user, done, found, listed, remembered},
};

/// A day.
const DAY: Duration = Duration::from_secs(86_400);

/// Pairs that are near each other by their words, or by their meaning, and say different things.
pub const PAIRS: [(&str, &str); 52] = [
    ("Alice prefers tea over coffee", "Alice prefers coffee over tea"),
    ("restart nginx", "do not restart nginx"),
    ("the backup runs at 2am", "the backup runs at 3am"),
    ("the door code is 4711", "the door code is 4117"),
    ("Bob reports to Carol", "Carol reports to Bob"),
    ("the staging database is called heron", "the staging database is called herons"),
    ("the flight leaves on 3 May", "the flight leaves on 5 May"),
    ("my sister lives in Bern", "my sister lived in Bern"),
    ("she is allergic to nuts", "she is not allergic to nuts"),
    ("we deploy on Tuesday", "we deploy on Thursday"),
    ("the rent is 1,200 a month", "the rent is 1,300 a month"),
    ("use tabs for indentation", "use spaces for indentation"),
    ("the limit is 10 MB", "the limit is 10 GB"),
    ("the limit is 1.5 GiB", "the limit is 15 GiB"),
    ("port 8080 is free", "port 8081 is free"),
    ("can we ship on Friday?", "we can ship on Friday"),
    ("we ship on Friday", "we ship on Friday?"),
    ("Ann paid Bill", "Bill paid Ann"),
    ("enable the feature for all users", "disable the feature for all users"),
    ("always ask before deleting", "never ask before deleting"),
    ("delete logs after 30 days", "delete logs after 90 days"),
    ("the cat is inside the house", "the cat is outside the house"),
    ("increase the timeout to 60 s", "decrease the timeout to 60 s"),
    ("the meeting is before lunch", "the meeting is after lunch"),
    ("all tests passed", "all tests but one passed"),
    ("he has two brothers", "he had two brothers"),
    ("pay the invoice by the 1st", "pay the invoice by the 11th"),
    ("version 1.2.3 is broken", "version 1.3.2 is broken"),
    ("rollback was successful", "rollback was unsuccessful"),
    ("the key is in the left drawer", "the key is in the right drawer"),
    ("Tom is taller than Tim", "Tim is taller than Tom"),
    ("mail the report to Kim", "mail the report to Jim"),
    ("her birthday is 04/05", "her birthday is 05/04"),
    ("only admins may log in", "admins may only log in"),
    ("the server is in Frankfurt am Main", "the server is in Frankfurt (Oder)"),
    ("temperature is -5 degrees", "temperature is 5 degrees"),
    ("set a = b", "set b = a"),
    ("set x >= 3", "set x > 3"),
    ("git push origin main", "git push origin main --force"),
    ("the list is [1, 2]", "the list is [2, 1]"),
    ("the path is /etc/nginx", "the path is /etc/nginx2"),
    ("no, sugar", "no sugar"),
    ("let's eat, Grandma", "let's eat Grandma"),
    ("I saw her yesterday", "I saw him yesterday"),
    ("the first answer was right", "the last answer was right"),
    ("it costs 20 euros", "it costs 20 dollars"),
    ("Maria was born in 1989", "Maria was born in 1998"),
    ("the na\u{ef}ve approach works", "the naive approach works"),
    ("call me at +41 44 123 45 67", "call me at +41 44 123 45 76"),
    ("most people agree", "few people agree"),
    ("the window is open", "the window is opened by the guard"),
    ("he said he would come", "he said she would come"),
];

/// Fifty pairs that differ little are a hundred memories: each is stored, read and listed.
pub async fn what_differs_in_one_word_stays_apart(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let mut kept = Vec::new();
    for (one, other) in PAIRS {
        kept.push(remembered(it, ada, one).await?);
        kept.push(remembered(it, ada, other).await?);
    }
    for memory in &kept {
        let now = found(it, ada, memory.id).await?;
        assert_eq!((&now.text, now.standing.repeats), (&memory.text, 0));
    }
    let list = listed(it, ada, &SearchFilter::default(), 30).await?;
    assert!(list.iter().map(|memory| memory.id).eq(kept.iter().rev().map(|memory| memory.id)));
    Ok(())
}

/// The same again, in other case, spacing or ending, is counted; the first one's id and sequence
/// come back and its change moves.
pub async fn the_same_again_is_counted(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let first = put(it, given::memory(&it.mint(), ada, "The DB is called Heron")).await?;
    remembered(it, ada, "another").await?;
    let again = [
        "the db is  called heron.",
        "Remember that the DB is called Heron!",
        "The DB is called Heron",
    ];
    for (number, text) in (1..).zip(again) {
        let applied = put(it, given::memory(&it.mint(), ada, text)).await?;
        assert_eq!((&applied.memories, &applied.sequences), (&first.memories, &first.sequences));
        let now = found(it, ada, first.memories[0]).await?;
        assert_eq!((now.text.as_str(), now.standing.repeats), ("The DB is called Heron", number));
        let changes = it.memories().since(0, 10).await?;
        assert!(changes.last().is_some_and(|change| change.id == first.memories[0]));
        assert_eq!(changes.len(), 2, "a repeat makes no memory");
    }
    it.reopen().await;
    put(it, given::memory(&it.mint(), ada, "the db is called heron")).await?;
    assert_eq!(found(it, ada, first.memories[0]).await?.standing.repeats, 4);
    Ok(())
}

/// The same text of another owner, kind, author, agent or conversation is another memory; so is one
/// that was read in a place nobody vouches for.
pub async fn the_same_from_elsewhere_is_another(it: &mut impl StoreFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    let plain = || given::memory(&it.mint(), ada, "the db is called heron");
    let with = |change: fn(&mut Memory)| {
        let mut memory = plain();
        change(&mut memory);
        memory
    };
    let thread = it.mint().next(ConversationId::from_uuid);
    let mut threaded = plain();
    threaded.provenance.conversation_id = Some(thread);
    let variants = [
        plain(),
        Memory { owner: bob, ..plain() },
        with(|memory| memory.kind = MemoryKind::Note),
        with(|memory| memory.provenance.author = Some("Gwen".to_owned())),
        with(|memory| memory.provenance.agent = Some(AgentName::Supervisor)),
        with(|memory| memory.provenance.agent = Some(AgentName::Code)),
        with(|memory| memory.provenance.untrusted = Some("web: example.com".to_owned())),
        threaded,
    ];
    for memory in variants.clone() {
        let id = memory.id;
        assert_eq!(put(it, memory).await?.memories, [id]);
    }
    for memory in variants {
        let (id, again) = (memory.id, it.mint().next(MemoryId::from_uuid));
        assert_eq!(put(it, Memory { id: again, ..memory }).await?.memories, [id]);
    }
    Ok(())
}

/// Repeats in one batch, and in many batches at once, are counted one by one.
pub async fn repeats_at_once_are_counted(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let say = || Write::PutMemory(given::memory(&it.mint(), ada, "the db is called heron"));
    let records = it.records();
    let batches = (0..20).map(|_| records.apply(Batch::new().write(say()).write(say())));
    let mut ids: Vec<MemoryId> = Vec::new();
    for applied in join_all(batches).await {
        ids.extend(applied?.memories);
    }
    assert_eq!(ids.len(), 40);
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert_eq!(found(it, ada, ids[0]).await?.standing.repeats, 39);
    Ok(())
}

/// What was forgotten can be said again, and is then a new memory; undoing leaves both, and the
/// same once more is counted for one of them.
pub async fn what_was_forgotten_can_be_said_again(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let text = "the db is called heron";
    let old = remembered(it, ada, text).await?;
    let action = done(it, ada, Deed::Forget { ids: vec![old.id] }).await?;
    let new = given::memory(&it.mint(), ada, text);
    assert_eq!(put(it, new.clone()).await?.memories, [new.id]);
    it.write(vec![Write::UndoMemoryAction { id: action.id, owner: ada, at: it.now() }]).await?;
    assert_eq!(list(it, ada).await?, [new.id, old.id]);
    assert_eq!(put(it, given::memory(&it.mint(), ada, text)).await?.memories, [new.id]);

    done(it, ada, Deed::Forget { ids: vec![new.id] }).await?;
    let third = given::memory(&it.mint(), ada, text);
    let held = put(it, third.clone()).await?.memories;
    assert!(held == [third.id] || held == [old.id], "one of those that are shown");
    Ok(())
}

/// What no longer holds can be said again: it may have become so again.
pub async fn what_was_corrected_can_be_said_again(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let old = remembered(it, ada, "the port is 8080").await?;
    let new = given::memory(&it.mint(), ada, "the port is 9090");
    done(it, ada, Deed::Correct { old: old.id, new: Box::new(new.clone()) }).await?;
    let again = given::memory(&it.mint(), ada, "the port is 8080");
    assert_eq!(put(it, again.clone()).await?.memories, [again.id]);
    assert_eq!(list(it, ada).await?, [again.id, new.id]);
    assert_eq!(
        put(it, given::memory(&it.mint(), ada, "the port is 9090")).await?.memories,
        [new.id]
    );
    Ok(())
}

/// What held once and is put again, however often, is the one that is there already, and nothing about
/// that one changes; what was said at another moment, or was forgotten, is another.
pub async fn what_held_once_is_known_again(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let mint = it.mint();
    let held = |days: u32| {
        let at = Timestamp::from_unix_micros(1_700_000_000_000_000).plus(DAY * days);
        let mut memory = given::memory(&mint, ada, "the port is 8080");
        memory.created_at = at;
        memory.standing.valid_from = at;
        memory.standing.valid_until = Some(at.plus(DAY / 2));
        memory
    };
    let first = held(9);
    assert_eq!(put(it, first.clone()).await?.memories, [first.id]);
    done(it, ada, Deed::Pin { id: first.id, pinned: true }).await?;
    it.reopen().await;
    let (kept, at) = (found(it, ada, first.id).await?, it.memories().latest());
    for pinned in [false, true] {
        let mut again = held(9);
        again.standing.pinned = pinned;
        let applied = put(it, again).await?;
        assert_eq!((applied.memories, applied.sequences), (vec![first.id], vec![Some(kept.seq)]));
    }
    assert_eq!((found(it, ada, first.id).await?, it.memories().latest()), (kept, at));

    let holds = remembered(it, ada, "the port is 8080").await?;
    let other = held(5);
    assert_eq!(put(it, other.clone()).await?.memories, [other.id], "it held at another time");
    assert_eq!(found(it, ada, holds.id).await?.standing.repeats, 0);
    done(it, ada, Deed::Forget { ids: vec![other.id] }).await?;
    let back = held(5);
    assert_eq!(put(it, back.clone()).await?.memories, [back.id], "what was forgotten comes back");
    Ok(())
}

/// A replaced text gives its form up and takes its new one.
pub async fn a_replaced_text_can_be_said_again(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let old = remembered(it, ada, "the port is 8080").await?;
    put(it, Memory { text: "the port is 9090".to_owned(), ..old.clone() }).await?;
    assert_eq!(
        put(it, given::memory(&it.mint(), ada, "the port is 9090")).await?.memories,
        [old.id]
    );
    let again = given::memory(&it.mint(), ada, "the port is 8080");
    assert_eq!(put(it, again.clone()).await?.memories, [again.id]);
    Ok(())
}

/// Texts of marks alone are the same only where they are equal.
pub async fn marks_alone_stay_apart(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let texts = ["!", "!!", ".", "...", " "];
    for text in texts {
        remembered(it, ada, text).await?;
    }
    assert_eq!(list(it, ada).await?.len(), texts.len());
    remembered(it, ada, "...").await?;
    assert_eq!(list(it, ada).await?.len(), texts.len());
    Ok(())
}

/// A batch's repeat under its key tells the same memories and counts nothing.
pub async fn a_repeated_key_tells_the_same_memories(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let mint = it.mint();
    let batch = |texts: [&str; 2]| {
        let key = BatchKey::of_a_day("remember".to_owned(), [1; 32]);
        texts.into_iter().fold(Batch::new().key(key), |batch, text| {
            batch.write(Write::PutMemory(given::memory(&mint, ada, text)))
        })
    };
    let held = remembered(it, ada, "tea").await?.id;
    let first = it.records().apply(batch(["tea", "coffee"])).await?;
    assert_eq!((first.memories.len(), first.memories[0]), (2, held));
    it.reopen().await;
    let again = it.records().apply(batch(["tea", "coffee"])).await?;
    assert_eq!((again.repeated, &again.memories), (true, &first.memories));
    assert_eq!(found(it, ada, held).await?.standing.repeats, 1);
    Ok(())
}

async fn put(it: &impl StoreFixture, memory: Memory) -> Result<Applied, StoreError> {
    it.records().apply(Batch::new().write(Write::PutMemory(memory))).await
}

async fn list(it: &impl StoreFixture, owner: UserId) -> Result<Vec<MemoryId>, StoreError> {
    let list = listed(it, owner, &SearchFilter::default(), 10).await?;
    Ok(list.into_iter().map(|memory| memory.id).collect())
}

/// Expands to one test a rule of this file.
#[macro_export]
macro_rules! memory_repeats_contract {
    ($fixture:expr) => {
        $crate::contract_tests!(
            memory_repeats,
            $fixture,
            what_differs_in_one_word_stays_apart,
            the_same_again_is_counted,
            the_same_from_elsewhere_is_another,
            repeats_at_once_are_counted,
            what_was_forgotten_can_be_said_again,
            what_was_corrected_can_be_said_again,
            what_held_once_is_known_again,
            a_replaced_text_can_be_said_again,
            marks_alone_stay_apart,
            a_repeated_key_tells_the_same_memories,
        );
    };
}
