//! Rules of the port `Conversations`: threads and messages, always within one owner.

use std::time::Duration;

use appliance_core::{
    Conversation, ConversationId, ConversationStatus, Message, PageRequest, Role, StoreError,
    TaskId, Timestamp, UserId, Write,
};

use crate::{
    Checked, StoreFixture,
    given::{self, a_person, a_thread, a_user},
};

/// To another owner nothing of a thread is there, by whatever way it is asked for.
pub async fn another_owner_sees_nothing(it: &mut impl StoreFixture) -> Checked {
    let (owner, thread) = a_person(it).await?;
    let stranger = a_user(it).await?;
    let said = say(it, thread, "secret").await?;
    let (threads, page) = (it.conversations(), PageRequest::new(10, None));

    assert!(threads.get(owner, thread).await?.is_some());
    assert_eq!(threads.get(stranger, thread).await?, None);
    assert_eq!(threads.message(stranger, said.id).await?, None);
    assert!(threads.messages(stranger, thread, page).await?.items.is_empty());
    let list = threads.list(stranger, ConversationStatus::Active, page).await?;
    assert!(list.items.is_empty());
    Ok(())
}

/// Threads list last changed first, and a message moves its thread to the head.
pub async fn threads_list_last_changed_first(it: &mut impl StoreFixture) -> Checked {
    let owner = a_user(it).await?;
    let (one, two) = (a_thread(it, owner).await?, a_thread(it, owner).await?);
    let three = a_thread(it, owner).await?;
    assert_eq!(listed(it, owner).await?, [three, two, one]);
    say(it, one, "hello").await?;
    assert_eq!(listed(it, owner).await?, [one, three, two]);
    rename(it, two, "tea").await?;
    assert_eq!(listed(it, owner).await?, [two, one, three]);
    Ok(())
}

/// A wall clock that steps back reorders neither threads nor messages, across a restart too.
pub async fn a_clock_that_steps_back_reorders_nothing(it: &mut impl StoreFixture) -> Checked {
    let owner = a_user(it).await?;
    let one = a_thread(it, owner).await?;
    let first = say(it, one, "first").await?;
    it.set_wall(Timestamp::from_unix_micros(1_000_000));
    let two = a_thread(it, owner).await?;
    let second = say(it, one, "second").await?;
    it.reopen().await;
    let third = say(it, one, "third").await?;

    assert_eq!(listed(it, owner).await?, [one, two]);
    let page = it.conversations().messages(owner, one, PageRequest::new(10, None)).await?;
    let ids: Vec<_> = page.items.iter().map(|message| message.id).collect();
    assert_eq!(ids, [third.id, second.id, first.id]);
    Ok(())
}

/// Both lists, read page by page, are complete and hold nothing twice, whatever the page's size.
pub async fn paging_is_complete_without_doubles(it: &mut impl StoreFixture) -> Checked {
    let owner = a_user(it).await?;
    let other = a_user(it).await?;
    let mut made = Vec::new();
    for _ in 0..13 {
        a_thread(it, other).await?;
        made.push(a_thread(it, owner).await?);
    }
    made.reverse();
    for number in 1..=13 {
        say(it, made[0], &number.to_string()).await?;
        say(it, made[1], "elsewhere").await?;
    }
    made.swap(0, 1);
    for limit in [1, 2, 5, 12, 13, 14, 100] {
        let threads = given::all(limit, |page| {
            let threads = it.conversations();
            async move { threads.list(owner, ConversationStatus::Active, page).await }
        });
        let found: Vec<_> = threads.await?.into_iter().map(|thread| thread.id).collect();
        assert_eq!(found, made, "threads, {limit} a page");
        let thread = made[1];
        let messages = given::all(limit, |page| {
            let threads = it.conversations();
            async move { threads.messages(owner, thread, page).await }
        });
        let seqs = messages.await?.into_iter().map(|message| message.seq);
        assert!(seqs.eq((1..=13).rev()), "messages, {limit} a page");
    }
    Ok(())
}

/// An answer stands right behind its question, in whatever order answers come, and whatever the page's
/// size; across a restart too.
pub async fn an_answer_stands_behind_its_question(it: &mut impl StoreFixture) -> Checked {
    let (owner, thread) = a_person(it).await?;
    let mut asked = Vec::new();
    for number in 1..=12 {
        asked.push(ask(it, thread, &number.to_string()).await?);
    }
    for at in [4, 0, 11, 7, 2, 9] {
        answer(it, &asked[at]).await?;
    }
    it.reopen().await;
    say(it, thread, "a note").await?;
    for at in [10, 1, 3, 5, 8, 6] {
        answer(it, &asked[at]).await?;
    }
    let mut right = Vec::new();
    for number in 1..=12 {
        right.extend([number.to_string(), format!("to {number}")]);
    }
    right.push("a note".to_owned());
    right.reverse();
    for limit in [1, 5, 24, 100] {
        let threads = it.conversations();
        let read = given::all(limit, |page| threads.messages(owner, thread, page)).await?;
        let read: Vec<_> = read.into_iter().map(|message| message.content).collect();
        assert_eq!(read, right, "{limit} a page");
    }
    Ok(())
}

/// Whoever reads page by page while answers come misses nothing of what was there and reads nothing
/// twice.
pub async fn answers_that_come_while_pages_are_read_move_no_page(
    it: &mut impl StoreFixture,
) -> Checked {
    let (owner, thread) = a_person(it).await?;
    let mut asked = Vec::new();
    for number in 1..=120 {
        asked.push(ask(it, thread, &number.to_string()).await?);
    }
    let (mut read, mut after, mut late) = (Vec::new(), None, [119, 60, 59, 3, 90, 0].into_iter());
    loop {
        let page = PageRequest::new(30, after);
        let page = it.conversations().messages(owner, thread, page).await?;
        read.extend(page.items);
        after = page.next;
        if let Some(at) = late.next() {
            answer(it, &asked[at]).await?;
        }
        if after.is_none() {
            break;
        }
    }
    let said = read.iter().filter(|message| message.role == Role::User);
    assert!(said.map(|message| message.id).eq(asked.iter().rev().map(|message| message.id)));
    assert!(read.iter().rev().is_sorted_by_key(|message| message.seq));
    Ok(())
}

/// A question whose place for an answer was not kept, as of an earlier version, is answered at the end;
/// so is one in another thread.
pub async fn an_answer_without_a_place_of_its_own_comes_last(
    it: &mut impl StoreFixture,
) -> Checked {
    let (owner, thread) = a_person(it).await?;
    let other = a_thread(it, owner).await?;
    let before = say(it, thread, "from before").await?;
    let elsewhere = ask(it, other, "elsewhere").await?;
    let now = ask(it, thread, "now").await?;
    answer(it, &before).await?;
    answer(it, &now).await?;
    answer(it, &now).await?;
    answer(it, &Message { conversation_id: thread, ..elsewhere }).await?;
    let page = it.conversations().messages(owner, thread, PageRequest::new(10, None)).await?;
    let read: Vec<_> = page.items.iter().rev().map(|message| message.content.as_str()).collect();
    let (first, second) = ("to from before", "to elsewhere");
    assert_eq!(read, ["from before", "now", "to now", first, "to now", second]);
    Ok(())
}

/// A deleted thread is gone for its owner too, with its messages.
pub async fn a_deleted_thread_is_hidden_everywhere(it: &mut impl StoreFixture) -> Checked {
    let (owner, thread) = a_person(it).await?;
    let said = say(it, thread, "hello").await?;
    change(it, thread, ConversationStatus::Deleted).await?;
    let (threads, page) = (it.conversations(), PageRequest::new(10, None));
    assert_eq!(threads.get(owner, thread).await?, None);
    assert_eq!(threads.message(owner, said.id).await?, None);
    assert!(threads.messages(owner, thread, page).await?.items.is_empty());
    for status in [ConversationStatus::Active, ConversationStatus::Archived] {
        assert!(threads.list(owner, status, page).await?.items.is_empty());
    }
    Ok(())
}

/// An archived thread is in the list of archived ones alone, until it is brought back.
pub async fn a_thread_is_in_the_list_of_its_status(it: &mut impl StoreFixture) -> Checked {
    let (owner, thread) = a_person(it).await?;
    let page = PageRequest::new(10, None);
    change(it, thread, ConversationStatus::Archived).await?;
    assert!(listed(it, owner).await?.is_empty());
    let archived = it.conversations().list(owner, ConversationStatus::Archived, page).await?;
    assert_eq!(archived.items.len(), 1);
    change(it, thread, ConversationStatus::Active).await?;
    assert_eq!(listed(it, owner).await?, [thread]);
    Ok(())
}

/// A thread without a name takes one from a person's message, once, and never from an answer's.
pub async fn a_title_comes_from_the_first_words(it: &mut impl StoreFixture) -> Checked {
    let (owner, thread) = a_person(it).await?;
    let answer =
        Message { role: Role::Assistant, ..given::message(&it.mint(), thread, "How can I help?") };
    it.write(vec![Write::AppendMessage(answer)]).await?;
    assert_eq!(title(it, owner, thread).await?, None);
    say(it, thread, "what is tea?\nreally").await?;
    say(it, thread, "and coffee?").await?;
    assert_eq!(title(it, owner, thread).await?.as_deref(), Some("what is tea?"));
    rename(it, thread, "drinks").await?;
    assert_eq!(title(it, owner, thread).await?.as_deref(), Some("drinks"));
    Ok(())
}

/// A thread opened for one question is such a one until a person says more in it.
pub async fn a_thread_for_one_question_is_one_until_more_is_said(
    it: &mut impl StoreFixture,
) -> Checked {
    let (owner, _) = a_person(it).await?;
    let thread = Conversation { once: true, ..given::thread(&it.mint(), owner) };
    it.write(vec![Write::PutConversation(thread.clone())]).await?;
    say(it, thread.id, "what is tea?").await?;
    let answer =
        Message { role: Role::Assistant, ..given::message(&it.mint(), thread.id, "a leaf") };
    it.write(vec![Write::AppendMessage(answer)]).await?;
    assert!(opened_once(it, owner, thread.id).await?);
    say(it, thread.id, "and coffee?").await?;
    assert!(!opened_once(it, owner, thread.id).await?);
    Ok(())
}

/// A message's id is used once, in whatever thread.
pub async fn a_message_is_appended_once(it: &mut impl StoreFixture) -> Checked {
    let (owner, thread) = a_person(it).await?;
    let other = a_thread(it, owner).await?;
    let said = say(it, thread, "hello").await?;
    let again = Message { conversation_id: other, ..said.clone() };
    for message in [said, again] {
        assert!(it.write(vec![Write::AppendMessage(message)]).await.is_err());
    }
    let page = it.conversations().messages(owner, thread, PageRequest::new(10, None)).await?;
    assert_eq!(page.items.len(), 1);
    Ok(())
}

async fn say(
    it: &impl StoreFixture,
    thread: ConversationId,
    text: &str,
) -> Result<Message, StoreError> {
    it.pass(Duration::from_millis(1)).await;
    let said = given::message(&it.mint(), thread, text);
    it.write(vec![Write::AppendMessage(said.clone())]).await?;
    Ok(said)
}

/// Says what a task will answer.
async fn ask(
    it: &impl StoreFixture,
    thread: ConversationId,
    text: &str,
) -> Result<Message, StoreError> {
    let task = it.mint().next(TaskId::from_uuid);
    let asked = Message { task_id: Some(task), ..given::message(&it.mint(), thread, text) };
    it.write(vec![Write::AppendMessage(asked.clone())]).await?;
    Ok(asked)
}

async fn answer(it: &impl StoreFixture, asked: &Message) -> Checked {
    let text = format!("to {}", asked.content);
    let answer = Message {
        role: Role::Assistant,
        parent_message_id: Some(asked.id),
        ..given::message(&it.mint(), asked.conversation_id, &text)
    };
    it.write(vec![Write::AppendMessage(answer)]).await
}

async fn change(it: &impl StoreFixture, id: ConversationId, to: ConversationStatus) -> Checked {
    let at = it.now();
    it.write(vec![Write::ChangeConversation { id, title: None, status: Some(to), at }]).await
}

async fn rename(it: &impl StoreFixture, id: ConversationId, title: &str) -> Checked {
    let (title, at) = (Some(title.to_owned()), it.now());
    it.write(vec![Write::ChangeConversation { id, title, status: None, at }]).await
}

async fn opened_once(
    it: &impl StoreFixture,
    owner: UserId,
    thread: ConversationId,
) -> Result<bool, StoreError> {
    Ok(it.conversations().get(owner, thread).await?.is_some_and(|thread| thread.once))
}

async fn title(
    it: &impl StoreFixture,
    owner: UserId,
    thread: ConversationId,
) -> Result<Option<String>, StoreError> {
    Ok(it.conversations().get(owner, thread).await?.and_then(|thread| thread.title))
}

async fn listed(it: &impl StoreFixture, owner: UserId) -> Result<Vec<ConversationId>, StoreError> {
    let page = PageRequest::new(100, None);
    let list = it.conversations().list(owner, ConversationStatus::Active, page).await?;
    Ok(list.items.into_iter().map(|thread| thread.id).collect())
}

/// Expands to one test a rule of this file.
#[macro_export]
macro_rules! conversations_contract {
    ($fixture:expr) => {
        $crate::contract_tests!(
            conversations,
            $fixture,
            another_owner_sees_nothing,
            threads_list_last_changed_first,
            a_clock_that_steps_back_reorders_nothing,
            paging_is_complete_without_doubles,
            an_answer_stands_behind_its_question,
            answers_that_come_while_pages_are_read_move_no_page,
            an_answer_without_a_place_of_its_own_comes_last,
            a_deleted_thread_is_hidden_everywhere,
            a_thread_is_in_the_list_of_its_status,
            a_title_comes_from_the_first_words,
            a_thread_for_one_question_is_one_until_more_is_said,
            a_message_is_appended_once,
        );
    };
}
