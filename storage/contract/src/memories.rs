//! Rules of the port `Memories`: the truth that every index follows.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]

use appliance_core::{
    AgentName, Batch, Collection, ConversationId, Deed, ErrorKind, Labels, Memory, MemoryId,
    MemoryKind, MemoryTier, MessageId, Outcome, PageRequest, Phase, Provenance, SearchFilter,
    Standing, StoreError, Timestamp, UserId, Utility, Write,
    memory::{MAX_AUTHOR_BYTES, MAX_LABEL_BYTES, MAX_MEMORY_BYTES},
    ports::{Change, Changed},
};

use crate::{
    Checked, StoreFixture,
    given::{self, a_user, found, listed, refusal, remembered},
};

/// An index that follows `since` from nothing reads every memory once, in order, up to `latest`.
pub async fn since_tells_everything_in_order(it: &mut impl StoreFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    assert_eq!(it.memories().latest(), 0);
    for number in 0..10 {
        remembered(it, if number % 2 == 0 { ada } else { bob }, &number.to_string()).await?;
    }
    let (mut at, mut read) = (0, Vec::new());
    loop {
        let more = it.memories().since(at, 3).await?;
        let Some(last) = more.last() else { break };
        assert!(more.len() <= 3);
        at = last.position;
        read.extend(more.iter().map(text));
    }
    assert!(read.iter().map(String::as_str).eq("0123456789".split("").filter(|t| !t.is_empty())));
    assert_eq!(at, it.memories().latest());
    assert!(it.memories().since(at, 3).await?.is_empty());
    assert!(it.memories().since(u64::MAX, 3).await?.is_empty());
    assert!(it.memories().since(0, 0).await?.is_empty());
    Ok(())
}

/// Of a memory's changes only the last is told, with its owner and as the memory is now.
pub async fn since_tells_a_memorys_last_change_once(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let (tea, coffee) = (remembered(it, ada, "tea").await?, remembered(it, ada, "coffee").await?);
    for _ in 0..3 {
        let touched = vec![(tea.id, 1, Utility::MOST)];
        it.write(vec![Write::TouchMemories { owner: ada, touched, at: it.now() }]).await?;
    }
    let changes = it.memories().since(0, 10).await?;
    let told: Vec<_> = changes.iter().map(|change| (change.id, change.owner)).collect();
    assert_eq!(told, [(coffee.id, ada), (tea.id, ada)]);
    assert_eq!(changes[1].position, it.memories().latest(), "the last one is where `latest` is");
    let now = found(it, ada, tea.id).await?;
    assert_eq!(now.standing.accesses, 3);
    assert_eq!(changes[1].now, Changed::Live(Box::new(now)));
    Ok(())
}

/// A change says when the text changed: using, rating and pinning do not move that; making,
/// replacing and bringing back do.
pub async fn a_change_says_whether_the_text_changed(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let tea = remembered(it, ada, "tea").await?;
    assert_eq!(last_of(it, tea.id).await?, (1, 1));
    let touched = vec![(tea.id, 1, Utility::MOST)];
    it.write(vec![Write::TouchMemories { owner: ada, touched, at: it.now() }]).await?;
    assert_eq!(last_of(it, tea.id).await?, (2, 1));
    given::done(it, ada, Deed::Pin { id: tea.id, pinned: true }).await?;
    assert_eq!(last_of(it, tea.id).await?, (3, 1));
    remembered(it, ada, "Tea!").await?;
    assert_eq!(last_of(it, tea.id).await?, (4, 1), "a repeat is no other text");
    let green = Memory { text: "green tea".to_owned(), ..tea.clone() };
    it.write(vec![Write::PutMemory(green)]).await?;
    assert_eq!(last_of(it, tea.id).await?, (5, 5));
    let forgotten = given::done(it, ada, Deed::Forget { ids: vec![tea.id] }).await?;
    let (id, at) = (forgotten.id, it.now());
    it.write(vec![Write::UndoMemoryAction { id, owner: ada, at }]).await?;
    assert_eq!(last_of(it, tea.id).await?, (7, 7), "an index has let it go meanwhile");
    Ok(())
}

/// Where many write at once, a reader that goes on from the last position it was told misses nothing.
pub async fn positions_become_visible_in_their_order(it: &mut impl StoreFixture) -> Checked {
    const WRITERS: usize = 8;
    const EACH: usize = 12;
    let ada = a_user(it).await?;
    let (records, memories, mint) = (it.records(), it.memories(), it.mint());
    let write = |writer: usize| {
        let (records, mint) = (records.clone(), mint.clone());
        tokio::spawn(async move {
            for number in 0..EACH {
                let memory = given::memory(&mint, ada, &format!("{writer} says {number}"));
                records.apply(Batch::new().write(Write::PutMemory(memory))).await?;
            }
            Ok::<_, StoreError>(())
        })
    };
    let writers: Vec<_> = (0..WRITERS).map(write).collect();
    let (mut told, mut position) = (Vec::new(), 0);
    while told.len() < WRITERS * EACH {
        let over = writers.iter().all(tokio::task::JoinHandle::is_finished);
        let goal = memories.latest();
        let page = memories.since(position, 5).await?;
        told.extend(page.iter().map(|change| change.position));
        // `latest` may be behind what is visible already.
        position = page.last().map_or(goal.max(position), |change| change.position);
        assert!(!over || position < goal || told.len() == WRITERS * EACH, "missed: {told:?}");
        tokio::task::yield_now().await;
    }
    assert!(told.iter().copied().eq(1..=(WRITERS * EACH) as u64), "{told:?}");
    Ok(())
}

async fn last_of(it: &impl StoreFixture, id: MemoryId) -> Result<(u64, u64), StoreError> {
    let changes = it.memories().since(0, 100).await?;
    let last = changes.iter().find(|change| change.id == id);
    last.map(|change| (change.position, change.text_at))
        .ok_or_else(|| StoreError::invalid("contract", "it is told"))
}

/// `latest` counts on after a restart, and what was told before it is told alike.
pub async fn latest_survives_a_restart(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    remembered(it, ada, "one").await?;
    remembered(it, ada, "two").await?;
    let before = it.memories().since(0, 10).await?;
    it.reopen().await;
    assert_eq!(it.memories().latest(), 2);
    assert_eq!(it.memories().since(0, 10).await?, before);
    remembered(it, ada, "three").await?;
    assert_eq!(it.memories().latest(), 3);
    Ok(())
}

/// Putting an id again replaces the text at its place in the order of arrival, under a new
/// position.
pub async fn an_existing_id_is_replaced(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let old = remembered(it, ada, "the meeting is at two").await?;
    remembered(it, ada, "another").await?;
    let new = Memory { text: "the meeting is at three".to_owned(), ..old.clone() };
    it.write(vec![Write::PutMemory(new)]).await?;

    let now = found(it, ada, old.id).await?;
    assert_eq!((now.seq, now.text.as_str()), (1, "the meeting is at three"));
    let changes = it.memories().since(0, 10).await?;
    assert!(changes.iter().map(|change| change.position).eq([2, 3]));
    let list = listed(it, ada, &SearchFilter::default(), 10).await?;
    assert!(list.iter().map(|memory| memory.seq).eq([2, 1]));
    Ok(())
}

/// A memory is its owner's alone, and cannot be taken over.
pub async fn another_owner_sees_nothing(it: &mut impl StoreFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    let secret = remembered(it, ada, "secret").await?;
    assert_eq!(it.memories().get(bob, secret.id).await?, None);
    assert!(listed(it, bob, &SearchFilter::default(), 10).await?.is_empty());
    let stolen = Batch::new().write(Write::PutMemory(Memory { owner: bob, ..secret.clone() }));
    refusal(ErrorKind::Conflict, it.records().apply(stolen).await)?;
    let touched = vec![(secret.id, 1, Utility::MOST)];
    let touch = Write::TouchMemories { owner: bob, touched, at: it.now() };
    refusal(ErrorKind::Conflict, it.records().apply(Batch::new().write(touch)).await)?;
    assert_eq!(found(it, ada, secret.id).await?.standing, secret.standing);
    Ok(())
}

/// The owner's list is newest first and complete by pages.
pub async fn paging_is_complete_without_doubles(it: &mut impl StoreFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    for number in 0..9 {
        remembered(it, ada, &format!("hers, {number}")).await?;
        remembered(it, bob, &format!("his, {number}")).await?;
    }
    for limit in [1, 4, 9, 10] {
        let list = listed(it, ada, &SearchFilter::default(), limit).await?;
        let seqs: Vec<_> = list.iter().map(|memory| memory.seq).collect();
        assert_eq!(seqs, [17, 15, 13, 11, 9, 7, 5, 3, 1], "{limit} a page");
    }
    Ok(())
}

/// A list shows exactly what passes its filter, whatever it is narrowed to.
pub async fn a_list_is_narrowed_as_a_search_is(it: &mut impl StoreFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    let thread = it.mint().next(ConversationId::from_uuid);
    let message = it.mint().next(MessageId::from_uuid);
    let all: Vec<Memory> = (0..60)
        .map(|number| various(it, if number % 5 == 4 { bob } else { ada }, number, thread, message))
        .collect();
    it.write(all.iter().cloned().map(Write::PutMemory).collect()).await?;
    let mut shown = 0;
    for filter in filters(thread, message) {
        let list = listed(it, ada, &filter, 7).await?;
        let wanted = all.iter().rev().filter(|memory| memory.facets().pass(ada, &filter));
        assert!(list.iter().map(|m| m.id).eq(wanted.map(|m| m.id)), "{filter:?}");
        assert!(list.len() < 48 || filter == SearchFilter::default(), "{filter:?} narrows");
        shown += list.len();
    }
    assert!(shown > 100, "the filters find something");
    Ok(())
}

/// Where few pass, pages may be short or empty, and the cursor still comes to the end.
pub async fn a_list_of_few_is_read_to_its_end(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let rare = Memory { kind: MemoryKind::Note, ..given::memory(&it.mint(), ada, "rare") };
    it.write(vec![Write::PutMemory(rare.clone())]).await?;
    for part in 0..5 {
        let texts = (0..1_000).map(|number| format!("{part} and {number}"));
        let writes = texts.map(|text| Write::PutMemory(given::memory(&it.mint(), ada, &text)));
        it.write(writes.collect()).await?;
    }
    let filter = SearchFilter { collection: Some(Collection::Memories), ..Default::default() };
    let list = listed(it, ada, &filter, 100).await?;
    assert!(list.iter().map(|memory| memory.id).eq([rare.id]));
    Ok(())
}

/// A text over the limit is refused and names the limit; one at the limit is kept.
pub async fn a_text_over_the_limit_is_refused(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    remembered(it, ada, &"x".repeat(MAX_MEMORY_BYTES)).await?;
    let big = given::memory(&it.mint(), ada, &"x".repeat(MAX_MEMORY_BYTES + 1));
    let applied = it.records().apply(Batch::new().write(Write::PutMemory(big))).await;
    let error = refusal(ErrorKind::TooLarge, applied)?;
    assert!(error.to_string().contains(&MAX_MEMORY_BYTES.to_string()), "{error}");
    Ok(())
}

/// Texts come back byte for byte.
pub async fn memories_are_kept_byte_for_byte(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let texts =
        ["  `rm -rf /` \u{0}\r\n\t<b>&amp;", "caf\u{e9} cafe\u{301} \u{202e}\u{1f980}", "."];
    for text in texts {
        let id = remembered(it, ada, text).await?.id;
        assert_eq!(found(it, ada, id).await?.text, text);
    }
    Ok(())
}

/// Everything about a memory comes back, after a restart too; what is over its limit is refused.
pub async fn where_it_came_from_is_kept(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let (thread, message) =
        (it.mint().next(ConversationId::from_uuid), it.mint().next(MessageId::from_uuid));
    let mut said = various(it, ada, 7, thread, message);
    said.provenance.author = Some("Gwen \u{1f980}".to_owned());
    said.provenance.untrusted = Some("web: example.com".to_owned());
    said.standing.pinned = true;
    said.standing.repeats = 3;
    it.write(vec![Write::PutMemory(said.clone())]).await?;
    it.reopen().await;
    assert_eq!(found(it, ada, said.id).await?, Memory { seq: 1, ..said.clone() });

    let long = |bytes: usize| Some("x".repeat(bytes + 1));
    let from = said.provenance.clone();
    let labels = said.labels.clone();
    let over = [
        Memory {
            provenance: Provenance { author: long(MAX_AUTHOR_BYTES), ..from },
            ..said.clone()
        },
        Memory { labels: Labels { source: long(MAX_LABEL_BYTES), ..labels }, ..said.clone() },
        Memory {
            labels: Labels { domain: long(MAX_LABEL_BYTES), ..Labels::default() },
            ..said.clone()
        },
    ];
    for memory in over {
        let applied = it.records().apply(Batch::new().write(Write::PutMemory(memory))).await;
        refusal(ErrorKind::TooLarge, applied)?;
    }
    Ok(())
}

/// Whatever it says of itself, a memory that is put is not in the archive.
pub async fn what_is_put_is_not_archived(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    for tier in MemoryTier::ALL {
        let memory = Memory { tier, ..given::memory(&it.mint(), ada, tier.as_str()) };
        it.write(vec![Write::PutMemory(memory.clone())]).await?;
        let now = found(it, ada, memory.id).await?;
        let wanted = if tier == MemoryTier::Hot { MemoryTier::Hot } else { MemoryTier::Warm };
        assert_eq!((now.tier, now.text.as_str()), (wanted, tier.as_str()));
    }
    let changes = it.memories().since(0, 10).await?;
    assert!(changes.iter().all(|change| matches!(change.now, Changed::Live(_))));
    Ok(())
}

/// Pages of deeds and signals of somebody who has none are empty.
pub async fn a_new_owner_has_nothing(it: &mut impl StoreFixture) -> Checked {
    let (ada, page) = (a_user(it).await?, PageRequest::new(10, None));
    assert!(it.memories().list(ada, &SearchFilter::default(), page).await?.items.is_empty());
    assert!(it.memories().actions(ada, page).await?.items.is_empty());
    assert!(it.memories().signals(ada, page).await?.items.is_empty());
    assert_eq!(it.memories().moved_since(ada, Timestamp::from_unix_micros(0)).await?, 0);
    Ok(())
}

fn text(change: &Change) -> String {
    match &change.now {
        Changed::Live(memory) => memory.text.clone(),
        other => format!("{other:?}"),
    }
}

/// Returns a memory that differs from its neighbours in everything a list may be narrowed by.
fn various(
    it: &impl StoreFixture,
    owner: UserId,
    number: u16,
    thread: ConversationId,
    message: MessageId,
) -> Memory {
    let kinds = [
        MemoryKind::Said,
        MemoryKind::Note,
        MemoryKind::Answer,
        MemoryKind::Learning,
        MemoryKind::Document,
    ];
    let mut memory = given::memory(&it.mint(), owner, &format!("number {number}"));
    memory.kind = kinds[usize::from(number % 5)];
    memory.tier = if number.is_multiple_of(2) { MemoryTier::Hot } else { MemoryTier::Warm };
    memory.created_at = Timestamp::from_unix_micros(i64::from(number) * 1_000);
    memory.provenance.agent = number.is_multiple_of(3).then_some(AgentName::Data);
    memory.provenance.conversation_id = (number % 4 == 1).then_some(thread);
    memory.provenance.message_id = (number % 7 == 1).then_some(message);
    memory.labels.phase = (number % 3 == 1).then_some(Phase::Verify);
    memory.labels.outcome = (number % 4 == 2).then_some(Outcome::Failure);
    memory.labels.source = (number % 2 == 1).then(|| "documentation".to_owned());
    memory.labels.domain = (number % 3 == 2).then(|| "infra".to_owned());
    memory.standing = Standing {
        utility: Utility::from_ten_thousandths(number * 150),
        valid_until: (number % 6 == 5).then(|| Timestamp::from_unix_micros(40_000)),
        ..Standing::new(memory.created_at)
    };
    memory
}

fn filters(thread: ConversationId, message: MessageId) -> Vec<SearchFilter> {
    let none = SearchFilter::default;
    let at = |micros| Some(Timestamp::from_unix_micros(micros));
    let mut filters = vec![
        none(),
        SearchFilter { tier: Some(MemoryTier::Hot), ..none() },
        SearchFilter { tier: Some(MemoryTier::Cold), ..none() },
        SearchFilter { agent: Some(AgentName::Data), ..none() },
        SearchFilter { conversation_id: Some(thread), ..none() },
        SearchFilter { except_message: Some(message), ..none() },
        SearchFilter { from: at(20_000), ..none() },
        SearchFilter { until: at(20_000), ..none() },
        SearchFilter { min_utility: Some(Utility::START), ..none() },
        SearchFilter { phase: Some(Phase::Verify), ..none() },
        SearchFilter { outcome: Some(Outcome::Failure), ..none() },
        SearchFilter { source: Some("documentation".to_owned()), ..none() },
        SearchFilter { domain: Some("infra".to_owned()), ..none() },
        SearchFilter { as_of: at(39_999), ..none() },
        SearchFilter { as_of: at(40_000), ..none() },
        SearchFilter { from: at(5_000), until: at(50_000), agent: Some(AgentName::Data), ..none() },
    ];
    let of = |collection| SearchFilter { collection: Some(collection), ..none() };
    filters.extend(Collection::ALL.map(of));
    filters
}

/// Expands to one test a rule of this file.
#[macro_export]
macro_rules! memories_contract {
    ($fixture:expr) => {
        $crate::contract_tests!(
            memories,
            $fixture,
            since_tells_everything_in_order,
            since_tells_a_memorys_last_change_once,
            a_change_says_whether_the_text_changed,
            positions_become_visible_in_their_order,
            latest_survives_a_restart,
            an_existing_id_is_replaced,
            another_owner_sees_nothing,
            paging_is_complete_without_doubles,
            a_list_is_narrowed_as_a_search_is,
            a_list_of_few_is_read_to_its_end,
            a_text_over_the_limit_is_refused,
            memories_are_kept_byte_for_byte,
            where_it_came_from_is_kept,
            what_is_put_is_not_archived,
            a_new_owner_has_nothing,
        );
    };
}
