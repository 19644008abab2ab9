//! `POST /api/tasks/{id}/cancel`: calls an answer off and keeps what was written of it.
//!
//! Ends the whole message's task with its open parts in one batch; the agent learns of it when its
//! next word is refused (409 `lease.lost`). Stops no process.
//!
//! Invariant: whatever ends a root task puts a message under its `answer_id`, so the thread has no
//! question without an end.

use appliance_core::{
    Actor, Batch, Conflict, EventBody, InFlight, Message, Role, SignalType, StoreError, Task,
    TaskId, TaskStatus, Topic, Write,
    ports::{By, Cause, Told},
};
use axum::{Json, extract::State};
use web_dto::{Code, TaskView};

use crate::{
    audit::Line,
    auth::CurrentUser,
    error::ApiError,
    extract::{Id, Nothing},
    gate::Caller,
    parts::{App, Shared},
    view,
};

/// Reads before giving up, when agents keep changing the task in between.
const TRIES: usize = 5;

/// What the thread says when there was no word of an answer yet.
const NOTHING_YET: &str = "Stopped before an answer was begun.";

/// Answers with the ended task; one that has ended already is left as it is.
///
/// # Errors
/// 404 for a task that is not the caller's; 409 when it keeps changing.
pub(crate) async fn post(
    State(app): State<Shared>,
    caller: Caller,
    user: CurrentUser,
    Id(id): Id<TaskId>,
    _: Nothing,
) -> Result<Json<TaskView>, ApiError> {
    let line = || Line::data(user.id(), caller.ip, "task.cancel").on("task", &id);
    for _ in 0..TRIES {
        let root = root_of(&app, &user, id).await?;
        if root.status.is_final() {
            return Ok(Json(view::task(root, app.parts.mint.clock().now())));
        }
        if let Some(ended) = end(&app, root, line()).await? {
            tell(&app, &ended, &caller).await;
            return Ok(Json(view::task(ended, app.parts.mint.clock().now())));
        }
    }
    Err(ApiError::new(Code::Conflict, "the task kept changing while it was called off"))
}

/// Finds the task that stands for the whole message.
async fn root_of(app: &App, user: &CurrentUser, id: TaskId) -> Result<Task, ApiError> {
    let mut found = app.parts.tasks.get(id).await?;
    if let Some(parent) = found.as_ref().and_then(|task| task.parent_task_id) {
        found = app.parts.tasks.get(parent).await?;
    }
    let own = found.filter(|task| task.owner == user.id());
    own.ok_or_else(|| ApiError::not_found("task"))
}

/// Ends the task and its parts; `None` when an agent was first and the task has to be read again.
async fn end(app: &App, root: Task, line: Line) -> Result<Option<Task>, ApiError> {
    let children = app.parts.tasks.children(root.id).await?;
    let open: Vec<TaskId> =
        children.iter().filter(|task| !task.status.is_final()).map(|task| task.id).collect();
    let (flights, _) = app.parts.live.in_flight(root.conversation_id);
    let written = flights.into_iter().find(|flight| flight.message_id == root.answer_id);
    let at = app.parts.mint.clock().now();
    let cancelled = |id| {
        let (to, attempt, phase) = (TaskStatus::Cancelled, None, None);
        Write::TransitionTask { id, to, attempt, phase, at }
    };
    let mut batch = Batch::new();
    for id in open.iter().copied().chain([root.id]) {
        batch = batch.write(cancelled(id));
    }
    let thread = app.parts.conversations.get(root.owner, root.conversation_id).await?;
    if thread.is_some() {
        batch = batch.write(Write::AppendMessage(last_words(app, &root, written)));
    }
    match app.parts.records.apply(batch.write(line.write(&app.parts.mint))).await {
        Ok(_) => {}
        Err(error) if lost_to_an_agent(&error) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    show(app, &root, &open).await?;
    Ok(Some(Task { status: TaskStatus::Cancelled, wait: None, completed_at: Some(at), ..root }))
}

/// Tells whether the task has moved on, or its answer stands in the thread already.
const fn lost_to_an_agent(error: &StoreError) -> bool {
    matches!(error.as_conflict(), Some(Conflict::TaskMoved { .. } | Conflict::Exists(_)))
}

/// What stands in the thread in the place of the answer. Names no model: nobody finished it.
fn last_words(app: &App, root: &Task, written: Option<InFlight>) -> Message {
    let (role, content, agent) = match written.filter(|flight| !flight.text.trim().is_empty()) {
        Some(flight) => (Role::Assistant, flight.text, Some(flight.agent)),
        None => (Role::System, NOTHING_YET.to_owned(), None),
    };
    Message {
        id: root.answer_id,
        conversation_id: root.conversation_id,
        seq: 0,
        role,
        content,
        agent,
        parent_message_id: Some(root.message_id),
        task_id: Some(root.id),
        citations: Vec::new(),
        leans_on: Vec::new(),
        cut_off: None,
        model: None,
        created_at: app.parts.mint.clock().now(),
    }
}

/// Notes that the person had enough of it: a sign for what the answer used. The task has ended
/// either way.
async fn tell(app: &App, root: &Task, caller: &Caller) {
    let by = By {
        owner: root.owner,
        actor: Actor::User(root.owner),
        ip: caller.ip.map(|ip| ip.to_string()),
        cause: Cause::default(),
    };
    let told = Told {
        kind: SignalType::TaskAbandon,
        strength: 1_000,
        rating: None,
        comment: None,
        conversation_id: Some(root.conversation_id),
        message_id: Some(root.answer_id),
        task_id: Some(root.id),
        learned: Vec::new(),
    };
    if let Err(error) = app.parts.care.signal(&by, told).await {
        tracing::info!(%error, task = %root.id, "a task was called off without its signal");
    }
}

async fn show(app: &App, root: &Task, parts: &[TaskId]) -> Result<(), ApiError> {
    let live = &app.parts.live;
    if let Some(message) = app.parts.conversations.message(root.owner, root.answer_id).await? {
        live.publish(Topic::Conversation(root.conversation_id), EventBody::Complete(message));
    }
    for id in parts.iter().copied().chain([root.id]) {
        if let Some(task) = app.parts.tasks.get(id).await? {
            live.publish(Topic::Tasks(root.owner), EventBody::Task(task));
        }
    }
    Ok(())
}
