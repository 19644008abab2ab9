//! `remember`: keeps a text.

use rmcp::{
    model::{JsonObject, Tool, ToolAnnotations},
    schemars::{self, JsonSchema},
};
use serde::{Deserialize, Serialize};
use web_dto::{NewMemories, NewMemory};

use super::{Answer, read, written};
use crate::{Memory, Refused};

/// The arguments.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Remember {
    /// What to keep, as one statement that stands for itself, at most 64 KiB.
    text: String,
    /// Who said it, where that is not the person.
    #[serde(default)]
    author: Option<String>,
    /// When it was said, RFC 3339; now when left out.
    #[serde(default)]
    created_at: Option<String>,
    /// Where it was read, such as `web: example.com`, when it is neither the person's nor your own
    /// word: text of web pages, files, mails and other tools. It is kept under this label.
    #[serde(default)]
    untrusted: Option<String>,
    /// Your name for this call, 1 to 128 visible ASCII characters without spaces: called again
    /// with it within a day, the tool does nothing and gives the first answer.
    #[serde(default)]
    idempotency_key: Option<String>,
}

/// The answer.
#[derive(Debug, Serialize, JsonSchema)]
struct Kept {
    /// The memory that holds the text.
    id: String,
    /// Whether the same was remembered already, and nothing new was kept.
    known: bool,
}

pub(super) fn tool() -> Tool {
    let about = "Keeps a fact, a decision or a preference for good: it is on disk when this \
        answers, and later searches find it. Write one statement a call, with names instead of \
        pronouns. The same text again is not kept twice. Keep no passwords, keys or tokens.";
    Tool::new("remember", about, JsonObject::new())
        .with_title("Remember")
        .with_input_schema::<Remember>()
        .with_output_schema::<Kept>()
        .with_annotations(
            ToolAnnotations::with_title("Remember")
                .read_only(false)
                .destructive(false)
                .idempotent(true)
                .open_world(false),
        )
}

pub(super) async fn call(memory: &dyn Memory, arguments: JsonObject) -> Result<Answer, Refused> {
    let asked: Remember = read("remember", arguments)?;
    let key = asked.idempotency_key;
    let item = NewMemory {
        text: asked.text,
        // What was read is a document, and is ranked as one.
        kind: asked.untrusted.is_some().then(|| "document".to_owned()),
        author: asked.author,
        created_at: asked.created_at,
        untrusted: asked.untrusted,
        ..NewMemory::default()
    };
    let kept = memory.remember(NewMemories { items: vec![item] }, key.as_deref()).await?;
    let id = kept.ids.into_iter().next().ok_or_else(|| Refused {
        what: "the memory did not say what it kept".to_owned(),
        hint: "search for the text, and call `remember` again if it is not found".to_owned(),
    })?;
    let known = kept.known.first().copied().unwrap_or_default();
    let text = if known {
        format!("this is remembered already, with id {id}")
    } else {
        format!("remembered, with id {id}")
    };
    Ok((text, written(&Kept { id, known })?))
}
