//! `memory undo`, `pin` and `correct`: one deed each, told with what would take it back.

use std::process::ExitCode;

use web_dto::{ActionView, CorrectMemory, Corrected, PinMemory, UndoAction};

use super::{Context, print, query::segment};

/// Takes a deed back.
pub(super) fn undo(context: &Context, action: Option<&str>) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    let body = UndoAction { action_id: action.map(str::to_owned) };
    let undone: ActionView = context.block_on(client.post_deed("/api/memory/undo", &body))?;
    told(context, &undone)
}

/// Keeps a memory, or no longer.
pub(super) fn pin(context: &Context, id: &str, pinned: bool) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    let path = format!("/api/memory/{}/pin", segment(id));
    let action: ActionView = context.block_on(client.post_deed(&path, &PinMemory { pinned }))?;
    told(context, &action)
}

/// Puts a text in a memory's place.
pub(super) fn correct(context: &Context, id: &str, text: &str) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    let path = format!("/api/memory/{}/correct", segment(id));
    let body = CorrectMemory { text: text.to_owned() };
    let done: Corrected = context.block_on(client.post_deed(&path, &body))?;
    if context.json() {
        print::json(&done)?;
        return Ok(ExitCode::SUCCESS);
    }
    print::out(&format!("{}\n", done.memory.id))?;
    context.say(&sentence(&done.action));
    Ok(ExitCode::SUCCESS)
}

/// Prints a deed.
pub(super) fn told(context: &Context, action: &ActionView) -> anyhow::Result<ExitCode> {
    if context.json() {
        print::json(action)?;
    } else {
        context.say(&sentence(action));
    }
    Ok(ExitCode::SUCCESS)
}

/// Says what was done.
pub(super) fn sentence(action: &ActionView) -> String {
    let what = match (action.deed.as_str(), action.memory_ids.len()) {
        ("forget", 1) => "forgot a memory".to_owned(),
        ("forget", n) => format!("forgot {n} memories"),
        ("correct", _) => "corrected a memory".to_owned(),
        ("pin", _) => "pinned a memory".to_owned(),
        ("unpin", _) => "unpinned a memory".to_owned(),
        (other, n) => format!("{other} of {n} memories"),
    };
    match action.undone_at {
        Some(_) => format!("undone: {what}"),
        None => format!("{what}; to undo it: ai-infra memory undo {}", action.id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deed_says_how_to_take_it_back_until_that_was_done() {
        let mut action = ActionView {
            id: "a1".to_owned(),
            deed: "forget".to_owned(),
            memory_ids: vec![String::new(); 3],
            replacement: None,
            at: String::new(),
            undone_at: None,
        };
        let told = sentence(&action);
        assert_eq!(told, "forgot 3 memories; to undo it: ai-infra memory undo a1");
        action.undone_at = Some(String::new());
        assert_eq!(sentence(&action), "undone: forgot 3 memories");
    }
}
