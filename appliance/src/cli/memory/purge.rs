//! `memory purge`: takes memories away for good, after a question. What is final is said to be.

use std::process::ExitCode;

use web_dto::{PurgeMemories, PurgedView};

use super::{Context, forget, print};
use crate::{cli::confirm, exit};

/// Purges, after a question.
pub(super) fn run(context: &Context, ids: &[String], yes: bool) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    if !yes {
        let would = match ids.len() {
            1 => "a memory would be purged".to_owned(),
            many => format!("{many} memories would be purged"),
        };
        confirm::somebody_is_there(&would)?;
        forget::show(context, &client, ids)?;
        let question = format!(
            "{would}, with the messages they were said in, answers that quote them and what was \
             learned of those. Nothing brings them back. Purge?"
        );
        if !confirm::asked(&question)? {
            context.say("nothing was purged");
            return Ok(ExitCode::FAILURE);
        }
    }
    let body = PurgeMemories { ids: ids.to_vec(), confirm: true };
    let gone: PurgedView = context.block_on(client.post_deed("/api/memory/purge", &body))?;
    if !gone.memories.is_empty() {
        return told(context, &gone);
    }
    if context.json() {
        print::json(&gone)?;
    } else {
        context.say("no memory was there to purge: it was purged before, or has another id");
    }
    Ok(ExitCode::FAILURE)
}

/// Prints what went, and what may be left, which is no success.
pub fn told(context: &Context, gone: &PurgedView) -> anyhow::Result<ExitCode> {
    let left = gone.left();
    if context.json() {
        print::json(gone)?;
    } else {
        context.say(&sentence(gone));
        if let Some(left) = &left {
            let hint = "`ai-infra doctor` names what is damaged; memories and conversations go by their ids";
            context.warn(left, hint);
        }
    }
    Ok(left.map_or(ExitCode::SUCCESS, |_| ExitCode::from(exit::DEGRADED)))
}

fn sentence(gone: &PurgedView) -> String {
    let what = match gone.memories.len() {
        0 => "no memory had to go with it".to_owned(),
        1 => "1 memory is gone for good".to_owned(),
        many => format!("{many} memories are gone for good, copies and what was drawn included"),
    };
    format!(
        "{what}; free pages of files are cleared within a day, or now by: ai-infra memory maintain"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_is_said_with_when_the_last_byte_goes() {
        let gone =
            |count| PurgedView { memories: vec![String::new(); count], ..PurgedView::default() };
        assert!(sentence(&gone(0)).starts_with("no memory had to go"));
        assert!(sentence(&gone(1)).starts_with("1 memory is gone for good"));
        assert!(sentence(&gone(3)).contains("ai-infra memory maintain"));
    }
}
