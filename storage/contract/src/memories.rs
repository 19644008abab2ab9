//! Rules of the port `Memories`: the truth that every index follows.

use appliance_core::{
    Batch, ErrorKind, Memory, PageRequest, StoreError, UserId, Write,
    memory::{MAX_AUTHOR_BYTES, MAX_MEMORY_BYTES},
};

use crate::{
    Checked, StoreFixture,
    given::{self, a_user, refusal},
};

/// An index that follows `since` from nothing reads every memory once, in order, up to `latest`.
pub async fn since_tells_everything_in_order(it: &mut impl StoreFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    assert_eq!(it.memories().latest(), 0);
    for number in 0..10 {
        keep(it, if number % 2 == 0 { ada } else { bob }, &number.to_string()).await?;
    }
    let (mut at, mut read) = (0, Vec::new());
    loop {
        let more = it.memories().since(at, 3).await?;
        let Some(last) = more.last() else { break };
        assert!(more.len() <= 3);
        at = last.seq;
        read.extend(more.into_iter().map(|memory| memory.text));
    }
    assert!(read.iter().map(String::as_str).eq("0123456789".split("").filter(|t| !t.is_empty())));
    assert_eq!(at, it.memories().latest());
    assert!(it.memories().since(at, 3).await?.is_empty());
    assert!(it.memories().since(u64::MAX, 3).await?.is_empty());
    Ok(())
}

/// `latest` counts on after a restart.
pub async fn latest_survives_a_restart(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    keep(it, ada, "one").await?;
    keep(it, ada, "two").await?;
    it.reopen().await;
    assert_eq!(it.memories().latest(), 2);
    keep(it, ada, "three").await?;
    assert_eq!(it.memories().latest(), 3);
    Ok(())
}

/// Putting an id again replaces the text under a new sequence, and leaves nothing of the old one.
pub async fn an_existing_id_is_replaced(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let old = keep(it, ada, "the meeting is at two").await?;
    keep(it, ada, "another").await?;
    let new = Memory { text: "the meeting is at three".to_owned(), ..old.clone() };
    it.write(vec![Write::PutMemory(new)]).await?;

    let found = it.memories().get(ada, old.id).await?;
    assert_eq!(found.map(|m| (m.seq, m.text)), Some((3, "the meeting is at three".to_owned())));
    let all: Vec<_> = it.memories().since(0, 10).await?.iter().map(|memory| memory.seq).collect();
    assert_eq!(all, [2, 3]);
    let listed = it.memories().list(ada, PageRequest::new(10, None)).await?;
    assert_eq!(listed.items.len(), 2);
    Ok(())
}

/// A memory is its owner's alone, and cannot be taken over.
pub async fn another_owner_sees_nothing(it: &mut impl StoreFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    let secret = keep(it, ada, "secret").await?;
    assert_eq!(it.memories().get(bob, secret.id).await?, None);
    assert!(it.memories().list(bob, PageRequest::new(10, None)).await?.items.is_empty());
    let stolen = Batch::new().write(Write::PutMemory(Memory { owner: bob, ..secret.clone() }));
    refusal(ErrorKind::Conflict, it.records().apply(stolen).await)?;
    assert!(it.memories().get(ada, secret.id).await?.is_some());
    Ok(())
}

/// The owner's list is newest first and complete by pages.
pub async fn paging_is_complete_without_doubles(it: &mut impl StoreFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    for _ in 0..9 {
        keep(it, ada, "hers").await?;
        keep(it, bob, "his").await?;
    }
    for limit in [1, 4, 9, 10] {
        let found = given::all(limit, |page| {
            let memories = it.memories();
            async move { memories.list(ada, page).await }
        });
        let seqs: Vec<_> = found.await?.iter().map(|memory| memory.seq).collect();
        assert_eq!(seqs, [17, 15, 13, 11, 9, 7, 5, 3, 1], "{limit} a page");
    }
    Ok(())
}

/// A text over the limit is refused and names the limit; one at the limit is kept.
pub async fn a_text_over_the_limit_is_refused(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    keep(it, ada, &"x".repeat(MAX_MEMORY_BYTES)).await?;
    let big = given::memory(&it.mint(), ada, &"x".repeat(MAX_MEMORY_BYTES + 1));
    let applied = it.records().apply(Batch::new().write(Write::PutMemory(big))).await;
    let error = refusal(ErrorKind::TooLarge, applied)?;
    assert!(error.to_string().contains(&MAX_MEMORY_BYTES.to_string()), "{error}");
    Ok(())
}

/// Who said it comes back with the memory, after a restart too; a name over the limit is refused.
pub async fn an_author_is_kept(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let mut said = given::memory(&it.mint(), ada, "I moved to Lisbon");
    said.provenance.author = Some("Gwen \u{1f980}".to_owned());
    it.write(vec![Write::PutMemory(said.clone())]).await?;
    it.reopen().await;
    let found = it.memories().get(ada, said.id).await?;
    assert_eq!(found.map(|memory| memory.provenance), Some(said.provenance.clone()));
    said.provenance.author = Some("x".repeat(MAX_AUTHOR_BYTES + 1));
    let applied = it.records().apply(Batch::new().write(Write::PutMemory(said))).await;
    refusal(ErrorKind::TooLarge, applied)?;
    Ok(())
}

async fn keep(it: &impl StoreFixture, owner: UserId, text: &str) -> Result<Memory, StoreError> {
    let memory = given::memory(&it.mint(), owner, text);
    it.write(vec![Write::PutMemory(memory.clone())]).await?;
    Ok(memory)
}

/// Expands to one test a rule of this file.
#[macro_export]
macro_rules! memories_contract {
    ($fixture:expr) => {
        $crate::contract_tests!(
            memories,
            $fixture,
            since_tells_everything_in_order,
            latest_survives_a_restart,
            an_existing_id_is_replaced,
            another_owner_sees_nothing,
            paging_is_complete_without_doubles,
            a_text_over_the_limit_is_refused,
            an_author_is_kept,
        );
    };
}
