//! Taking a message in, for REST and `/ws` alike: check, commit, tell the watchers.
//!
//! Steps 1 and 2 of the walkthrough. The commit itself is built by `appliance_core::intake`; this
//! adds the edge's checks, what is to be remembered, and the events. Runs no agent and waits for none.

use std::net::IpAddr;

use appliance_core::{
    BatchKey, ConversationId, EventBody, Message, Priority, Task, Topic, UserId, Write,
    conversation::MAX_MESSAGE_CHARS,
    intake::{self, Accepted, Incoming},
};
use appliance_phrases::utterance;
use web_dto::Code;

use crate::{error::ApiError, extract::IdempotencyKey, parts::App};

/// The route's name in batch keys.
const ROUTE: &str = "messages.post";

/// A message as it came, by whichever way.
#[derive(Debug)]
pub(crate) struct Offered {
    pub(crate) owner: UserId,
    pub(crate) ip: Option<IpAddr>,
    pub(crate) conversation_id: ConversationId,
    pub(crate) content: String,
    pub(crate) attachments: usize,
    pub(crate) key: IdempotencyKey,
}

/// Stores the message and puts it to work; it is on disk when this returns.
///
/// # Errors
/// 422 for the text, the attachments or a reused key; 404 for a conversation that is not the
/// owner's; the store's own.
pub(crate) async fn take(app: &App, offered: Offered) -> Result<Accepted, ApiError> {
    check_text(&offered)?;
    let (owner, conversation) = (offered.owner, offered.conversation_id);
    require_conversation(app, owner, conversation).await?;

    let key = batch_key(&offered);
    let (batch, accepted) = intake::message(
        &app.parts.mint,
        &Incoming {
            owner,
            conversation_id: conversation,
            remembered: utterance::worth_keeping(&offered.content).map(str::to_owned),
            content: offered.content,
            priority: Priority::NORMAL,
            actor_ip: offered.ip.map(|ip| ip.to_string()),
            key,
        },
    );
    let (message, task) = written(&batch.writes);
    let applied = match app.parts.records.apply(batch).await {
        Ok(applied) => applied,
        Err(cause) => {
            // A conversation that went away in between is absent, not in conflict.
            require_conversation(app, owner, conversation).await?;
            return Err(cause.into());
        }
    };
    if !applied.repeated {
        let seq = applied.sequences.first().copied().flatten().unwrap_or_default();
        announce(app, owner, message.map(|message| Message { seq, ..message }), task);
    }
    Ok(accepted.confirmed(&applied))
}

fn check_text(offered: &Offered) -> Result<(), ApiError> {
    let chars = offered.content.chars().count();
    if chars > MAX_MESSAGE_CHARS {
        let detail =
            format!("the message has {chars} characters, at most {MAX_MESSAGE_CHARS} are taken");
        return Err(ApiError::field(Code::MessageTooLong, "/content", detail));
    }
    if offered.content.trim().is_empty() {
        return Err(ApiError::field(Code::MessageEmpty, "/content", "the message has no text"));
    }
    if offered.attachments > 0 {
        let detail = "attachments are not taken yet; leave the list empty";
        return Err(ApiError::field(Code::AttachmentsUnsupported, "/attachments", detail));
    }
    Ok(())
}

/// Finds the conversation or says that it is not there, whoever else may own it.
pub(crate) async fn require_conversation(
    app: &App,
    owner: UserId,
    id: ConversationId,
) -> Result<appliance_core::Conversation, ApiError> {
    let found = app.parts.conversations.get(owner, id).await?;
    found.ok_or_else(|| ApiError::not_found("conversation"))
}

fn batch_key(offered: &Offered) -> Option<BatchKey> {
    let conversation = offered.conversation_id.to_string();
    offered.key.batch_key(offered.owner, ROUTE, &[&conversation, &offered.content])
}

fn written(writes: &[Write]) -> (Option<Message>, Option<Task>) {
    let message = writes.iter().find_map(|write| match write {
        Write::AppendMessage(message) => Some(message.clone()),
        _ => None,
    });
    let task = writes.iter().find_map(|write| match write {
        Write::PutTask(task) => Some(task.clone()),
        _ => None,
    });
    (message, task)
}

fn announce(app: &App, owner: UserId, message: Option<Message>, task: Option<Task>) {
    if let Some(message) = message {
        let topic = Topic::Conversation(message.conversation_id);
        app.parts.live.publish(topic, EventBody::Message(message));
    }
    if let Some(task) = task {
        app.parts.live.publish(Topic::Tasks(owner), EventBody::Task(task));
    }
}
