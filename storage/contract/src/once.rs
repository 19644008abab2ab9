//! Rules of texts that a message says: whatever a store keeps of them and where, each is read back as
//! it was written, and goes only with what it is part of.

use appliance_core::{
    AgentName, Citation, ConversationId, Memory, MemoryId, MemoryKind, Message, MessageId,
    PageRequest, Provenance, Role, Task, TaskOutcome, TaskStatus, UserId, Write, ports::TaskFilter,
};

use crate::{
    Checked, StoreFixture,
    given::{self, a_person, found},
};

const QUESTION: &str = "/ask data what is the staging database called?";

const ANSWER: &str = "It is called heron [1]. The production one is called osprey.";

/// What a task was asked and told is read back, whether its answer's message came before or after.
pub async fn a_task_is_read_back_with_its_texts(it: &mut impl StoreFixture) -> Checked {
    let (ada, thread) = a_person(it).await?;
    for answer_first in [true, false] {
        let (question, task) = asked(it, ada, thread);
        let (answer, outcome) = told(it, &task);
        let (id, at) = (task.id, it.now());
        let complete = Write::CompleteTask { id, outcome: outcome.clone(), at, to_parent: None };
        let mut ends = vec![complete, Write::AppendMessage(answer)];
        if answer_first {
            ends.reverse();
        }
        it.write(vec![Write::AppendMessage(question), Write::PutTask(task.clone())]).await?;
        assert_eq!(it.tasks().get(id).await?.map(|task| task.input), Some(task.input.clone()));
        it.write(ends).await?;
        it.reopen().await;
        let ended = it.tasks().get(id).await?;
        assert_eq!(ended.as_ref().map(|task| &task.input), Some(&task.input));
        assert_eq!(ended.as_ref().and_then(|task| task.outcome.as_ref()), Some(&outcome));
        let page = PageRequest::new(1, None);
        let newest = it.tasks().list(ada, TaskFilter::default(), page).await?;
        assert_eq!(newest.items, ended.into_iter().collect::<Vec<_>>());
    }
    Ok(())
}

/// A memory of a message, or of a part of one, is read back, and is told to followers with its text.
pub async fn a_memory_of_a_message_is_read_back(it: &mut impl StoreFixture) -> Checked {
    let (ada, thread) = a_person(it).await?;
    let (question, _) = asked(it, ada, thread);
    let of = |text| memory(it, ada, Some(thread), question.id, text);
    let kept = [of(QUESTION), of("the staging database"), of("staging database: unknown")];
    let mut writes = vec![Write::AppendMessage(question.clone())];
    writes.extend(kept.iter().cloned().map(Write::PutMemory));
    it.write(writes).await?;
    it.reopen().await;
    let texts: Vec<_> = kept.iter().map(|memory| memory.text.clone()).collect();
    for memory in &kept {
        assert_eq!(found(it, ada, memory.id).await?.text, memory.text);
    }
    let told = it.memories().since(0, 10).await?.into_iter().map(|change| match change.now {
        appliance_core::ports::Changed::Live(memory) => memory.text,
        other => format!("{other:?}"),
    });
    assert_eq!(told.collect::<Vec<_>>(), texts);
    let again = Memory { text: "the staging".to_owned(), ..kept[0].clone() };
    it.write(vec![Write::PutMemory(again.clone())]).await?;
    assert_eq!(found(it, ada, again.id).await?.text, again.text, "another part of it");
    Ok(())
}

/// Who only names a message that is not theirs, or not where they say, keeps a text of their own: it
/// stays when the message is purged.
pub async fn a_message_lends_its_text_to_what_goes_with_it(it: &mut impl StoreFixture) -> Checked {
    let (ada, thread) = a_person(it).await?;
    let (eve, elsewhere) = a_person(it).await?;
    let (question, task) = asked(it, ada, thread);
    let id = question.id;
    let anothers = memory(it, eve, Some(thread), id, QUESTION);
    let in_another = memory(it, eve, Some(elsewhere), id, QUESTION);
    let part =
        Task { message_id: id, input: QUESTION.to_owned(), ..given::task(&it.mint(), ada, thread) };
    it.write(vec![
        Write::AppendMessage(question),
        Write::PutTask(task),
        Write::PutTask(part.clone()),
        Write::PutMemory(anothers.clone()),
        Write::PutMemory(in_another.clone()),
    ])
    .await?;
    it.write(vec![Write::PurgeConversation { id: thread, owner: ada }]).await?;
    for memory in [anothers, in_another] {
        assert_eq!(found(it, eve, memory.id).await?.text, QUESTION);
    }
    let left = it.tasks().get(part.id).await?;
    assert!(left.is_none_or(|task| task.input == QUESTION), "a task that is not the message's");
    Ok(())
}

/// Returns a question and the task that it makes, neither stored yet.
fn asked(it: &impl StoreFixture, owner: UserId, thread: ConversationId) -> (Message, Task) {
    let mut question = given::message(&it.mint(), thread, QUESTION);
    let mut task = given::task(&it.mint(), owner, thread);
    (task.message_id, task.input) = (question.id, QUESTION[10..].to_owned());
    (task.status, question.task_id) = (TaskStatus::InProgress, Some(task.id));
    (question, task)
}

/// Returns the answer to a task and what it ends with, neither stored yet.
fn told(it: &impl StoreFixture, task: &Task) -> (Message, TaskOutcome) {
    let memory_id = it.mint().next(MemoryId::from_uuid);
    let citations = vec![Citation { number: 1, memory_id, quote: "heron".to_owned() }];
    let answer = Message {
        id: task.answer_id,
        role: Role::Assistant,
        agent: Some(AgentName::Data),
        task_id: Some(task.id),
        citations: citations.clone(),
        ..given::message(&it.mint(), task.conversation_id, ANSWER)
    };
    let (text, model, agent) = (ANSWER.to_owned(), "demo".to_owned(), AgentName::Data);
    (answer, TaskOutcome::Completed { text, citations, model, agent })
}

fn memory(
    it: &impl StoreFixture,
    owner: UserId,
    conversation_id: Option<ConversationId>,
    message: MessageId,
    text: &str,
) -> Memory {
    let message_id = Some(message);
    let provenance = Provenance { conversation_id, message_id, ..Provenance::default() };
    let (id, now) = (it.mint().next(MemoryId::from_uuid), it.now());
    Memory::new(id, owner, MemoryKind::Said, text.to_owned(), provenance, now)
}

/// Expands to one test a rule of this file.
#[macro_export]
macro_rules! once_contract {
    ($fixture:expr) => {
        $crate::contract_tests!(
            once,
            $fixture,
            a_task_is_read_back_with_its_texts,
            a_memory_of_a_message_is_read_back,
            a_message_lends_its_text_to_what_goes_with_it,
        );
    };
}
