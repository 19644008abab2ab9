//! Rules of the port `Tasks` and of the writes that move them.

use std::time::Duration;

use appliance_core::{
    AgentName, Batch, ErrorKind, Phase, StoreError, Task, TaskId, TaskOutcome, TaskStatus, Write,
    ports::TaskFilter,
};

use crate::{
    Checked, StoreFixture,
    given::{self, a_person, a_task, a_user, refusal},
};

/// A task notes when it began, its attempts and phase, when it ended and how.
pub async fn a_task_notes_its_life(it: &mut impl StoreFixture) -> Checked {
    let task = a_task(it).await?;
    let began = it.now();
    advance(it, task.id, TaskStatus::InProgress, Some(1), Some(Phase::Observe)).await?;
    it.pass(Duration::from_secs(1)).await;
    advance(it, task.id, TaskStatus::InProgress, Some(2), None).await?;
    it.pass(Duration::from_secs(1)).await;
    let ended = it.now();
    let outcome = answered("heron");
    let (id, to_parent) = (task.id, None);
    it.write(vec![Write::CompleteTask { id, outcome: outcome.clone(), at: ended, to_parent }])
        .await?;

    let expected = Task {
        status: TaskStatus::Completed,
        attempt: 2,
        outcome: Some(outcome),
        pai_phase: Some(Phase::Observe),
        started_at: Some(began),
        completed_at: Some(ended),
        updated_at: ended,
        ..task.clone()
    };
    assert_eq!(it.tasks().get(task.id).await?, Some(expected));
    Ok(())
}

/// Of all moves from every state, exactly the legal ones are taken.
pub async fn only_legal_moves_are_taken(it: &mut impl StoreFixture) -> Checked {
    let (owner, thread) = a_person(it).await?;
    for from in TaskStatus::ALL {
        for to in TaskStatus::ALL {
            let task = Task { status: from, ..given::task(&it.mint(), owner, thread) };
            let id = task.id;
            it.write(vec![Write::PutTask(task)]).await?;
            let step = Write::TransitionTask { id, to, attempt: None, phase: None, at: it.now() };
            let applied = it.records().apply(Batch::new().write(step)).await;
            let now = it.tasks().get(id).await?.map(|task| task.status);
            if from.may_become(to) {
                assert!(applied.is_ok() && now == Some(to), "{from} may become {to}");
            } else {
                refusal(ErrorKind::Conflict, applied)?;
                assert_eq!(now, Some(from), "{from} may not become {to}");
            }
        }
    }
    Ok(())
}

/// A task ends once: a second outcome and a second making are refused.
pub async fn a_task_ends_once(it: &mut impl StoreFixture) -> Checked {
    let task = a_task(it).await?;
    advance(it, task.id, TaskStatus::InProgress, Some(1), None).await?;
    let (id, at) = (task.id, it.now());
    let end =
        |outcome| Batch::new().write(Write::CompleteTask { id, outcome, at, to_parent: None });
    let failed = TaskOutcome::Failed { error: "no model; try again".to_owned() };
    it.records().apply(end(failed.clone())).await?;
    refusal(ErrorKind::Conflict, it.records().apply(end(answered("late"))).await)?;
    let twice = Batch::new().write(Write::PutTask(task));
    refusal(ErrorKind::Conflict, it.records().apply(twice).await)?;

    let found = it.tasks().get(id).await?.map(|task| (task.status, task.outcome));
    assert_eq!(found, Some((TaskStatus::Failed, Some(failed))));
    Ok(())
}

/// The list is its owner's alone, newest first, narrowed by state and agent, complete by pages.
pub async fn the_list_is_narrowed_and_paged(it: &mut impl StoreFixture) -> Checked {
    let (owner, thread) = a_person(it).await?;
    let mut made = Vec::new();
    for number in 0..12_usize {
        let agent = AgentName::ALL[number % 2];
        let status = TaskStatus::ALL[number % 3];
        let task = given::task(&it.mint(), owner, thread);
        let task = Task { assigned_agent: agent, status, ..task };
        it.write(vec![Write::PutTask(task.clone())]).await?;
        made.insert(0, task);
    }
    let filters = [
        TaskFilter::default(),
        TaskFilter { status: Some(TaskStatus::Pending), agent: None },
        TaskFilter { status: None, agent: Some(AgentName::Code) },
        TaskFilter { status: Some(TaskStatus::Assigned), agent: Some(AgentName::Code) },
        TaskFilter { status: Some(TaskStatus::Failed), agent: None },
    ];
    for filter in filters {
        let expected: Vec<Task> = made.iter().filter(|task| fits(task, filter)).cloned().collect();
        for limit in [1, 2, 3, 100] {
            let found = given::all(limit, |page| {
                let tasks = it.tasks();
                async move { tasks.list(owner, filter, page).await }
            });
            assert_eq!(found.await?, expected, "{filter:?}, {limit} a page");
        }
    }
    let stranger = a_user(it).await?;
    let page = appliance_core::PageRequest::new(10, None);
    let list = it.tasks().list(stranger, TaskFilter::default(), page).await?;
    assert!(list.items.is_empty());
    Ok(())
}

/// Children are listed oldest first; a parent that does not exist is the caller's bug.
pub async fn children_are_listed_oldest_first(it: &mut impl StoreFixture) -> Checked {
    let parent = a_task(it).await?;
    let child = |parent_task_id| {
        let task = given::task(&it.mint(), parent.owner, parent.conversation_id);
        Task { parent_task_id: Some(parent_task_id), ..task }
    };
    let (one, two) = (child(parent.id), child(parent.id));
    it.write(vec![Write::PutTask(one.clone()), Write::PutTask(two.clone())]).await?;
    assert_eq!(it.tasks().children(parent.id).await?, [one.clone(), two]);
    assert!(it.tasks().children(one.id).await?.is_empty());
    let orphan = child(it.mint().next(TaskId::from_uuid));
    let orphaned = it.records().apply(Batch::new().write(Write::PutTask(orphan))).await;
    refusal(ErrorKind::Invalid, orphaned)?;
    Ok(())
}

/// A task in somebody else's thread is refused.
pub async fn a_task_stays_within_its_owner(it: &mut impl StoreFixture) -> Checked {
    let (_, thread) = a_person(it).await?;
    let stranger = a_user(it).await?;
    let task = given::task(&it.mint(), stranger, thread);
    let applied = it.records().apply(Batch::new().write(Write::PutTask(task))).await;
    refusal(ErrorKind::Invalid, applied)?;
    Ok(())
}

async fn advance(
    it: &impl StoreFixture,
    id: TaskId,
    to: TaskStatus,
    attempt: Option<u32>,
    phase: Option<Phase>,
) -> Result<(), StoreError> {
    it.write(vec![Write::TransitionTask { id, to, attempt, phase, at: it.now() }]).await
}

fn answered(text: &str) -> TaskOutcome {
    TaskOutcome::Completed {
        text: text.to_owned(),
        citations: Vec::new(),
        model: "demo".to_owned(),
        agent: AgentName::Data,
    }
}

fn fits(task: &Task, filter: TaskFilter) -> bool {
    filter.status.is_none_or(|status| task.status == status)
        && filter.agent.is_none_or(|agent| task.assigned_agent == agent)
}

/// Expands to one test a rule of this file.
#[macro_export]
macro_rules! tasks_contract {
    ($fixture:expr) => {
        $crate::contract_tests!(
            tasks,
            $fixture,
            a_task_notes_its_life,
            only_legal_moves_are_taken,
            a_task_ends_once,
            the_list_is_narrowed_and_paged,
            children_are_listed_oldest_first,
            a_task_stays_within_its_owner,
        );
    };
}
