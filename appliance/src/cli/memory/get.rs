//! `memory get`: one memory and all that is known of it.

use std::process::ExitCode;

use web_dto::MemoryView;

use super::{Context, minute, print, query::segment};

/// Prints the text, and what is known of it after it.
pub(super) fn run(context: &Context, id: &str) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    let path = format!("/api/memory/{}", segment(id));
    let memory: MemoryView = context.block_on(client.get(&path))?;
    if context.json() {
        print::json(&memory)?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows = facts(&memory).into_iter().map(|(name, fact)| vec![name.to_owned(), fact]);
    let facts = print::table(&["", ""], rows.collect());
    print::out(&format!("{}\n{facts}\n", memory.text))?;
    Ok(ExitCode::SUCCESS)
}

fn facts(it: &MemoryView) -> Vec<(&'static str, String)> {
    let uses = format!("{} times, said again {} times", it.accesses, it.repeats);
    let holds = match (&it.valid_until, &it.superseded_by) {
        (None, _) => format!("since {}", minute(&it.valid_from)),
        (Some(until), None) => format!("until {}", minute(until)),
        (Some(until), Some(new)) => format!("until {}; now {new}", minute(until)),
    };
    let pinned = if it.pinned { ", pinned" } else { "" };
    let labels = &it.labels;
    let maybe = [
        ("by", it.author.clone().or_else(|| it.agent.clone())),
        ("conversation", it.conversation_id.clone()),
        ("read at", it.untrusted.as_ref().map(|place| format!("{place} (nobody's word)"))),
        ("phase", labels.phase.clone()),
        ("outcome", labels.outcome.clone()),
        ("source", labels.source.clone()),
        ("domain", labels.domain.clone()),
    ];
    let mut facts = vec![
        ("id", it.id.clone()),
        ("kind", format!("{} in {}", it.kind, it.collection)),
        ("tier", format!("{}{pinned}", it.tier)),
        ("said", minute(&it.created_at)),
        ("holds", holds),
        ("useful", format!("{:.2}", it.utility)),
        ("used", uses),
    ];
    facts.extend(maybe.into_iter().filter_map(|(name, fact)| Some((name, fact?))));
    facts
}
