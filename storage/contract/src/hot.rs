//! Rules of the port `HotTier`: the youngest memories, whole; what has to go is told.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]

use std::sync::Arc;

use appliance_core::{
    AgentName, IdMint, Memory, MemoryId, StoreError, UserId, ports::HotTier, time::ManualClock,
};

use crate::{Checked, given};

/// A hot tier under test.
pub trait HotFixture: Send + Sync {
    /// Returns an empty one that takes `per_agent` memories an agent.
    fn hot(&self, per_agent: usize) -> Arc<dyn HotTier>;
}

/// What was put comes back whole, to its owner alone, until it is taken.
pub async fn what_was_put_comes_back_to_its_owner(it: &mut impl HotFixture) -> Checked {
    let (hot, some) = (it.hot(10), Source::new());
    let tea = some.said(None, "tea \u{1f980}\0");
    assert_eq!(hot.put(tea.clone()).await?, []);
    assert_eq!(hot.get(tea.owner, tea.id).await?, Some(tea.clone()));
    assert_eq!(hot.get(some.stranger(), tea.id).await?, None);
    hot.take(tea.id).await?;
    hot.take(tea.id).await?;
    assert_eq!((hot.get(tea.owner, tea.id).await?, hot.count().await?), (None, 0));
    Ok(())
}

/// Putting an id again replaces it and takes no second place.
pub async fn putting_again_replaces(it: &mut impl HotFixture) -> Checked {
    let (hot, some) = (it.hot(2), Source::new());
    let first = some.said(None, "first");
    let second = Memory { text: "second".to_owned(), ..first.clone() };
    hot.put(some.said(None, "other")).await?;
    hot.put(first.clone()).await?;
    assert_eq!(hot.put(second.clone()).await?, []);
    assert_eq!((hot.get(first.owner, first.id).await?, hot.count().await?), (Some(second), 2));
    Ok(())
}

/// What was used least recently goes first, and is told to the caller once.
pub async fn the_least_recently_used_goes_first(it: &mut impl HotFixture) -> Checked {
    let (hot, some) = (it.hot(3), Source::new());
    let all: Vec<Memory> = (0..6).map(|number| some.said(None, &number.to_string())).collect();
    for memory in &all[..3] {
        assert_eq!(hot.put(memory.clone()).await?, []);
    }
    hot.get(all[0].owner, all[0].id).await?;
    hot.get(some.stranger(), all[1].id).await?; // no use of it
    assert_eq!(hot.put(all[3].clone()).await?, [all[1].id]);
    assert_eq!(hot.put(all[4].clone()).await?, [all[2].id]);
    assert_eq!(hot.put(all[5].clone()).await?, [all[0].id]);
    assert_eq!(hot.count().await?, 3);
    Ok(())
}

/// Each agent has its own places, and people's memories theirs.
pub async fn each_agent_has_its_own_places(it: &mut impl HotFixture) -> Checked {
    let (hot, some) = (it.hot(2), Source::new());
    let mut first = Vec::new();
    for agent in [None, Some(AgentName::Code), Some(AgentName::Qa)] {
        let of_it = [some.said(agent, "one"), some.said(agent, "two")];
        for memory in &of_it {
            assert_eq!(hot.put(memory.clone()).await?, [], "nobody else has to make room");
        }
        first.push((agent, of_it[0].id));
    }
    assert_eq!(hot.count().await?, 6);
    for (agent, id) in first {
        assert_eq!(hot.put(some.said(agent, "three")).await?, [id]);
    }
    assert_eq!(hot.count().await?, 6);
    Ok(())
}

/// One that takes nothing gives every memory straight back; one that takes many loses none.
pub async fn the_limit_is_kept_at_its_ends(it: &mut impl HotFixture) -> Checked {
    let some = Source::new();
    let (none, tea) = (it.hot(0), some.said(None, "tea"));
    assert_eq!(none.put(tea.clone()).await?, [tea.id]);
    assert_eq!((none.get(tea.owner, tea.id).await?, none.count().await?), (None, 0));
    let many = it.hot(1_000);
    for number in 0..1_000 {
        assert_eq!(many.put(some.said(None, &number.to_string())).await?, []);
    }
    assert_eq!(many.count().await?, 1_000);
    Ok(())
}

/// Hits and misses are counted.
pub async fn hits_and_misses_are_counted(it: &mut impl HotFixture) -> Checked {
    let (hot, some) = (it.hot(2), Source::new());
    let tea = some.said(None, "tea");
    hot.put(tea.clone()).await?;
    hot.get(tea.owner, tea.id).await?;
    hot.get(tea.owner, tea.id).await?;
    hot.get(tea.owner, some.mint.next(MemoryId::from_uuid)).await?;
    hot.get(some.stranger(), tea.id).await?;
    assert_eq!(hot.hits(), (2, 2));
    Ok(())
}

/// Many callers at once: nothing is lost but what was told to go, and no limit is passed.
pub async fn many_callers_lose_nothing_untold(it: &mut impl HotFixture) -> Checked {
    let (hot, some) = (it.hot(50), Source::new());
    let mut callers = Vec::new();
    for agent in [None, Some(AgentName::Code), None, Some(AgentName::Code)] {
        let mine: Vec<Memory> = (0..100).map(|n| some.said(agent, &n.to_string())).collect();
        let hot = Arc::clone(&hot);
        callers.push(tokio::spawn(async move {
            let mut told = Vec::new();
            for memory in mine {
                told.extend(hot.put(memory).await?);
                tokio::task::yield_now().await;
            }
            Ok::<_, StoreError>(told)
        }));
    }
    let mut told = Vec::new();
    for caller in callers {
        let ended =
            caller.await.map_err(|error| StoreError::invalid("contract", error.to_string()));
        told.extend(ended??);
    }
    let all = told.len();
    told.sort_unstable();
    told.dedup();
    assert_eq!((told.len(), all, hot.count().await?), (300, 300, 100));
    Ok(())
}

/// Where memories come from.
struct Source {
    mint: IdMint,
    owner: UserId,
}

impl Source {
    fn new() -> Self {
        let mint = IdMint::new(Arc::new(ManualClock::at_millis(1_793_000_000_000)), 0);
        let owner = mint.next(UserId::from_uuid);
        Self { mint, owner }
    }

    fn said(&self, agent: Option<AgentName>, text: &str) -> Memory {
        let mut memory = given::memory(&self.mint, self.owner, text);
        memory.provenance.agent = agent;
        memory
    }

    fn stranger(&self) -> UserId {
        self.mint.next(UserId::from_uuid)
    }
}

/// Expands to one test a rule of this file.
#[macro_export]
macro_rules! hot_contract {
    ($fixture:expr) => {
        $crate::contract_tests!(
            hot,
            $fixture,
            what_was_put_comes_back_to_its_owner,
            putting_again_replaces,
            the_least_recently_used_goes_first,
            each_agent_has_its_own_places,
            the_limit_is_kept_at_its_ends,
            hits_and_misses_are_counted,
            many_callers_lose_nothing_untold,
        );
    };
}
