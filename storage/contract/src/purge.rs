//! Rules of purging: after it no port shows the text, whatever it was part of, and nothing else goes.

use appliance_core::{
    AgentName, Batch, Citation, ConversationId, Deed, Memory, MemoryId, MemoryKind, Message,
    MessageId, PageRequest, Provenance, Role, SearchFilter, Signal, SignalId, SignalType,
    StoreError, Task, TaskOutcome, TaskStatus, UserId, Write,
    ports::{Changed, TaskFilter},
};

use crate::{
    Checked, StoreFixture,
    given::{self, a_person, listed},
};

/// What must not be found anywhere.
const SECRET: &str = "the vault code is 47q1";

/// What must stay.
const OTHER: &str = "the cat is called Minka";

/// A memory goes with its message, the answer, the task, its copies, and later answers that cite it.
pub async fn a_memory_goes_with_every_trace_of_it(it: &mut impl StoreFixture) -> Checked {
    let (ada, thread) = a_person(it).await?;
    let said = exchange(it, ada, thread, SECRET, "Noted: the vault code is 47q1.", &[]).await?;
    let copy = note(it, ada, "The vault code is 47q1.").await?;
    let kept = note(it, ada, OTHER).await?;
    let later =
        exchange(it, ada, thread, "what is the code?", "It is 47q1.", &[said.memory]).await?;
    let gone = purge(it, Write::PurgeMemories { owner: ada, ids: vec![said.memory] }).await?;
    for id in [said.memory, copy, later.answer_memory] {
        assert!(gone.contains(&id), "{id} is still there");
    }
    it.reopen().await;
    assert!(!everything(it, ada, thread).await?.contains("47q1"));
    assert_eq!(listed(it, ada, &SearchFilter::default(), 10).await?.len(), 2, "question and cat");
    assert!(it.memories().get(ada, kept).await?.is_some());
    let messages = it.conversations().messages(ada, thread, PageRequest::new(10, None)).await?;
    let lengths: Vec<bool> = messages.items.iter().rev().map(|m| m.content.is_empty()).collect();
    assert_eq!(lengths, [true, true, false, true], "the order stays, and what was asked later");
    Ok(())
}

/// A conversation goes whole, with what was remembered of it, and another one stays.
pub async fn a_conversation_goes_whole(it: &mut impl StoreFixture) -> Checked {
    let (ada, thread) = a_person(it).await?;
    let other = given::a_thread(it, ada).await?;
    let said = exchange(it, ada, thread, SECRET, "Noted: the vault code is 47q1.", &[]).await?;
    let kept = exchange(it, ada, other, OTHER, "Noted.", &[]).await?;
    purge(it, Write::PurgeConversation { id: thread, owner: ada }).await?;
    it.reopen().await;
    assert!(it.conversations().get(ada, thread).await?.is_none());
    assert!(it.conversations().message(ada, said.message).await?.is_none());
    assert!(it.tasks().get(said.task).await?.is_none());
    assert!(!everything(it, ada, thread).await?.contains("47q1"));
    assert!(everything(it, ada, other).await?.contains(OTHER));
    assert!(it.memories().get(ada, kept.memory).await?.is_some());
    Ok(())
}

/// A learning was said in no message: purging it leaves what it was drawn from.
pub async fn a_learning_goes_alone(it: &mut impl StoreFixture) -> Checked {
    let (ada, thread) = a_person(it).await?;
    let said = exchange(it, ada, thread, OTHER, "Noted: she is called Minka.", &[]).await?;
    let learned = remembered(it, ada, thread, said.answer, (MemoryKind::Learning, "told of a cat"));
    let id = learned.id;
    it.write(vec![Write::PutMemory(learned)]).await?;
    let gone = purge(it, Write::PurgeMemories { owner: ada, ids: vec![id] }).await?;
    assert_eq!(gone, [id]);
    let left = everything(it, ada, thread).await?;
    assert!(left.contains(OTHER) && left.contains("she is called Minka"), "{left}");
    assert!(!left.contains("told of a cat"));
    Ok(())
}

/// What was made of a conversation elsewhere goes with it: answers that quote it, what was remembered
/// and learned of these, and people's words about them.
pub async fn what_was_made_of_a_conversation_goes_with_it(it: &mut impl StoreFixture) -> Checked {
    let (ada, thread) = a_person(it).await?;
    let (next, last) = (given::a_thread(it, ada).await?, given::a_thread(it, ada).await?);
    let said = exchange(it, ada, thread, SECRET, "Noted: the vault code is 47q1.", &[]).await?;
    let told = exchange(it, ada, next, "what is the code?", "It is 47q1.", &[said.memory]).await?;
    let again = exchange(it, ada, last, "say it again", "47q1.", &[told.answer_memory]).await?;
    let learned = remembered(it, ada, next, told.answer, (MemoryKind::Learning, "told of 47q1"));
    let expected = [said.memory, told.answer_memory, again.answer_memory, learned.id];
    let words = commented(it, ada, again.answer, "47q1 is right");
    it.write(vec![Write::PutMemory(learned), Write::PutSignal(words)]).await?;
    let gone = purge(it, Write::PurgeConversation { id: thread, owner: ada }).await?;
    for id in expected {
        assert!(gone.contains(&id), "{id} is still there");
    }
    it.reopen().await;
    for thread in [next, last] {
        let left = everything(it, ada, thread).await?;
        assert!(!left.contains("47q1"), "{left}");
    }
    for asked in [told.memory, again.memory] {
        assert!(it.memories().get(ada, asked).await?.is_some(), "nobody said it in a question");
    }
    Ok(())
}

/// An answer that quotes only what was remembered of another answer goes with what that quoted.
pub async fn a_chain_of_quotes_goes_to_its_end(it: &mut impl StoreFixture) -> Checked {
    let (ada, thread) = a_person(it).await?;
    let (next, last) = (given::a_thread(it, ada).await?, given::a_thread(it, ada).await?);
    let first = note(it, ada, SECRET).await?;
    let told = exchange(it, ada, next, "what is the code?", "It is 47q1.", &[first]).await?;
    let again = exchange(it, ada, last, "say it again", "47q1.", &[told.answer_memory]).await?;
    let kept = exchange(it, ada, thread, OTHER, "Noted: Minka.", &[told.memory]).await?;
    let mut gone = purge(it, Write::PurgeMemories { owner: ada, ids: vec![first] }).await?;
    gone.sort_unstable();
    assert_eq!(gone, [first, told.answer_memory, again.answer_memory]);
    it.reopen().await;
    for thread in [next, last] {
        let left = everything(it, ada, thread).await?;
        assert!(!left.contains("47q1"), "{left}");
    }
    assert!(it.memories().get(ada, kept.answer_memory).await?.is_some());
    Ok(())
}

/// An answer that leans on a memory goes with it, as one that cites it does.
pub async fn an_answer_that_leans_on_it_goes_too(it: &mut impl StoreFixture) -> Checked {
    let (ada, thread) = a_person(it).await?;
    let (first, other) = (note(it, ada, SECRET).await?, note(it, ada, OTHER).await?);
    let mint = it.mint();
    let answer = |text, leans_on| Message {
        role: Role::Assistant,
        leans_on,
        ..given::message(&mint, thread, text)
    };
    let [told, kept] = [("It is 47q1.", vec![first]), ("She is Minka.", vec![other])]
        .map(|(text, on)| answer(text, on));
    it.write(vec![Write::AppendMessage(told), Write::AppendMessage(kept.clone())]).await?;
    let stored = it.conversations().message(ada, kept.id).await?;
    assert_eq!(stored.map(|it| it.leans_on), Some(vec![other]));
    purge(it, Write::PurgeMemories { owner: ada, ids: vec![first] }).await?;
    it.reopen().await;
    let left = everything(it, ada, thread).await?;
    assert!(!left.contains("47q1") && left.contains("She is Minka."), "{left}");
    Ok(())
}

/// Words that came with a rating of an answer go with the answer, in the chat where they were said too.
pub async fn a_rating_goes_with_what_it_speaks_of(it: &mut impl StoreFixture) -> Checked {
    let (ada, thread) = a_person(it).await?;
    let first = note(it, ada, SECRET).await?;
    let told = exchange(it, ada, thread, "what is the code?", "It is 47q1.", &[first]).await?;
    exchange(it, ada, thread, "9 - right, 47q1", "Thank you.", &[]).await?;
    exchange(it, ada, thread, OTHER, "Noted.", &[]).await?;
    let words = commented(it, ada, told.answer, "right, 47q1");
    it.write(vec![Write::PutSignal(words)]).await?;
    purge(it, Write::PurgeMemories { owner: ada, ids: vec![first] }).await?;
    it.reopen().await;
    let left = everything(it, ada, thread).await?;
    assert!(!left.contains("47q1") && left.contains(OTHER), "{left}");
    Ok(())
}

/// What was said twice is one memory and two messages: both go, and their answers.
pub async fn a_repeat_goes_from_every_message(it: &mut impl StoreFixture) -> Checked {
    let (ada, thread) = a_person(it).await?;
    let said = exchange(it, ada, thread, SECRET, "Noted: the vault code is 47q1.", &[]).await?;
    exchange(it, ada, thread, "The vault code is 47q1!", "Noted again: 47q1.", &[]).await?;
    let asked = "is it true that the vault code is 47q1?";
    let question = exchange(it, ada, given::a_thread(it, ada).await?, asked, "Yes.", &[]).await?;
    exchange(it, ada, thread, OTHER, "Noted.", &[]).await?;
    purge(it, Write::PurgeMemories { owner: ada, ids: vec![said.memory] }).await?;
    it.reopen().await;
    let left = everything(it, ada, thread).await?;
    assert!(!left.contains("47q1") && left.contains(OTHER), "{left}");
    let asked = it.conversations().message(ada, question.message).await?;
    assert_eq!(asked.map(|it| it.content).as_deref(), Some(""), "asked with its words");
    Ok(())
}

/// A command goes with the answer that says what it did: it names what it is about.
pub async fn a_command_goes_with_its_answer(it: &mut impl StoreFixture) -> Checked {
    let (ada, thread) = a_person(it).await?;
    let first = note(it, ada, "the staging database is called heron").await?;
    for (asked, answered) in [
        ("/forget what heron is", "Forgotten: \"the staging database is...\""),
        ("forget what I said about heron", "Forgotten: a database."),
        ("what is the staging database called?", "It is heron."),
    ] {
        leaning(it, ada, thread, (asked, answered), first).await?;
    }
    // Nothing was recalled for this one, and its answer says the text all the same.
    let second = note(it, ada, "the vault code is 47q1").await?;
    exchange(it, ada, thread, "so does 47q1 open it?", "Yes: the vault code is 47q1.", &[]).await?;
    purge(it, Write::PurgeMemories { owner: ada, ids: vec![first, second] }).await?;
    it.reopen().await;
    let left = everything(it, ada, thread).await?;
    assert!(!left.contains("heron") && left.contains("database called?"), "{left}");
    assert!(!left.contains("47q1"), "{left}");
    Ok(())
}

/// A correction's words go with what it made, and what it made stays when what was wrong goes.
pub async fn each_side_of_a_correction_goes_alone(it: &mut impl StoreFixture) -> Checked {
    for wrong_goes in [true, false] {
        let (ada, thread) = a_person(it).await?;
        let old = note(it, ada, "the staging database is called heron").await?;
        let asked = exchange(it, ada, thread, "what is it called?", "It is heron.", &[old]).await?;
        let wish = "/correct the database heron -> the staging database is called osprey";
        let told = leaning(it, ada, thread, (wish, "Corrected: heron is now osprey."), old).await?;
        let text = (MemoryKind::Note, "the staging database is called osprey");
        let new = remembered(it, ada, thread, told, text);
        let (id, words) = (new.id, commented(it, ada, asked.answer, "called osprey"));
        let words = Signal { kind: SignalType::UserCorrection, memories: vec![old], ..words };
        given::done(it, ada, Deed::Correct { old, new: Box::new(new) }).await?;
        it.write(vec![Write::PutSignal(words)]).await?;
        let named = if wrong_goes { old } else { id };
        purge(it, Write::PurgeMemories { owner: ada, ids: vec![named] }).await?;
        it.reopen().await;
        let left = everything(it, ada, thread).await?;
        let gone = if wrong_goes { "heron" } else { "osprey" };
        assert!(!left.contains(gone), "{left}");
        let new = it.memories().get(ada, id).await?.map(|new| new.text);
        assert_eq!(new.as_deref(), wrong_goes.then_some(text.1));
    }
    Ok(())
}

/// What was forgotten is purged like the rest, and a follower of the changes learns of it.
pub async fn followers_learn_that_it_is_gone(it: &mut impl StoreFixture) -> Checked {
    let (ada, _) = a_person(it).await?;
    let id = note(it, ada, SECRET).await?;
    given::done(it, ada, Deed::Forget { ids: vec![id] }).await?;
    let before = it.memories().latest();
    purge(it, Write::PurgeMemories { owner: ada, ids: vec![id] }).await?;
    let changes = it.memories().since(before, 10).await?;
    let told: Vec<_> = changes.iter().map(|change| (change.id, &change.now)).collect();
    assert_eq!(told, [(id, &Changed::Gone)]);
    Ok(())
}

/// What is another's, gone or unknown is passed over, and tells which of these it is to nobody.
pub async fn anothers_is_passed_over(it: &mut impl StoreFixture) -> Checked {
    let (ada, thread) = a_person(it).await?;
    let eve = given::a_user(it).await?;
    let id = note(it, ada, SECRET).await?;
    for write in [
        Write::PurgeMemories { owner: eve, ids: vec![id] },
        Write::PurgeConversation { id: thread, owner: eve },
        Write::PurgeMemories { owner: eve, ids: vec![it.mint().next(MemoryId::from_uuid)] },
    ] {
        assert!(purge(it, write).await?.is_empty());
    }
    assert!(it.memories().get(ada, id).await?.is_some());
    assert!(it.conversations().get(ada, thread).await?.is_some());
    purge(it, Write::PurgeMemories { owner: ada, ids: vec![id] }).await?;
    assert!(purge(it, Write::PurgeMemories { owner: ada, ids: vec![id] }).await?.is_empty());
    Ok(())
}

/// A question, its task and its answer, all remembered.
struct Exchange {
    message: MessageId,
    answer: MessageId,
    task: appliance_core::TaskId,
    memory: MemoryId,
    answer_memory: MemoryId,
}

async fn exchange(
    it: &impl StoreFixture,
    owner: UserId,
    thread: ConversationId,
    asked: &str,
    answered: &str,
    cited: &[MemoryId],
) -> Result<Exchange, StoreError> {
    let mint = it.mint();
    let mut question = given::message(&mint, thread, asked);
    let mut task = Task { input: asked.to_owned(), ..given::task(&mint, owner, thread) };
    task.message_id = question.id;
    question.task_id = Some(task.id);
    let cite = |id: &MemoryId| Citation { number: 1, memory_id: *id, quote: answered.to_owned() };
    let citations: Vec<Citation> = cited.iter().map(cite).collect();
    let answer = Message {
        id: task.answer_id,
        role: Role::Assistant,
        agent: Some(AgentName::Research),
        parent_message_id: Some(question.id),
        task_id: Some(task.id),
        citations: citations.clone(),
        model: Some("demo".to_owned()),
        ..given::message(&mint, thread, answered)
    };
    let outcome = TaskOutcome::Completed {
        text: answered.to_owned(),
        citations,
        model: "demo".to_owned(),
        agent: AgentName::Research,
    };
    let memory = remembered(it, owner, thread, question.id, (MemoryKind::Said, asked));
    let drawn = remembered(it, owner, thread, answer.id, (MemoryKind::Answer, answered));
    let (id, at) = (task.id, mint.clock().now());
    let (message, answered, ids) = (question.id, answer.id, (memory.id, drawn.id));
    it.write(vec![
        Write::AppendMessage(question),
        Write::PutTask(task),
        Write::PutMemory(memory),
        Write::TransitionTask { id, to: TaskStatus::InProgress, attempt: Some(1), phase: None, at },
        Write::CompleteTask { id, outcome, at, to_parent: None },
        Write::AppendMessage(answer),
        Write::PutMemory(drawn),
    ])
    .await?;
    let (memory, answer_memory) = ids;
    Ok(Exchange { message, answer: answered, task: id, memory, answer_memory })
}

/// A message and its answer, which leans on a memory; returns the message.
async fn leaning(
    it: &impl StoreFixture,
    owner: UserId,
    thread: ConversationId,
    (asked, answered): (&str, &str),
    on: MemoryId,
) -> Result<MessageId, StoreError> {
    let mint = it.mint();
    let task = given::task(&mint, owner, thread);
    let question = Message { task_id: Some(task.id), ..given::message(&mint, thread, asked) };
    let answer = Message {
        id: task.answer_id,
        role: Role::Assistant,
        parent_message_id: Some(question.id),
        leans_on: vec![on],
        ..given::message(&mint, thread, answered)
    };
    let (id, task) = (question.id, Task { message_id: question.id, ..task });
    it.write(vec![Write::AppendMessage(question), Write::PutTask(task)]).await?;
    it.write(vec![Write::AppendMessage(answer)]).await?;
    Ok(id)
}

fn remembered(
    it: &impl StoreFixture,
    owner: UserId,
    thread: ConversationId,
    message: MessageId,
    (kind, text): (MemoryKind, &str),
) -> Memory {
    let provenance = Provenance {
        conversation_id: Some(thread),
        message_id: Some(message),
        ..Provenance::default()
    };
    let (id, now) = (it.mint().next(MemoryId::from_uuid), it.mint().clock().now());
    Memory::new(id, owner, kind, text.to_owned(), provenance, now)
}

/// Returns what a person says about a message.
fn commented(it: &impl StoreFixture, owner: UserId, about: MessageId, words: &str) -> Signal {
    Signal {
        id: it.mint().next(SignalId::from_uuid),
        owner,
        kind: SignalType::UserRating,
        strength: 1_000,
        rating: None,
        comment: Some(words.to_owned()),
        task_id: None,
        message_id: Some(about),
        memories: Vec::new(),
        moved: 0,
        at: it.mint().clock().now(),
    }
}

async fn note(it: &impl StoreFixture, owner: UserId, text: &str) -> Result<MemoryId, StoreError> {
    Ok(given::remembered(it, owner, text).await?.id)
}

async fn purge(it: &impl StoreFixture, write: Write) -> Result<Vec<MemoryId>, StoreError> {
    Ok(it.records().apply(Batch::new().write(write)).await?.memories)
}

/// Everything that the ports show of a person's texts.
async fn everything(
    it: &impl StoreFixture,
    owner: UserId,
    thread: ConversationId,
) -> Result<String, StoreError> {
    let page = || PageRequest::new(100, None);
    let messages = it.conversations().messages(owner, thread, page()).await?;
    let threads = it.conversations().get(owner, thread).await?;
    let tasks = it.tasks().list(owner, TaskFilter::default(), page()).await?;
    let memories = listed(it, owner, &SearchFilter::default(), 100).await?;
    let signals = it.memories().signals(owner, page()).await?;
    let tasks: Vec<_> =
        tasks.items.into_iter().filter(|task| task.conversation_id == thread).collect();
    Ok(format!("{messages:?} {threads:?} {tasks:?} {memories:?} {signals:?}"))
}

/// Expands to one test a rule of this file.
#[macro_export]
macro_rules! purge_contract {
    ($fixture:expr) => {
        $crate::contract_tests!(
            purge,
            $fixture,
            a_memory_goes_with_every_trace_of_it,
            a_conversation_goes_whole,
            a_learning_goes_alone,
            what_was_made_of_a_conversation_goes_with_it,
            a_chain_of_quotes_goes_to_its_end,
            a_rating_goes_with_what_it_speaks_of,
            an_answer_that_leans_on_it_goes_too,
            a_repeat_goes_from_every_message,
            a_command_goes_with_its_answer,
            each_side_of_a_correction_goes_alone,
            followers_learn_that_it_is_gone,
            anothers_is_passed_over,
        );
    };
}
