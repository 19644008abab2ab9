//! Rules of a task's end for the task that waits for it: told once, by the last child, in one commit.

use appliance_core::{
    AgentName, Applied, Batch, Condition, Delivery, Envelope, EnvelopeKind, ErrorKind, Incarnation,
    IncarnationId, Pai, Payload, Priority, StoreError, StreamName, Task, TaskId, TaskKind,
    TaskOutcome, TaskStatus, Write, batch::ToParent, bus::AGENTS_GROUP, envelope::Sender,
    ids::EnvelopeId, ports::Take,
};
use futures_util::future::join_all;

use crate::{
    Checked, StoreFixture,
    given::{self, a_person, refusal},
};

/// A task whose work was cut into parts is woken by the last of them, once.
pub async fn the_last_child_wakes_its_parent_once(it: &mut impl StoreFixture) -> Checked {
    let (parent, children) = a_family(it, TaskKind::Answer, 3).await?;
    for child in &children[..2] {
        end(it, &parent, child, "part").await?;
        assert_eq!(results(it, &parent).await?, Vec::<TaskId>::new(), "others are open");
    }
    end(it, &parent, &children[2], "last").await?;
    assert_eq!(results(it, &parent).await?, [parent.id]);
    assert_eq!(status(it, parent.id).await?, Some(TaskStatus::Waiting), "it was handed to nobody");
    Ok(())
}

/// Children that end at the same moment wake their parent once all the same.
pub async fn children_that_end_together_wake_their_parent_once(
    it: &mut impl StoreFixture,
) -> Checked {
    for _ in 0..10 {
        let (parent, children) = a_family(it, TaskKind::Answer, 3).await?;
        let ends = children.iter().map(|child| end(it, &parent, child, "part"));
        for ended in join_all(ends).await {
            ended?;
        }
        assert_eq!(results(it, &parent).await?, [parent.id]);
    }
    Ok(())
}

/// A message that was delegated whole ends with its child, and its answer is there in that commit.
pub async fn a_delegated_message_ends_with_its_child(it: &mut impl StoreFixture) -> Checked {
    let (root, children) = a_family(it, TaskKind::Message, 1).await?;
    end(it, &root, &children[0], "heron").await?;
    let found = it.tasks().get(root.id).await?.map(|task| (task.status, task.outcome));
    assert_eq!(found, Some((TaskStatus::Completed, Some(answered("heron")))));
    let answer = it.conversations().message(root.owner, root.answer_id).await?;
    assert_eq!(answer.map(|message| message.content).as_deref(), Some("heron"));
    assert_eq!(results(it, &root).await?, Vec::<TaskId>::new(), "nobody has to pass it on");
    let again = end(it, &root, &children[0], "osprey").await;
    refusal(ErrorKind::Conflict, again)?;
    Ok(())
}

/// A child that fails ends a message that was delegated whole the same way.
pub async fn a_delegated_message_fails_with_its_child(it: &mut impl StoreFixture) -> Checked {
    let (root, children) = a_family(it, TaskKind::Message, 1).await?;
    let outcome = TaskOutcome::Failed { error: "no model; try again".to_owned() };
    it.records().apply(ending(it, &root, &children[0], outcome.clone())).await?;
    let found = it.tasks().get(root.id).await?.map(|task| (task.status, task.outcome));
    assert_eq!(found, Some((TaskStatus::Failed, Some(outcome))));
    Ok(())
}

/// A message that was called off stays so: its child ends and is acknowledged without an answer.
pub async fn a_message_called_off_takes_no_answer(it: &mut impl StoreFixture) -> Checked {
    let (root, children) = a_family(it, TaskKind::Message, 1).await?;
    let stream = StreamName::of_agent(AgentName::Code, Priority::NORMAL);
    given::entries(it, &stream, 1).await?;
    let Some(delivery) = take(it, stream).await? else {
        return Err(StoreError::invalid("contract", "there is an entry"));
    };
    let (id, at, to) = (root.id, it.now(), TaskStatus::Cancelled);
    it.write(vec![Write::TransitionTask { id, to, attempt: None, phase: None, at }]).await?;

    let batch = ending(it, &root, &children[0], answered("late"));
    it.records().apply(batch.when(fence(&delivery)).write(ack(&delivery))).await?;
    assert_eq!(status(it, root.id).await?, Some(TaskStatus::Cancelled));
    assert_eq!(status(it, children[0].id).await?, Some(TaskStatus::Completed));
    assert_eq!(it.conversations().message(root.owner, root.answer_id).await?, None);
    let depths = it.streams().depths(AGENTS_GROUP).await?;
    assert!(depths.iter().all(|(_, waiting)| *waiting == 0), "{depths:?}");
    Ok(())
}

/// A child's end that does not say what its parent is told, or tells another, is the caller's bug.
pub async fn a_childs_end_speaks_to_its_parent(it: &mut impl StoreFixture) -> Checked {
    let (parent, children) = a_family(it, TaskKind::Answer, 1).await?;
    let (id, at, outcome) = (children[0].id, it.now(), answered("part"));
    let silent = Write::CompleteTask { id, outcome: outcome.clone(), at, to_parent: None };
    refusal(ErrorKind::Invalid, it.records().apply(Batch::new().write(silent)).await)?;
    let (stranger, _) = a_family(it, TaskKind::Answer, 1).await?;
    let wrong = ending(it, &stranger, &children[0], outcome);
    refusal(ErrorKind::Invalid, it.records().apply(wrong).await)?;
    assert_eq!(status(it, id).await?, Some(TaskStatus::InProgress));
    end(it, &parent, &children[0], "part").await.map(drop)
}

/// Makes a waiting task with children that are being worked on.
async fn a_family(
    it: &impl StoreFixture,
    kind: TaskKind,
    children: usize,
) -> Result<(Task, Vec<Task>), StoreError> {
    let (owner, thread) = a_person(it).await?;
    let parent =
        Task { kind, status: TaskStatus::Waiting, ..given::task(&it.mint(), owner, thread) };
    let child = || Task {
        parent_task_id: Some(parent.id),
        kind: TaskKind::Answer,
        assigned_agent: AgentName::Code,
        status: TaskStatus::InProgress,
        ..given::task(&it.mint(), owner, thread)
    };
    let children: Vec<Task> = (0..children).map(|_| child()).collect();
    let all = [parent.clone()].into_iter().chain(children.clone());
    it.write(all.map(Write::PutTask).collect()).await?;
    Ok((parent, children))
}

async fn end(
    it: &impl StoreFixture,
    parent: &Task,
    child: &Task,
    text: &str,
) -> Result<Applied, StoreError> {
    it.records().apply(ending(it, parent, child, answered(text))).await
}

fn ending(it: &impl StoreFixture, parent: &Task, child: &Task, outcome: TaskOutcome) -> Batch {
    let mut answer = given::message(&it.mint(), parent.conversation_id, "");
    answer.id = parent.answer_id;
    if let TaskOutcome::Completed { text, .. } = &outcome {
        answer.content.clone_from(text);
    }
    let ends = vec![Write::AppendMessage(answer)];
    let to_parent = Some(Box::new(ToParent { ends, wakes: result(it, parent) }));
    Batch::new().write(Write::CompleteTask { id: child.id, outcome, at: it.now(), to_parent })
}

fn result(it: &impl StoreFixture, parent: &Task) -> Envelope {
    Envelope {
        id: it.mint().next(EnvelopeId::from_uuid),
        timestamp: it.now(),
        source: Sender::Agent(AgentName::Code),
        target: parent.assigned_agent,
        kind: EnvelopeKind::Result,
        priority: parent.priority,
        payload: Payload {
            task_id: parent.id,
            action: "return".to_owned(),
            context: "{}".to_owned(),
            memory_refs: Vec::new(),
        },
        pai: Pai::default(),
    }
}

/// Takes all that waits for the parent's agent; returns the tasks it is about.
async fn results(it: &impl StoreFixture, parent: &Task) -> Result<Vec<TaskId>, StoreError> {
    let stream = StreamName::of_agent(parent.assigned_agent, parent.priority);
    let mut found = Vec::new();
    while let Some(delivery) = take(it, stream.clone()).await? {
        it.write(vec![ack(&delivery)]).await?;
        found.push(delivery.envelope.payload.task_id);
    }
    Ok(found)
}

async fn take(it: &impl StoreFixture, stream: StreamName) -> Result<Option<Delivery>, StoreError> {
    let taker =
        Incarnation { agent: AgentName::Code, id: it.mint().next(IncarnationId::from_uuid) };
    let (streams, group) = (vec![stream], AGENTS_GROUP.to_owned());
    let wish = Take { taker, streams, group, wait: std::time::Duration::ZERO };
    it.streams().take(wish, Box::new(|_| Vec::new())).await
}

fn ack(delivery: &Delivery) -> Write {
    let (stream, seq) = (delivery.stream.clone(), delivery.seq);
    Write::AckBus { stream, group: AGENTS_GROUP.to_owned(), seq }
}

fn fence(delivery: &Delivery) -> Condition {
    Condition::Leased {
        stream: delivery.stream.clone(),
        group: AGENTS_GROUP.to_owned(),
        seq: delivery.seq,
        deliveries: delivery.deliveries,
    }
}

async fn status(it: &impl StoreFixture, id: TaskId) -> Result<Option<TaskStatus>, StoreError> {
    Ok(it.tasks().get(id).await?.map(|task| task.status))
}

fn answered(text: &str) -> TaskOutcome {
    TaskOutcome::Completed {
        text: text.to_owned(),
        citations: Vec::new(),
        model: "demo".to_owned(),
        agent: AgentName::Code,
    }
}

/// Expands to one test a rule of this file.
#[macro_export]
macro_rules! task_ends_contract {
    ($fixture:expr) => {
        $crate::contract_tests!(
            task_ends,
            $fixture,
            the_last_child_wakes_its_parent_once,
            children_that_end_together_wake_their_parent_once,
            a_delegated_message_ends_with_its_child,
            a_delegated_message_fails_with_its_child,
            a_message_called_off_takes_no_answer,
            a_childs_end_speaks_to_its_parent,
        );
    };
}
