//! `conversation purge`: takes a conversation away for good, with what was remembered of it, after a
//! question.

use std::process::ExitCode;

use http::Method;
use web_dto::{Code, ConversationDetail, Problem, PurgeConfirmed, PurgedView};

use super::{Context, arguments::Conversation, client, confirm, memory};
use crate::exit::Failure;

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
    let look = || {
        let asked = server.exchange::<ConversationDetail>(&Method::GET, &path, None, None::<&()>);
        context.block_on(asked)
    };
    let title = match look()? {
        Ok(found) => Some(found.conversation.title.unwrap_or_else(|| "without a title".to_owned())),
        Err(problem) if is_damaged(&problem) => None,
        Err(problem) => return Err(client::told(&problem).into()),
    };
    if !yes {
        let title = title.as_deref().unwrap_or("that cannot be read");
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
    if title.is_none() && look()?.as_ref().is_err_and(is_damaged) {
        let hint = "it may be another person's; `ai-infra doctor` names what is damaged";
        return Err(Failure::new(1, "what cannot be read was not purged", hint).into());
    }
    context.say("the conversation is gone for good");
    memory::purged(context, &gone)
}

fn is_damaged(problem: &Problem) -> bool {
    problem.code == Code::StoreCorrupt.as_str()
}
