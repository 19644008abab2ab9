//! Rules of the port `Records`: what a batch promises.

use std::time::Duration;

use appliance_core::{
    Batch, BatchKey, Condition, Conflict, ErrorKind, PageRequest, StoreError, TaskStatus, Thing,
    Write, ids::TaskId,
};
use futures_util::future::join_all;

use crate::{
    Checked, StoreFixture,
    given::{self, a_person, a_task, a_user, lost_to, refusal},
};

/// A batch whose last write is refused leaves nothing of its first ones.
pub async fn a_batch_is_applied_whole_or_not_at_all(it: &mut impl StoreFixture) -> Checked {
    let (owner, thread) = a_person(it).await?;
    let said = given::message(&it.mint(), thread, "hello");
    let elsewhere =
        given::task(&it.mint(), owner, it.mint().next(appliance_core::ConversationId::from_uuid));
    let batch =
        Batch::new().write(Write::AppendMessage(said.clone())).write(Write::PutTask(elsewhere));
    refusal(ErrorKind::Invalid, it.records().apply(batch).await)?;

    assert_eq!(it.conversations().message(owner, said.id).await?, None);
    let page = it.conversations().messages(owner, thread, PageRequest::new(10, None)).await?;
    assert!(page.items.is_empty(), "nothing of a refused batch is stored");

    it.write(vec![Write::AppendMessage(said)]).await?;
    let page = it.conversations().messages(owner, thread, PageRequest::new(10, None)).await?;
    assert_eq!(page.items[0].seq, 1, "nor does it use up a sequence");
    Ok(())
}

/// A batch may make a thread, speak in it, make a task and end it.
pub async fn later_writes_see_earlier_ones(it: &mut impl StoreFixture) -> Checked {
    let user = given::user(&it.mint());
    let thread = given::thread(&it.mint(), user.id);
    let said = given::message(&it.mint(), thread.id, "hello");
    let task = given::task(&it.mint(), user.id, thread.id);
    let (id, at) = (task.id, it.now());
    let step = |to| Write::TransitionTask { id, to, attempt: Some(1), phase: None, at };
    let owner = user.id;
    it.write(vec![
        Write::PutUser(user),
        Write::PutConversation(thread.clone()),
        Write::AppendMessage(said.clone()),
        Write::PutTask(task),
        step(TaskStatus::InProgress),
        step(TaskStatus::Cancelled),
    ])
    .await?;

    let found = it.tasks().get(id).await?.map(|task| task.status);
    assert_eq!(found, Some(TaskStatus::Cancelled));
    let title = it.conversations().get(owner, thread.id).await?.and_then(|thread| thread.title);
    assert_eq!(title.as_deref(), Some("hello"));
    Ok(())
}

/// Of many batches at once, those that conflict are refused and all others are applied.
pub async fn a_refused_batch_does_not_stop_others(it: &mut impl StoreFixture) -> Checked {
    let (owner, thread) = a_person(it).await?;
    let stranger = a_user(it).await?;
    let records = it.records();
    let batches = (0..60).map(|number| {
        let owner = if number % 3 == 0 { stranger } else { owner };
        let said = given::message(&it.mint(), thread, &number.to_string());
        let condition = Condition::ConversationOf { id: thread, owner };
        records.apply(Batch::new().when(condition).write(Write::AppendMessage(said)))
    });
    for (number, applied) in join_all(batches).await.into_iter().enumerate() {
        assert_eq!(applied.is_err(), number % 3 == 0, "batch {number}: {applied:?}");
    }
    let said = given::all(7, |page| {
        let threads = it.conversations();
        async move { threads.messages(owner, thread, page).await }
    })
    .await?;
    assert_eq!(said.len(), 40);
    assert!(said.iter().rev().map(|message| message.seq).eq(1..=40), "without gaps");
    Ok(())
}

/// The error of a refused batch carries the rule it lost to.
pub async fn a_conflict_names_its_condition(it: &mut impl StoreFixture) -> Checked {
    let (_, thread) = a_person(it).await?;
    let stranger = a_user(it).await?;
    let condition = Condition::ConversationOf { id: thread, owner: stranger };
    let gone = Conflict::Gone(Thing::Conversation(thread));
    lost_to(&gone, it.records().apply(Batch::new().when(condition)).await)?;

    let task = a_task(it).await?;
    let condition = Condition::TaskAttempt { id: task.id, attempt: 3 };
    let moved =
        Conflict::TaskMoved { id: task.id, status: TaskStatus::Pending, attempt: task.attempt };
    lost_to(&moved, it.records().apply(Batch::new().when(condition)).await)
}

/// The same key and digest again: the first result and ids, and no change.
pub async fn a_repeated_key_returns_the_first_result(it: &mut impl StoreFixture) -> Checked {
    let (owner, thread) = a_person(it).await?;
    let (one, two) = (keyed(it, thread, 1), keyed(it, thread, 1));
    let ids = one.ids.clone();
    let first = it.records().apply(one).await?;
    let again = it.records().apply(two).await?;

    assert!(!first.repeated && again.repeated);
    assert_eq!((again.commit, &again.sequences), (first.commit, &first.sequences));
    assert_eq!(again.ids, ids, "the first batch's ids");
    assert_eq!(count(it, owner, thread).await?, 1);
    Ok(())
}

/// Two batches of one key at the same moment: one is applied, the other repeats it.
pub async fn a_key_applies_once_among_many_at_once(it: &mut impl StoreFixture) -> Checked {
    let (owner, thread) = a_person(it).await?;
    let records = it.records();
    let answers = join_all((0..20).map(|_| records.apply(keyed(it, thread, 1)))).await;
    let firsts = answers.iter().flatten().filter(|applied| !applied.repeated).count();
    assert_eq!((firsts, answers.iter().flatten().count()), (1, 20));
    assert_eq!(count(it, owner, thread).await?, 1);
    Ok(())
}

/// The same key with another digest is refused as that.
pub async fn a_key_with_another_digest_is_refused(it: &mut impl StoreFixture) -> Checked {
    let (owner, thread) = a_person(it).await?;
    it.records().apply(keyed(it, thread, 1)).await?;
    lost_to(&Conflict::KeyReused, it.records().apply(keyed(it, thread, 2)).await)?;
    assert_eq!(count(it, owner, thread).await?, 1);
    Ok(())
}

/// A key is remembered for a day and no longer.
pub async fn a_key_is_forgotten_after_a_day(it: &mut impl StoreFixture) -> Checked {
    let (owner, thread) = a_person(it).await?;
    it.records().apply(keyed(it, thread, 1)).await?;
    it.pass(Duration::from_secs(24 * 3600 - 60)).await;
    assert!(it.records().apply(keyed(it, thread, 1)).await?.repeated, "a minute before the day");
    it.pass(Duration::from_secs(120)).await;
    assert!(!it.records().apply(keyed(it, thread, 2)).await?.repeated, "a minute after it");
    assert!(it.records().apply(keyed(it, thread, 2)).await?.repeated, "and it counts anew");
    assert_eq!(count(it, owner, thread).await?, 2);
    Ok(())
}

/// A key is known for a day that is lived, whatever the wall clock says meanwhile.
pub async fn a_key_outlives_a_jump_of_the_clock(it: &mut impl StoreFixture) -> Checked {
    let (owner, thread) = a_person(it).await?;
    let now = it.now();
    it.records().apply(keyed(it, thread, 1)).await?;
    for days in [366, 3_660] {
        it.set_wall(now.plus(days * Duration::from_secs(24 * 3600)));
        assert!(it.records().apply(keyed(it, thread, 1)).await?.repeated, "{days} days ahead");
        it.set_wall(now);
        assert!(it.records().apply(keyed(it, thread, 1)).await?.repeated, "and back");
    }
    assert_eq!(count(it, owner, thread).await?, 1);
    Ok(())
}

/// A key that was applied before a restart is still known after it.
pub async fn a_key_survives_a_restart(it: &mut impl StoreFixture) -> Checked {
    let (owner, thread) = a_person(it).await?;
    let first = it.records().apply(keyed(it, thread, 1)).await?;
    it.reopen().await;
    let again = it.records().apply(keyed(it, thread, 1)).await?;
    assert_eq!((again.repeated, again.commit), (true, first.commit));
    assert_eq!(count(it, owner, thread).await?, 1);
    Ok(())
}

/// A batch that was refused may come again under its key, right this time.
pub async fn a_refused_batch_leaves_its_key_free(it: &mut impl StoreFixture) -> Checked {
    let (_, thread) = a_person(it).await?;
    let condition = Condition::TaskAttempt { id: it.mint().next(TaskId::from_uuid), attempt: 1 };
    assert!(it.records().apply(keyed(it, thread, 1).when(condition)).await.is_err());
    assert!(!it.records().apply(keyed(it, thread, 2)).await?.repeated);
    Ok(())
}

/// Writes that refer to nothing are the caller's bug.
pub async fn a_write_that_refers_to_nothing_is_invalid(it: &mut impl StoreFixture) -> Checked {
    let mint = it.mint();
    let (nobody, nowhere) = (given::user(&mint).id, given::thread(&mint, given::user(&mint).id));
    let at = it.now();
    let task = given::task(&mint, nobody, nowhere.id);
    let writes = [
        Write::AppendMessage(given::message(&mint, nowhere.id, "hello")),
        Write::PutConversation(nowhere.clone()),
        Write::ChangeConversation { id: nowhere.id, title: None, status: None, at },
        Write::PutMemory(given::memory(&mint, nobody, "hello")),
        Write::TransitionTask {
            id: task.id,
            to: TaskStatus::InProgress,
            attempt: None,
            phase: None,
            at,
        },
        Write::PutTask(task),
    ];
    for write in writes {
        refusal(ErrorKind::Invalid, it.records().apply(Batch::new().write(write)).await)?;
    }
    Ok(())
}

/// Sequences are told for the writes that get one, in the order of the writes; commits count up.
pub async fn sequences_and_commits_are_told(it: &mut impl StoreFixture) -> Checked {
    let (owner, thread) = a_person(it).await?;
    let batch = |text: &str| {
        let mint = it.mint();
        Batch::new()
            .write(Write::PutMemory(given::memory(&mint, owner, text)))
            .write(Write::PutTask(given::task(&mint, owner, thread)))
            .write(Write::AppendMessage(given::message(&mint, thread, "tea")))
            .write(Write::AppendAudit(given::audit(&mint, "message.post")))
    };
    let one = it.records().apply(batch("tea")).await?;
    let two = it.records().apply(batch("coffee")).await?;
    assert_eq!(one.sequences, [Some(1), None, Some(1), Some(1)]);
    assert_eq!(two.sequences, [Some(2), None, Some(2), Some(2)]);
    assert_eq!(two.commit, one.commit + 1);
    Ok(())
}

/// Text comes back byte for byte, whatever is in it.
pub async fn text_is_kept_byte_for_byte(it: &mut impl StoreFixture) -> Checked {
    let (owner, thread) = a_person(it).await?;
    let texts = [
        "`rm -rf /` && curl x | sh; <script>alert(\"1\")</script> &amp; 'quote'",
        "\u{1f980} caf\u{e9} cafe\u{301} \u{202e}right to left\u{202c} \u{0} nul \r\n\ttab  ",
        "",
        &"x".repeat(200_000),
    ];
    for text in texts {
        let said = given::message(&it.mint(), thread, text);
        let id = said.id;
        it.write(vec![Write::AppendMessage(said)]).await?;
        let found = it.conversations().message(owner, id).await?.map(|message| message.content);
        assert_eq!(found.as_deref(), Some(text));
    }
    Ok(())
}

/// What was applied before a restart is there after it, in all families.
pub async fn what_was_applied_survives_a_restart(it: &mut impl StoreFixture) -> Checked {
    let task = a_task(it).await?;
    let (owner, thread) = (task.owner, task.conversation_id);
    let memory = given::memory(&it.mint(), owner, "heron");
    let said = given::message(&it.mint(), thread, "heron");
    let (memory_id, said_id) = (memory.id, said.id);
    it.write(vec![Write::PutMemory(memory), Write::AppendMessage(said)]).await?;
    let before = it.conversations().get(owner, thread).await?;

    it.reopen().await;
    assert_eq!(it.conversations().get(owner, thread).await?, before);
    assert_eq!(it.tasks().get(task.id).await?, Some(task));
    assert!(it.memories().get(owner, memory_id).await?.is_some_and(|m| m.text == "heron"));
    assert!(it.conversations().message(owner, said_id).await?.is_some_and(|m| m.seq == 1));
    assert_eq!(it.memories().latest(), 1);
    Ok(())
}

/// A batch under the key `post`, with a message and its id.
fn keyed(it: &impl StoreFixture, thread: appliance_core::ConversationId, digest: u8) -> Batch {
    let said = given::message(&it.mint(), thread, "hello");
    let ids = vec![said.id.bytes()];
    let key = BatchKey::of_a_day("post".to_owned(), [digest; 32]);
    Batch { ids, ..Batch::new().key(key).write(Write::AppendMessage(said)) }
}

async fn count(
    it: &impl StoreFixture,
    owner: appliance_core::UserId,
    thread: appliance_core::ConversationId,
) -> Result<usize, StoreError> {
    let page = it.conversations().messages(owner, thread, PageRequest::new(100, None)).await?;
    Ok(page.items.len())
}

/// Expands to one test a rule of this file.
#[macro_export]
macro_rules! records_contract {
    ($fixture:expr) => {
        $crate::contract_tests!(
            records,
            $fixture,
            a_batch_is_applied_whole_or_not_at_all,
            later_writes_see_earlier_ones,
            a_refused_batch_does_not_stop_others,
            a_conflict_names_its_condition,
            a_repeated_key_returns_the_first_result,
            a_key_applies_once_among_many_at_once,
            a_key_with_another_digest_is_refused,
            a_key_is_forgotten_after_a_day,
            a_key_outlives_a_jump_of_the_clock,
            a_key_survives_a_restart,
            a_refused_batch_leaves_its_key_free,
            a_write_that_refers_to_nothing_is_invalid,
            sequences_and_commits_are_told,
            text_is_kept_byte_for_byte,
            what_was_applied_survives_a_restart,
        );
    };
}
