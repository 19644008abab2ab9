//! `forget`: shows memories to nobody any more.

use rmcp::{
    model::{JsonObject, Tool, ToolAnnotations},
    schemars::{self, JsonSchema},
};
use serde::{Deserialize, Serialize};
use web_dto::ForgetMemories;

use super::{Answer, read, written};
use crate::{Memory, Refused};

/// The arguments.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Forget {
    /// The ids of the memories, as `search` and `recent` give them, 1 to 1,000.
    #[schemars(length(min = 1, max = 1000))]
    ids: Vec<String>,
    /// Your name for this call, 1 to 128 visible ASCII characters without spaces: called again
    /// with it within a day, the tool does nothing and gives the first answer.
    #[serde(default)]
    idempotency_key: Option<String>,
}

/// The answer.
#[derive(Debug, Serialize, JsonSchema)]
struct Forgotten {
    /// What the person names to undo it.
    action_id: String,
    /// The memories that are forgotten.
    ids: Vec<String>,
}

pub(super) fn tool() -> Tool {
    let about = "Forgets memories, all of those named or none: no search finds them any more. Ask \
        the person first, unless they asked for it. For 30 days the person can undo it on the \
        memory page or with `ai-infra memory undo`; after that they are gone for good.";
    Tool::new("forget", about, JsonObject::new())
        .with_title("Forget")
        .with_input_schema::<Forget>()
        .with_output_schema::<Forgotten>()
        .with_annotations(
            ToolAnnotations::with_title("Forget")
                .read_only(false)
                .destructive(true)
                .idempotent(true)
                .open_world(false),
        )
}

pub(super) async fn call(memory: &dyn Memory, arguments: JsonObject) -> Result<Answer, Refused> {
    let asked: Forget = read("forget", arguments)?;
    let key = asked.idempotency_key.as_deref();
    let action = memory.forget(ForgetMemories { ids: asked.ids }, key).await?;
    let (ids, action_id) = (action.memory_ids, action.id);
    let many = if ids.len() == 1 { "memory is" } else { "memories are" };
    let undo = memory.typed(&format!("ai-infra memory undo {action_id}"));
    let text = format!("{} {many} forgotten; to undo it: {undo}", ids.len());
    Ok((text, written(&Forgotten { action_id, ids })?))
}
