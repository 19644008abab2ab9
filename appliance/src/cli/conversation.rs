//! `conversation purge`: takes a conversation away for good, with what was remembered of it, after a
//! question.

use std::process::ExitCode;

use http::Method;
use web_dto::{Code, ConversationDetail, PurgeConfirmed, PurgedView};

use super::{Context, arguments::Conversation, client, confirm, memory};

/// Purges, after a question.
///
/// # Errors
/// When no server runs, when nobody can be asked, or there is no such conversation.
pub fn run(context: &Context, command: &Conversation) -> anyhow::Result<ExitCode> {
    let Conversation::Purge { id, yes } = command;
    let server = context.client()?;
    let path = format!("/api/conversations/{}", memory::segment(id));
    if !yes {
        confirm::somebody_is_there("a conversation would be purged")?;
    }
    // Purging passes over what is not there; a person who mistyped wants to know.
    let found = server.exchange::<ConversationDetail>(&Method::GET, &path, None, None::<&()>);
    let title = match context.block_on(found)? {
        Ok(found) => found.conversation.title.unwrap_or_else(|| "without a title".to_owned()),
        Err(problem) if problem.code == Code::StoreCorrupt.as_str() => "that cannot be read".into(),
        Err(problem) => return Err(client::told(&problem).into()),
    };
    if !yes {
        let question = format!(
            "The conversation \"{title}\" would be purged, with its messages and what was remembered \
             of it. Nothing brings it back. Purge?"
        );
        if !confirm::asked(&question)? {
            context.say("nothing was purged");
            return Ok(ExitCode::FAILURE);
        }
    }
    let body = PurgeConfirmed { confirm: true };
    let purge = format!("{path}/purge");
    let gone: PurgedView = context.block_on(server.post_deed(&purge, &body))?;
    context.say("the conversation is gone for good");
    memory::purged(context, &gone)
}
