//! Rules of what deeds rest on: keys that tell a first result, conditions that hold when it is done,
//! and the port `Deeds`, by which it is told.

use std::time::Duration;

use appliance_core::{
    Batch, BatchKey, Condition, Conflict, Deed, MemoryAction, MemoryId, MessageId, Signal,
    SignalId, SignalType, StoreError, Task, TaskId, TaskStatus, Thing, UserId, Write,
    batch::KEY_LIFETIME,
};
use futures_util::future::join_all;

use crate::{
    Checked, StoreFixture,
    given::{self, a_task, a_user, done, found, lost_to, remembered},
};

/// A key tells what was applied under it, with its ids, and changes nothing by being asked.
pub async fn a_first_result_is_asked_without_a_batch(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let key = BatchKey::of_a_day("ada/forget", [1; 32]);
    assert_eq!(it.records().first_result(&key).await?, None);
    let text = given::memory(&it.mint(), ada, "tea");
    let ids = vec![text.id.bytes(), [7; 16]];
    let batch = Batch { ids: ids.clone(), ..Batch::new().write(Write::PutMemory(text.clone())) };
    let applied = it.records().apply(batch.key(key.clone())).await?;

    it.reopen().await;
    let first = it.records().first_result(&key).await?;
    let first = first.ok_or_else(|| StoreError::invalid("contract", "the key is not known"))?;
    assert_eq!((first.commit, first.repeated, &first.ids), (applied.commit, true, &ids));
    assert_eq!(first.memories, [text.id]);
    assert_eq!(it.records().apply(Batch::new().key(key.clone())).await?, first);
    let other = BatchKey::of_a_day("ada/forget", [2; 32]);
    let Err(error) = it.records().first_result(&other).await else {
        return Err(StoreError::invalid("contract", "another request got the first one's result"));
    };
    assert_eq!(error.as_conflict(), Some(&Conflict::KeyReused));
    it.pass(KEY_LIFETIME + Duration::from_secs(60)).await;
    assert_eq!(it.records().first_result(&key).await?, None, "after its day");
    Ok(())
}

/// A key of a task is known for as long as the task is open, however long that is, and a day more.
pub async fn a_key_of_a_task_lives_as_long_as_its_task(it: &mut impl StoreFixture) -> Checked {
    let task = a_task(it).await?;
    let key = || BatchKey::of_task(task.id, "desk/deed/1", [1; 32]);
    it.records().apply(Batch::new().key(key())).await?;
    for _ in 0..3 {
        it.pass(KEY_LIFETIME + Duration::from_secs(60)).await;
        assert!(it.records().first_result(&key()).await?.is_some(), "before anything is written");
        remembered(it, task.owner, "time goes by").await?;
        assert!(it.records().first_result(&key()).await?.is_some(), "after something was");
    }
    it.reopen().await;
    assert!(it.records().apply(Batch::new().key(key())).await?.repeated);

    called_off(it, &task).await?;
    assert!(it.records().first_result(&key()).await?.is_some(), "its end is no time to forget it");
    it.pass(KEY_LIFETIME * 2).await;
    remembered(it, task.owner, "and by").await?;
    assert_eq!(it.records().first_result(&key()).await?, None);
    assert!(!it.records().apply(Batch::new().key(key())).await?.repeated);
    Ok(())
}

/// A key of a task that nobody knows lives a day like any other.
pub async fn a_key_of_no_task_lives_a_day(it: &mut impl StoreFixture) -> Checked {
    let nobodys = it.mint().next(TaskId::from_uuid);
    let key = BatchKey::of_task(nobodys, "desk/deed/1", [1; 32]);
    it.records().apply(Batch::new().key(key.clone())).await?;
    assert!(it.records().first_result(&key).await?.is_some());
    it.pass(KEY_LIFETIME + Duration::from_secs(1)).await;
    assert_eq!(it.records().first_result(&key).await?, None);
    Ok(())
}

/// A repeat is a repeat though what held the first time holds no longer.
pub async fn a_repeat_asks_no_conditions(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let tea = remembered(it, ada, "tea").await?;
    let forget = || {
        let deed = Deed::Forget { ids: vec![tea.id] };
        Batch::new()
            .key(BatchKey::of_a_day("ada/forget", [1; 32]))
            .when(Condition::MemoryShown { id: tea.id, pinned: None })
            .write(Write::ActOnMemory(given::action(&it.mint(), ada, deed)))
    };
    assert!(!it.records().apply(forget()).await?.repeated);
    assert!(it.records().apply(forget()).await?.repeated);
    let unkeyed = Batch { key: None, ..forget() };
    lost_to(&Conflict::Forgotten(tea.id), it.records().apply(unkeyed).await)
}

/// Of corrections at the same moment one wins, and the others are told why not.
pub async fn of_corrections_at_once_one_wins(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let old = remembered(it, ada, "the port is 0").await?;
    let records = it.records();
    let corrections = (1..=8).map(|port| {
        let new = given::memory(&it.mint(), ada, &format!("the port is {port}"));
        let deed = Deed::Correct { old: old.id, new: Box::new(new) };
        let write = Write::ActOnMemory(given::action(&it.mint(), ada, deed));
        records.apply(Batch::new().write(write))
    });
    let mut won = 0;
    for corrected in join_all(corrections).await {
        if corrected.is_ok() {
            won += 1;
        } else {
            lost_to(&Conflict::HoldsNoLonger(old.id), corrected)?;
        }
    }
    assert_eq!(won, 1);
    assert!(found(it, ada, old.id).await?.standing.superseded_by.is_some());
    Ok(())
}

/// A memory has to be there, shown, and pinned as it was read.
pub async fn a_memory_stands_as_it_was_read(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let tea = remembered(it, ada, "tea").await?;
    let shown = |id, pinned| Batch::new().when(Condition::MemoryShown { id, pinned });
    it.records().apply(shown(tea.id, None)).await?;
    it.records().apply(shown(tea.id, Some(false))).await?;
    done(it, ada, Deed::Pin { id: tea.id, pinned: true }).await?;
    let moved = it.records().apply(shown(tea.id, Some(false))).await;
    lost_to(&Conflict::PinMoved(tea.id), moved)?;
    it.records().apply(shown(tea.id, Some(true))).await?;
    done(it, ada, Deed::Forget { ids: vec![tea.id] }).await?;
    let hidden = it.records().apply(shown(tea.id, Some(true))).await;
    lost_to(&Conflict::Forgotten(tea.id), hidden)?;
    let never = it.mint().next(MemoryId::from_uuid);
    let gone = it.records().apply(shown(never, None)).await;
    lost_to(&Conflict::Gone(Thing::Memory(never)), gone)
}

/// A share of utility is what other signals left of it, counted from the one that was read last; an
/// answer is judged once by a kind.
pub async fn a_share_of_utility_is_not_exceeded(it: &mut impl StoreFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    let answer = it.mint().next(MessageId::from_uuid);
    let share = |owner, after, left| {
        let (kind, message_id) = (SignalType::UserRating, answer);
        Batch::new().when(Condition::ShareOfUtility { owner, after, kind, message_id, left })
    };
    let read = signal(it, ada, None, 500);
    it.write(vec![Write::PutSignal(read.clone())]).await?;
    it.records().apply(share(ada, Some(read.id), 0)).await?;
    it.records().apply(share(ada, None, 500)).await?;
    let refused = Conflict::SignalsMoved(ada);
    lost_to(&refused, it.records().apply(share(ada, None, 499)).await)?;
    it.records().apply(share(bob, None, 0)).await?;

    it.write(vec![Write::PutSignal(signal(it, ada, Some(answer), 0))]).await?;
    it.records().apply(share(ada, Some(read.id), 0)).await?;
    let judged = signal(it, ada, Some(answer), -300);
    it.write(vec![Write::PutSignal(judged.clone())]).await?;
    lost_to(&refused, it.records().apply(share(ada, Some(read.id), 1_000)).await)?;
    it.records().apply(share(ada, Some(judged.id), 0)).await.map(drop)
}

/// Of signals at the same moment each counts what those before it moved.
pub async fn of_signals_at_once_only_the_share_is_moved(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let records = it.records();
    let each = (0..10).map(|_| {
        let answer = it.mint().next(MessageId::from_uuid);
        let (kind, message_id) = (SignalType::UserRating, answer);
        let share =
            Condition::ShareOfUtility { owner: ada, after: None, kind, message_id, left: 700 };
        let told = Write::PutSignal(signal(it, ada, Some(answer), 300));
        records.apply(Batch::new().when(share).write(told))
    });
    let kept = join_all(each).await.into_iter().filter(Result::is_ok).count();
    assert_eq!(kept, 3, "0, 300 and 600 are within 700 of others'");
    Ok(())
}

/// A user that was changed since it was read is not written over; there is one first user.
pub async fn a_user_is_changed_as_it_was_read(it: &mut impl StoreFixture) -> Checked {
    let first = given::user(&it.mint());
    let make = || Batch::new().when(Condition::NoUser).write(Write::PutUser(first.clone()));
    it.records().apply(make()).await?;
    lost_to(&Conflict::UsersExist, it.records().apply(make()).await)?;

    let (id, updated_at) = (first.id, first.updated_at);
    let unchanged = || Batch::new().when(Condition::UserUnchanged { id, updated_at });
    it.records().apply(unchanged()).await?;
    let later = updated_at.plus(Duration::from_micros(1));
    it.write(vec![Write::PutUser(appliance_core::User { updated_at: later, ..first })]).await?;
    lost_to(&Conflict::UserMoved(id), it.records().apply(unchanged()).await)?;
    let nobody = given::user(&it.mint()).id;
    let absent = Condition::UserUnchanged { id: nobody, updated_at };
    let refused = it.records().apply(Batch::new().when(absent)).await;
    lost_to(&Conflict::UserMoved(nobody), refused)
}

/// What a deed was done to is read by its owner though it is forgotten, in the order asked for.
pub async fn what_a_deed_was_done_to_is_told(it: &mut impl StoreFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    let (tea, coffee) = (remembered(it, ada, "tea").await?, remembered(it, ada, "coffee").await?);
    done(it, ada, Deed::Forget { ids: vec![tea.id] }).await?;
    let never = it.mint().next(MemoryId::from_uuid);
    let asked = [coffee.id, never, tea.id];
    let told = it.memories().done_to(ada, &asked).await?;
    assert!(told.iter().map(|memory| memory.text.as_str()).eq(["coffee", "tea"]), "{told:?}");
    assert_eq!(it.memories().done_to(bob, &asked).await?, []);
    Ok(())
}

/// A deed says in which task it was done, and a signal is read by its id, by its owner alone.
pub async fn a_deed_and_a_signal_are_told_by_their_ids(it: &mut impl StoreFixture) -> Checked {
    let task = a_task(it).await?;
    let (ada, bob) = (task.owner, a_user(it).await?);
    let tea = remembered(it, ada, "tea").await?;
    let deed = given::action(&it.mint(), ada, Deed::Pin { id: tea.id, pinned: true });
    let deed = MemoryAction { task_id: Some(task.id), ..deed };
    let told = signal(it, ada, None, 10);
    it.write(vec![Write::ActOnMemory(deed.clone()), Write::PutSignal(told.clone())]).await?;
    it.reopen().await;
    assert_eq!(it.memories().action(ada, deed.id).await?, Some(deed));
    assert_eq!(it.memories().signal(bob, told.id).await?, None);
    assert_eq!(it.memories().signal(ada, told.id).await?, Some(told));
    assert_eq!(it.memories().signal(ada, it.mint().next(SignalId::from_uuid)).await?, None);
    Ok(())
}

async fn called_off(it: &impl StoreFixture, task: &Task) -> Checked {
    let (id, to, at) = (task.id, TaskStatus::Cancelled, it.now());
    it.write(vec![Write::TransitionTask { id, to, attempt: None, phase: None, at }]).await
}

fn signal(
    it: &impl StoreFixture,
    owner: UserId,
    message_id: Option<MessageId>,
    moved: i32,
) -> Signal {
    Signal {
        id: it.mint().next(SignalId::from_uuid),
        owner,
        kind: SignalType::UserRating,
        strength: 500,
        rating: None,
        comment: None,
        task_id: None,
        message_id,
        memories: Vec::new(),
        moved,
        at: it.now(),
    }
}

/// Expands to one test a rule of this file.
#[macro_export]
macro_rules! deeds_contract {
    ($fixture:expr) => {
        $crate::contract_tests!(
            deeds,
            $fixture,
            a_first_result_is_asked_without_a_batch,
            a_key_of_a_task_lives_as_long_as_its_task,
            a_key_of_no_task_lives_a_day,
            a_repeat_asks_no_conditions,
            of_corrections_at_once_one_wins,
            a_memory_stands_as_it_was_read,
            a_share_of_utility_is_not_exceeded,
            of_signals_at_once_only_the_share_is_moved,
            a_user_is_changed_as_it_was_read,
            what_a_deed_was_done_to_is_told,
            a_deed_and_a_signal_are_told_by_their_ids,
        );
    };
}
