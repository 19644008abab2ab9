//! The domain's types as clients see them. Turns, and decides nothing but what an agent's status
//! may show to whom.

mod memory;

use appliance_core::{
    AgentStatus, Citation, Conversation, ConversationStatus, InFlight, Message, Role, Task, TaskId,
    TaskOutcome, Timestamp, User, UserRole, Wait,
};
use web_dto::{
    AgentView, CitationView, ConversationView, InFlightView, Me, MessageView, TaskView, WaitView,
};

pub(crate) use memory::{action, held, job, memory, memory_hit, outcome, signal, stats};

pub(crate) fn me(instance: &str, user: &User) -> Me {
    Me {
        instance: instance.to_owned(),
        id: user.id.to_string(),
        email: user.email.clone(),
        display_name: user.display_name.clone(),
        role: match user.role {
            UserRole::User => "user",
            UserRole::Admin => "admin",
            UserRole::System => "system",
        }
        .to_owned(),
    }
}

pub(crate) fn conversation(it: Conversation) -> ConversationView {
    ConversationView {
        id: it.id.to_string(),
        title: it.title,
        status: match it.status {
            ConversationStatus::Active => "active",
            ConversationStatus::Archived => "archived",
            ConversationStatus::Deleted => "deleted",
        }
        .to_owned(),
        once: it.once,
        created_at: it.created_at.to_string(),
        updated_at: it.updated_at.to_string(),
    }
}

pub(crate) fn message(it: Message) -> MessageView {
    MessageView {
        stopped: it.is_stopped(),
        cut_off: it.cut_off.map(|why| why.as_str().to_owned()),
        id: it.id.to_string(),
        conversation_id: it.conversation_id.to_string(),
        seq: it.seq,
        role: role(it.role).to_owned(),
        content: it.content,
        agent: it.agent.map(|agent| agent.to_string()),
        answers: it.parent_message_id.map(|id| id.to_string()),
        task_id: it.task_id.map(|id| id.to_string()),
        citations: citations(it.citations),
        model: it.model,
        created_at: it.created_at.to_string(),
    }
}

pub(crate) const fn role(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::System => "system",
        Role::Tool => "tool",
    }
}

pub(crate) fn citations(citations: Vec<Citation>) -> Vec<CitationView> {
    let view = |it: Citation| CitationView {
        number: it.number,
        memory_id: it.memory_id.to_string(),
        quote: it.quote,
    };
    citations.into_iter().map(view).collect()
}

pub(crate) fn in_flight(it: InFlight) -> InFlightView {
    InFlightView {
        message_id: it.message_id.to_string(),
        answers: it.answers.to_string(),
        agent: it.agent.to_string(),
        attempt: it.attempt,
        text: it.text,
    }
}

/// A task's wait as it is told at `now`; one that is over as it is told is not told.
pub(crate) fn wait(it: Wait, now: Timestamp) -> Option<WaitView> {
    let left = it.left(now)?;
    Some(WaitView {
        reason: it.reason.as_str().to_owned(),
        due: it.due.to_string(),
        left_ms: u64::try_from(left.as_millis()).unwrap_or(u64::MAX),
        tries: it.tries,
    })
}

/// A task with its parts, whose wait is the whole's.
pub(crate) fn whole(it: Task, parts: Vec<Task>, now: Timestamp) -> TaskView {
    let children: Vec<TaskView> = parts.into_iter().map(|part| task(part, now)).collect();
    let whole = task(it, now);
    let wait = whole.wait.or_else(|| children.iter().find_map(|part| part.wait.clone()));
    TaskView { wait, children, ..whole }
}

pub(crate) fn task(it: Task, now: Timestamp) -> TaskView {
    let (output, error) = match it.outcome {
        Some(TaskOutcome::Completed { text, .. }) => (Some(text), None),
        Some(TaskOutcome::Failed { error }) => (None, Some(error)),
        None => (None, None),
    };
    TaskView {
        id: it.id.to_string(),
        conversation_id: it.conversation_id.to_string(),
        answer_id: it.answer_id.to_string(),
        parent_task_id: it.parent_task_id.map(|id| id.to_string()),
        agent: it.assigned_agent.to_string(),
        kind: it.kind.as_str().to_owned(),
        priority: it.priority.into(),
        status: it.status.to_string(),
        attempt: it.attempt,
        phase: it.pai_phase.map(|phase| phase.to_string()),
        wait: it.wait.and_then(|it| wait(it, now)),
        input: it.input,
        output,
        error,
        created_at: it.created_at.to_string(),
        started_at: it.started_at.map(|at| at.to_string()),
        completed_at: it.completed_at.map(|at| at.to_string()),
        children: Vec::new(),
    }
}

/// What the viewer of an agent's status may see of it.
#[derive(Debug, Clone)]
pub(crate) struct AgentSight {
    /// Those of the tasks in hand that are the viewer's own (or all, the viewer being an admin).
    pub(crate) tasks: Vec<TaskId>,
    /// Process, window and fault: for admins.
    pub(crate) inside: bool,
}

pub(crate) fn agent(it: AgentStatus, sight: &AgentSight) -> AgentView {
    AgentView {
        name: it.name.to_string(),
        status: it.state.as_str().to_owned(),
        description: it.description,
        pid: it.pid.filter(|_| sight.inside),
        current_task: sight.tasks.first().map(TaskId::to_string),
        tasks: sight.tasks.iter().map(TaskId::to_string).collect(),
        heartbeat_age_seconds: it.heartbeat_age_seconds,
        restarts: it.restarts,
        started_at: it.started_at.map(|at| at.to_string()),
        problem: it.problem.filter(|_| sight.inside),
        attach: it.attach.filter(|_| sight.inside),
    }
}
