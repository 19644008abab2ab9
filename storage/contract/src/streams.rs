//! Rules of the port `Streams`: entries under leases, handed out until they are acknowledged.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]

use std::time::Duration;

use appliance_core::{
    AgentName, Batch, Condition, Conflict, Delivery, ErrorKind, Incarnation, IncarnationId,
    StoreError, StreamName, TaskId, TaskStatus, Wait, WaitReason, Write,
    bus::{AGENTS_GROUP, LEASE},
    desk::Lease,
    ports::Take,
};
use futures_util::future::join_all;

use crate::{
    Checked, StoreFixture,
    given::{self, a_task, entries, lost_to, refusal},
};

const SECOND: Duration = Duration::from_secs(1);

/// Entries come oldest first, with their sequence, counted as delivered once, and then no more.
pub async fn entries_come_oldest_first(it: &mut impl StoreFixture) -> Checked {
    entries(it, &calm(), 3).await?;
    let taker = taker(it);
    for number in 1..=3 {
        let Some(delivery) = take(it, taker).await? else { return missing() };
        assert_eq!((delivery.seq, delivery.deliveries), (number, 1));
        assert_eq!(delivery.envelope.payload.action, number.to_string());
    }
    assert_eq!(take(it, taker).await?, None);
    Ok(())
}

/// Many takers at once: every entry goes to exactly one of them.
pub async fn an_entry_goes_to_one_taker(it: &mut impl StoreFixture) -> Checked {
    entries(it, &calm(), 20).await?;
    let takers: Vec<_> = (0..30).map(|_| taker(it)).collect();
    let taken = join_all(takers.into_iter().map(|taker| take(it, taker))).await;
    let mut seqs = Vec::new();
    for delivery in taken {
        seqs.extend(delivery?.map(|delivery| delivery.seq));
    }
    seqs.sort_unstable();
    assert!(seqs.iter().copied().eq(1..=20), "{seqs:?}");
    Ok(())
}

/// An acknowledged entry is gone for good, and acknowledging it again is refused.
pub async fn an_acknowledged_entry_is_gone(it: &mut impl StoreFixture) -> Checked {
    entries(it, &calm(), 1).await?;
    let Some(delivery) = take(it, taker(it)).await? else { return missing() };
    it.records().apply(acked(&delivery)).await?;
    refusal(ErrorKind::Conflict, it.records().apply(acked(&delivery)).await)?;
    it.pass(LEASE + SECOND).await;
    assert_eq!(take(it, taker(it)).await?, None);
    it.reopen().await;
    assert_eq!(take(it, taker(it)).await?, None);
    Ok(())
}

/// An entry that was never handed out cannot be acknowledged.
pub async fn only_a_pending_entry_is_acknowledged(it: &mut impl StoreFixture) -> Checked {
    entries(it, &calm(), 1).await?;
    let write = Write::AckBus { stream: calm(), group: AGENTS_GROUP.to_owned(), seq: 1 };
    refusal(ErrorKind::Conflict, it.records().apply(Batch::new().write(write)).await)?;
    assert!(take(it, taker(it)).await?.is_some());
    Ok(())
}

/// A lease that runs out gives the entry to the next taker with its count raised.
pub async fn a_lease_runs_out(it: &mut impl StoreFixture) -> Checked {
    entries(it, &calm(), 1).await?;
    let (one, two) = (taker(it), taker(it));
    take(it, one).await?;
    it.pass(LEASE - SECOND).await;
    assert!(holds(it, one, 1) && take(it, two).await?.is_none(), "a second before");
    it.pass(SECOND * 2).await;
    assert!(!holds(it, one, 1));
    let again = take(it, two).await?.map(|delivery| (delivery.seq, delivery.deliveries));
    assert_eq!(again, Some((1, 2)));
    assert!(holds(it, two, 1) && !holds(it, one, 1));
    Ok(())
}

/// A renewed lease holds on; one that has run out or is another's cannot be renewed.
pub async fn a_lease_is_renewed_by_its_holder_alone(it: &mut impl StoreFixture) -> Checked {
    entries(it, &calm(), 1).await?;
    let (one, two) = (taker(it), taker(it));
    take(it, one).await?;
    for _ in 0..4 {
        it.pass(LEASE / 2).await;
        assert!(renew(it, one).await?);
        assert!(!renew(it, two).await?);
    }
    assert_eq!(take(it, two).await?, None);
    it.pass(LEASE + SECOND).await;
    assert!(!renew(it, one).await?, "after it ran out");
    Ok(())
}

/// The condition `Leased` holds for the delivery it was given and not for an earlier one.
pub async fn a_stale_lease_changes_nothing(it: &mut impl StoreFixture) -> Checked {
    entries(it, &calm(), 1).await?;
    let Some(first) = take(it, taker(it)).await? else { return missing() };
    it.pass(LEASE + SECOND).await;
    let Some(second) = take(it, taker(it)).await? else { return missing() };
    let lost = Conflict::LeaseLost { stream: first.stream.clone(), seq: first.seq };
    lost_to(&lost, it.records().apply(acked(&first)).await)?;
    it.records().apply(acked(&second)).await.map(drop)
}

/// An entry that is given back comes again after the delay, not before.
pub async fn an_entry_comes_back_after_its_delay(it: &mut impl StoreFixture) -> Checked {
    entries(it, &calm(), 1).await?;
    let (one, two) = (taker(it), taker(it));
    take(it, one).await?;
    it.streams().give_back(two, &calm(), AGENTS_GROUP, 1, Duration::ZERO).await?;
    assert!(holds(it, one, 1), "only its holder gives it back");
    it.streams().give_back(one, &calm(), AGENTS_GROUP, 1, SECOND * 10).await?;
    assert!(!holds(it, one, 1));
    it.pass(SECOND * 9).await;
    assert_eq!(take(it, two).await?, None);
    it.pass(SECOND * 2).await;
    assert_eq!(take(it, two).await?.map(|delivery| delivery.deliveries), Some(2));
    Ok(())
}

/// An entry whose task waits is handed out to nobody before it is due, is not counted meanwhile, a
/// restart included, holds up no other, and comes soon when its task was called off.
pub async fn an_entry_whose_task_waits_comes_when_it_is_due(it: &mut impl StoreFixture) -> Checked {
    let (one, two) = (a_task(it).await?, a_task(it).await?);
    let (id, taker) = (one.id, taker(it));
    it.write(vec![given::work_on(&it.mint(), &calm(), id)]).await?;
    let began = take(it, taker).await?.map(|delivery| (delivery.seq, delivery.deliveries));
    assert_eq!(began, Some((1, 1)));
    let wait = put_off(it, id, SECOND * 20).await?;
    let held = it.tasks().get(id).await?.map(|task| (task.status, task.wait));
    assert_eq!(held, Some((TaskStatus::Pending, Some(wait))));

    it.streams().release(taker).await?;
    it.write(vec![given::work_on(&it.mint(), &calm(), two.id)]).await?;
    assert_eq!(take(it, taker).await?.map(|delivery| delivery.seq), Some(2), "others pass");
    it.reopen().await;
    it.pass(SECOND * 10).await;
    assert_eq!(take(it, taker).await?.map(|delivery| delivery.seq), Some(2), "after a restart too");
    assert_eq!(take(it, taker).await?, None);
    it.pass(SECOND * 11).await;
    let again = take(it, taker).await?.map(|delivery| (delivery.seq, delivery.deliveries));
    assert_eq!(again, Some((1, 2)), "nothing was counted meanwhile");

    put_off(it, id, SECOND * 600).await?;
    it.streams().give_back(taker, &calm(), AGENTS_GROUP, 1, Duration::ZERO).await?;
    assert_eq!(take(it, taker).await?, None);
    let (to, at) = (TaskStatus::Cancelled, it.now());
    it.write(vec![Write::TransitionTask { id, to, attempt: None, phase: None, at }]).await?;
    assert_eq!(it.tasks().get(id).await?.and_then(|task| task.wait), None);
    it.pass(SECOND * 2).await;
    assert_eq!(take(it, taker).await?.map(|delivery| delivery.seq), Some(1), "its wait is over");
    Ok(())
}

/// Begins a task and has its next try wait.
async fn put_off(it: &impl StoreFixture, id: TaskId, after: Duration) -> Result<Wait, StoreError> {
    let at = it.now();
    let wait = Wait { reason: WaitReason::RateLimited, due: at.plus(after), tries: 1 };
    let to = TaskStatus::InProgress;
    let begin = Write::TransitionTask { id, to, attempt: Some(1), phase: None, at };
    it.write(vec![begin, Write::HoldTask { id, wait, at }]).await?;
    Ok(wait)
}

/// When a taker dies, its entries go to others at once, and nobody else's do.
pub async fn a_dead_takers_entries_come_again(it: &mut impl StoreFixture) -> Checked {
    entries(it, &calm(), 3).await?;
    let (dead, alive) = (taker(it), taker(it));
    take(it, dead).await?;
    take(it, alive).await?;
    it.streams().release(dead).await?;
    assert!(!holds(it, dead, 1) && holds(it, alive, 2));
    let next = take(it, alive).await?.map(|delivery| (delivery.seq, delivery.deliveries));
    assert_eq!(next, Some((1, 2)), "the redelivery comes before the new entry");
    assert_eq!(take(it, alive).await?.map(|delivery| delivery.seq), Some(3));
    Ok(())
}

/// A taker keeps the deliveries that it names; the rest of what it was given comes again at once.
pub async fn a_taker_keeps_what_it_names(it: &mut impl StoreFixture) -> Checked {
    entries(it, &calm(), 4).await?;
    let (one, other) = (taker(it), taker(it));
    let (mut first, mut lost) = (Vec::new(), Vec::new());
    first.extend(take(it, one).await?);
    lost.extend(take(it, one).await?);
    take(it, other).await?;
    let held: Vec<Lease> = first.iter().map(lease).collect();
    it.streams().release_others(one, AGENTS_GROUP, &held).await?;
    assert!(holds(it, one, 1) && !holds(it, one, 2) && holds(it, other, 3));
    let again = take(it, one).await?.map(|delivery| (delivery.seq, delivery.deliveries));
    assert_eq!(again, Some((2, 2)));

    let stale: Vec<Lease> = lost.iter().map(lease).collect();
    it.streams().release_others(one, AGENTS_GROUP, &stale).await?;
    assert!(!holds(it, one, 1) && !holds(it, one, 2), "an earlier delivery is not the one held");
    assert!(holds(it, other, 3));
    Ok(())
}

/// After a restart everything pending comes again with its count raised, oldest first.
pub async fn counts_survive_a_restart(it: &mut impl StoreFixture) -> Checked {
    entries(it, &calm(), 3).await?;
    let one = taker(it);
    let Some(first) = take(it, one).await? else { return missing() };
    take(it, one).await?;
    it.records().apply(acked(&first)).await?;
    for count in 2..=4 {
        it.reopen().await;
        assert!(!holds(it, one, 2), "leases end with the server");
        let again = take(it, taker(it)).await?.map(|d| (d.seq, d.deliveries));
        assert_eq!(again, Some((2, count)));
    }
    assert_eq!(take(it, one).await?.map(|d| (d.seq, d.deliveries)), Some((3, 1)));
    Ok(())
}

/// The urgent stream comes first; one read in ten takes the other.
pub async fn urgent_comes_first_and_starves_nobody(it: &mut impl StoreFixture) -> Checked {
    entries(it, &calm(), 3).await?;
    entries(it, &urgent(), 30).await?;
    let mut order = Vec::new();
    let one = taker(it);
    for _ in 0..20 {
        let Some(delivery) = take_from(it, one, vec![urgent(), calm()]).await? else {
            return missing();
        };
        order.push(delivery.stream == urgent());
    }
    assert!(order[..5].iter().all(|urgent| *urgent), "urgent comes first: {order:?}");
    assert_eq!(order.iter().filter(|urgent| !**urgent).count(), 2, "two in twenty: {order:?}");
    Ok(())
}

/// A waiting taker gets an entry as soon as it is appended, not when its wait is over.
pub async fn a_waiting_taker_wakes_on_append(it: &mut impl StoreFixture) -> Checked {
    let (streams, wish) = (it.streams(), wish(taker(it), vec![calm()], SECOND * 20));
    let waiting = tokio::spawn(async move { streams.take(wish, Box::new(|_| vec![])).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let began = tokio::time::Instant::now();
    entries(it, &calm(), 1).await?;
    let taken =
        waiting.await.map_err(|error| StoreError::unavailable("contract", error.to_string()));
    assert_eq!(taken??.map(|delivery| delivery.seq), Some(1));
    assert!(began.elapsed() < SECOND * 5, "woke after {:?}", began.elapsed());
    Ok(())
}

/// A waiting taker gets what another gives back or dies with.
pub async fn a_waiting_taker_wakes_on_release(it: &mut impl StoreFixture) -> Checked {
    entries(it, &calm(), 1).await?;
    let holder = taker(it);
    take(it, holder).await?;
    let (streams, wish) = (it.streams(), wish(taker(it), vec![calm()], SECOND * 20));
    let waiting = tokio::spawn(async move { streams.take(wish, Box::new(|_| vec![])).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    it.streams().release(holder).await?;
    let taken =
        waiting.await.map_err(|error| StoreError::unavailable("contract", error.to_string()));
    assert_eq!(taken??.map(|delivery| delivery.deliveries), Some(2));
    Ok(())
}

/// A take with nothing to give ends when its wait is over.
pub async fn a_wait_ends(it: &mut impl StoreFixture) -> Checked {
    let began = tokio::time::Instant::now();
    let wish = wish(taker(it), vec![calm()], Duration::from_millis(120));
    assert_eq!(it.streams().take(wish, Box::new(|_| vec![])).await?, None);
    assert!(began.elapsed() >= Duration::from_millis(120) && began.elapsed() < SECOND * 5);
    Ok(())
}

/// A take whose caller goes away in the middle keeps its entry from nobody for longer than a lease.
pub async fn an_abandoned_take_loses_nothing(it: &mut impl StoreFixture) -> Checked {
    const MANY: usize = 20;
    entries(it, &calm(), MANY).await?;
    for patience in 0..MANY {
        let (streams, wish) = (it.streams(), wish(taker(it), vec![calm()], Duration::ZERO));
        let taking = tokio::spawn(async move { streams.take(wish, Box::new(|_| vec![])).await });
        for _ in 0..patience {
            tokio::task::yield_now().await;
        }
        taking.abort();
    }
    // Whatever was on its way to the disk when its caller went is there once this is.
    it.write(vec![given::append(&it.mint(), &urgent(), "last")]).await?;
    it.pass(LEASE + SECOND).await;
    let (mut seqs, one) = (Vec::new(), taker(it));
    while let Some(delivery) = take(it, one).await? {
        seqs.push(delivery.seq);
    }
    seqs.sort_unstable();
    assert!(seqs.iter().copied().eq(1..=MANY as u64), "{seqs:?}");
    Ok(())
}

/// Writes that come with a delivery commit with it, and see its count.
pub async fn attached_writes_commit_with_the_delivery(it: &mut impl StoreFixture) -> Checked {
    let task = a_task(it).await?;
    entries(it, &calm(), 1).await?;
    let (id, at) = (task.id, it.now());
    let begin = move |delivery: &Delivery| {
        let attempt = Some(delivery.deliveries);
        vec![Write::TransitionTask { id, to: TaskStatus::InProgress, attempt, phase: None, at }]
    };
    let wish = wish(taker(it), vec![calm()], Duration::ZERO);
    it.streams().take(wish, Box::new(begin)).await?;
    let found = it.tasks().get(id).await?.map(|task| (task.status, task.attempt));
    assert_eq!(found, Some((TaskStatus::InProgress, 1)));
    Ok(())
}

/// When the attached writes are refused the entry is delivered without them.
pub async fn a_delivery_goes_on_without_refused_writes(it: &mut impl StoreFixture) -> Checked {
    let task = a_task(it).await?;
    entries(it, &calm(), 2).await?;
    let (id, at) = (task.id, it.now());
    let nobody = it.mint().next(TaskId::from_uuid);
    for id in [id, nobody] {
        let illegal = move |_: &Delivery| {
            let to = TaskStatus::Completed;
            vec![Write::TransitionTask { id, to, attempt: None, phase: None, at }]
        };
        let wish = wish(taker(it), vec![calm()], Duration::ZERO);
        let taken = it.streams().take(wish, Box::new(illegal)).await?;
        assert_eq!(taken.map(|delivery| delivery.deliveries), Some(1));
    }
    let status = it.tasks().get(id).await?.map(|task| task.status);
    assert_eq!(status, Some(TaskStatus::Pending));
    it.reopen().await;
    assert_eq!(take(it, taker(it)).await?.map(|d| d.deliveries), Some(2), "the count is kept");
    Ok(())
}

/// Depths count what waits and what is leased, not what was acknowledged.
pub async fn depths_count_what_is_not_acknowledged(it: &mut impl StoreFixture) -> Checked {
    entries(it, &calm(), 3).await?;
    entries(it, &urgent(), 1).await?;
    let Some(delivery) = take(it, taker(it)).await? else { return missing() };
    assert_eq!(depths(it).await?, [(calm(), 3), (urgent(), 1)]);
    it.records().apply(acked(&delivery)).await?;
    assert_eq!(depths(it).await?, [(calm(), 2), (urgent(), 1)]);
    it.reopen().await;
    assert_eq!(depths(it).await?, [(calm(), 2), (urgent(), 1)]);
    Ok(())
}

/// Groups read a stream each for itself, from its beginning.
pub async fn groups_do_not_see_each_other(it: &mut impl StoreFixture) -> Checked {
    entries(it, &calm(), 1).await?;
    let Some(delivery) = take(it, taker(it)).await? else { return missing() };
    it.records().apply(acked(&delivery)).await?;
    let mut other = wish(taker(it), vec![calm()], Duration::ZERO);
    other.group = "watchers".to_owned();
    let taken = it.streams().take(other, Box::new(|_| vec![])).await?;
    assert_eq!(taken.map(|d| (d.seq, d.deliveries)), Some((1, 1)));
    Ok(())
}

fn calm() -> StreamName {
    StreamName::of_agent(AgentName::Code, appliance_core::Priority::NORMAL)
}

fn urgent() -> StreamName {
    let highest = appliance_core::Priority::new(10).unwrap_or(appliance_core::Priority::NORMAL);
    StreamName::of_agent(AgentName::Code, highest)
}

fn taker(it: &impl StoreFixture) -> Incarnation {
    Incarnation { agent: AgentName::Code, id: it.mint().next(IncarnationId::from_uuid) }
}

fn wish(taker: Incarnation, streams: Vec<StreamName>, wait: Duration) -> Take {
    Take { taker, streams, group: AGENTS_GROUP.to_owned(), wait }
}

async fn take(it: &impl StoreFixture, taker: Incarnation) -> Result<Option<Delivery>, StoreError> {
    take_from(it, taker, vec![calm()]).await
}

async fn take_from(
    it: &impl StoreFixture,
    taker: Incarnation,
    streams: Vec<StreamName>,
) -> Result<Option<Delivery>, StoreError> {
    it.streams().take(wish(taker, streams, Duration::ZERO), Box::new(|_| vec![])).await
}

fn holds(it: &impl StoreFixture, taker: Incarnation, seq: u64) -> bool {
    it.streams().holds(taker, &calm(), AGENTS_GROUP, seq)
}

async fn renew(it: &impl StoreFixture, taker: Incarnation) -> Result<bool, StoreError> {
    it.streams().renew(taker, &calm(), AGENTS_GROUP, 1).await
}

async fn depths(it: &impl StoreFixture) -> Result<Vec<(StreamName, u64)>, StoreError> {
    let mut found = it.streams().depths(AGENTS_GROUP).await?;
    found.sort();
    Ok(found)
}

fn lease(delivery: &Delivery) -> Lease {
    Lease {
        stream: delivery.stream.clone(),
        seq: delivery.seq,
        deliveries: delivery.deliveries,
        task_id: delivery.envelope.payload.task_id,
    }
}

/// A batch that acknowledges under the condition that the lease holds.
fn acked(delivery: &Delivery) -> Batch {
    let (stream, group) = (delivery.stream.clone(), AGENTS_GROUP.to_owned());
    let (seq, deliveries) = (delivery.seq, delivery.deliveries);
    let leased =
        Condition::Leased { stream: stream.clone(), group: group.clone(), seq, deliveries };
    Batch::new().when(leased).write(Write::AckBus { stream, group, seq })
}

fn missing() -> Checked {
    Err(StoreError::invalid("contract", "an entry was expected and none came"))
}

/// Expands to one test a rule of this file.
#[macro_export]
macro_rules! streams_contract {
    ($fixture:expr) => {
        $crate::contract_tests!(
            streams,
            $fixture,
            entries_come_oldest_first,
            an_entry_goes_to_one_taker,
            an_acknowledged_entry_is_gone,
            only_a_pending_entry_is_acknowledged,
            a_lease_runs_out,
            a_lease_is_renewed_by_its_holder_alone,
            a_stale_lease_changes_nothing,
            an_entry_comes_back_after_its_delay,
            an_entry_whose_task_waits_comes_when_it_is_due,
            a_dead_takers_entries_come_again,
            a_taker_keeps_what_it_names,
            counts_survive_a_restart,
            urgent_comes_first_and_starves_nobody,
            a_waiting_taker_wakes_on_append,
            a_waiting_taker_wakes_on_release,
            a_wait_ends,
            an_abandoned_take_loses_nothing,
            attached_writes_commit_with_the_delivery,
            a_delivery_goes_on_without_refused_writes,
            depths_count_what_is_not_acknowledged,
            groups_do_not_see_each_other,
        );
    };
}
