//! Frames for clients: events and refusals in the wire's words. Sends none.

use appliance_core::{EventBody, LiveEvent, Message, Task, TaskOutcome, Timestamp, Topic};
use axum::extract::ws::Message as WsMessage;
use web_dto::{
    AgentStatusPayload, AgentView, Channel, ChunkPayload, Code, ErrorPayload, MessagePayload,
    Place, ResyncPayload, ServerFrame, ServerPayload, SubscribedPayload, TaskRef,
    TaskUpdatePayload,
};

use crate::{error::ApiError, view};

/// Renders a frame; these types always have a JSON form.
pub(super) fn text(frame: &ServerFrame) -> Option<WsMessage> {
    serde_json::to_string(frame).ok().map(|json| WsMessage::Text(json.into()))
}

/// Builds an answer to a client's frame.
pub(super) fn answer(payload: ServerPayload, id: &str, now: Timestamp) -> ServerFrame {
    let id = (!id.is_empty()).then(|| id.to_owned());
    ServerFrame { payload, id, place: None, timestamp: now.to_string() }
}

/// Builds a refusal of a client's frame.
pub(super) fn refusal(error: &ApiError, id: &str, now: Timestamp) -> ServerFrame {
    let code = error.code.as_str().to_owned();
    let message = match error.pointer() {
        Some(field) => format!("{}: {}: {}", dotted(field), error.detail(), hint(error.code)),
        None => format!("{}: {}", error.detail(), hint(error.code)),
    };
    answer(ServerPayload::Error(ErrorPayload { code, message }), id, now)
}

/// Returns a code's hint in words of frames: they have no headers and no list of errors.
const fn hint(code: Code) -> &'static str {
    match code {
        Code::BodyMalformed => "send one JSON object a frame, as text",
        Code::BodyInvalid => "mend that field of the frame and send it again",
        Code::BodyTooLarge => "send a smaller frame",
        Code::KeyInvalid => "use 1 to 128 visible ASCII characters as the frame's `id`",
        Code::KeyReused => "use a new `id` for a new message",
        Code::AuthRequired => "log in, and connect again",
        Code::RateLimited => "unsubscribe from something first",
        other => other.hint(),
    }
}

/// Writes a pointer as frames' documentation does: `payload.channel`.
fn dotted(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

/// Returns the id of a frame that is wrong in something else; empty when it has none.
pub(super) fn id_in(text: &str) -> String {
    let frame: Option<serde_json::Value> = serde_json::from_str(text).ok();
    let id = frame.as_ref().and_then(|frame| frame.get("id")?.as_str());
    id.unwrap_or_default().to_owned()
}

/// Builds the frame of an event; an agent's status comes ready-made, because it depends on the eyes.
pub(super) fn event(
    event: LiveEvent,
    agent: Option<AgentView>,
    now: Timestamp,
) -> Option<ServerFrame> {
    let place = Place { epoch: event.epoch, seq: event.seq };
    let payload = match (event.body, event.topic) {
        (EventBody::Message(it), _) => ServerPayload::Message(message(it)),
        (EventBody::Complete(it), _) => ServerPayload::MessageComplete(message(it)),
        (EventBody::Task(it), _) => ServerPayload::TaskUpdate(task(it, now)),
        (EventBody::Agent(_), _) => ServerPayload::AgentStatus(agent_status(agent?)),
        (
            EventBody::Chunk { message_id, answers, agent, attempt, offset, text },
            Topic::Conversation(conversation),
        ) => ServerPayload::MessageChunk(ChunkPayload {
            message_id: message_id.to_string(),
            answers: answers.to_string(),
            conversation_id: conversation.to_string(),
            content: text,
            agent: agent.to_string(),
            attempt,
            offset,
            is_complete: false,
        }),
        (EventBody::Chunk { .. }, _) => return None,
    };
    Some(ServerFrame { payload, id: None, place: Some(place), timestamp: now.to_string() })
}

fn message(it: Message) -> MessagePayload {
    MessagePayload {
        stopped: it.is_stopped(),
        cut_off: it.cut_off.map(|why| why.as_str().to_owned()),
        task_id: it.task_id.map(|id| id.to_string()),
        message_id: it.id.to_string(),
        conversation_id: it.conversation_id.to_string(),
        seq: it.seq,
        answers: it.parent_message_id.map(|id| id.to_string()),
        role: view::role(it.role).to_owned(),
        content: it.content,
        agent: it.agent.map(|agent| agent.to_string()),
        is_complete: true,
        citations: view::citations(it.citations),
        model: it.model,
    }
}

fn task(it: Task, now: Timestamp) -> TaskUpdatePayload {
    let output = match it.outcome {
        Some(TaskOutcome::Completed { text, .. }) => Some(text),
        _ => None,
    };
    TaskUpdatePayload {
        task_id: it.id.to_string(),
        conversation_id: it.conversation_id.to_string(),
        answer_id: it.answer_id.to_string(),
        parent_task_id: it.parent_task_id.map(|id| id.to_string()),
        status: it.status.to_string(),
        agent: it.assigned_agent.to_string(),
        attempt: it.attempt,
        phase: it.pai_phase.map(|phase| phase.to_string()),
        wait: it.wait.and_then(|it| view::wait(it, now)),
        output,
    }
}

fn agent_status(detail: AgentView) -> AgentStatusPayload {
    // The supervisor's tasks are messages, everybody else's are their parts.
    let kind = if detail.name == "supervisor" { "message" } else { "answer" };
    let task = |id: &String| TaskRef { id: id.clone(), kind: kind.to_owned() };
    AgentStatusPayload {
        agent: detail.name.clone(),
        status: detail.status.clone(),
        current_task: detail.current_task.as_ref().map(task),
        tasks: detail.tasks.iter().map(task).collect(),
        detail,
    }
}

/// Which feed a frame is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Followed {
    pub(super) channel: Channel,
    pub(super) topic: Topic,
}

impl Followed {
    fn conversation_id(self) -> Option<String> {
        match self.topic {
            Topic::Conversation(id) => Some(id.to_string()),
            _ => None,
        }
    }

    pub(super) fn subscribed(self, active: bool, from: Place) -> ServerPayload {
        ServerPayload::Subscribed(SubscribedPayload {
            channel: self.channel,
            conversation_id: self.conversation_id(),
            active,
            from,
        })
    }

    pub(super) fn resync(self, reason: &str, from: Place) -> ServerPayload {
        ServerPayload::Resync(ResyncPayload {
            channel: self.channel,
            conversation_id: self.conversation_id(),
            reason: reason.to_owned(),
            from,
        })
    }
}
