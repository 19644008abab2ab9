//! `memory add`: keeps one text. Many are `memory import`'s.

use std::process::ExitCode;

use web_dto::{NewMemories, NewMemory, Remembered};

use super::{Context, print};

/// Keeps one text.
pub(super) fn add(context: &Context, text: &str, author: Option<&str>) -> anyhow::Result<ExitCode> {
    let item = NewMemory {
        text: text.to_owned(),
        author: author.map(str::to_owned),
        ..NewMemory::default()
    };
    let client = context.client()?;
    let body = NewMemories { items: vec![item] };
    let kept: Remembered = context.block_on(client.post_deed("/api/memory", &body))?;
    if context.json() {
        print::json(&kept)?;
        return Ok(ExitCode::SUCCESS);
    }
    for id in &kept.ids {
        print::out(&format!("{id}\n"))?;
    }
    if kept.known.contains(&true) {
        context.say("this is remembered already");
    }
    Ok(ExitCode::SUCCESS)
}
