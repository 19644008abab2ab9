//! `memory add` and `memory import`: keeps texts.
//!
//! An import is read whole before the first of it is sent, and goes in chunks, each under a key of its
//! own: one whose answer was lost is sent again and kept once. What a later import brings again is
//! counted, not kept twice.

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
    process::ExitCode,
};

use anyhow::Context as _;
use web_dto::{MAX_BODY_BYTES, MAX_NEW_MEMORIES, NewMemories, NewMemory, Remembered};

use super::{Context, bars, lines::Lines, print};

/// Room in a request for what surrounds the items.
const FRAME_BYTES: usize = 1024;

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
    told(context, &kept)
}

/// Keeps the texts of a file, or of standard input.
///
/// # Errors
/// When a line is no item or an export was cut off (nothing is sent then).
pub(super) fn import(context: &Context, file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let text = match file {
        Some(file) => fs::read_to_string(file)
            .with_context(|| format!("while reading the import {}", file.display()))?,
        None => {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).context("while reading standard input")?;
            text
        }
    };
    let (chunks, lacks) = chunks(&text)?;
    let client = context.client()?;
    let total = chunks.iter().map(|body| body.items.len() as u64).sum();
    let bar = bars::progress(context, total).with_message("import");
    let mut kept = Remembered::default();
    for body in &chunks {
        let part: Remembered = context.block_on(client.post_deed("/api/memory", body))?;
        kept.ids.extend(part.ids);
        kept.known.extend(part.known);
        bar.inc(body.items.len() as u64);
    }
    bar.finish_and_clear();
    if let Some(lacks) = lacks {
        eprintln!("what was imported was not whole when it was exported: {lacks}");
    }
    told(context, &kept)
}

/// Reads the lines into requests that the server takes; says too what the export had lacked.
fn chunks(text: &str) -> anyhow::Result<(Vec<NewMemories>, Option<String>)> {
    let mut chunks: Vec<NewMemories> = Vec::new();
    let mut room = 0;
    let mut reading = Lines::default();
    for line in text.lines() {
        let Some(item) = reading.read(line)? else { continue };
        let size = serde_json::to_vec(&item)?.len() + 1;
        let last = chunks.last().map_or(MAX_NEW_MEMORIES, |chunk| chunk.items.len());
        if last >= MAX_NEW_MEMORIES || size > room {
            chunks.push(NewMemories::default());
            room = MAX_BODY_BYTES - FRAME_BYTES;
        }
        room = room.saturating_sub(size);
        if let Some(chunk) = chunks.last_mut() {
            chunk.items.push(item);
        }
    }
    reading.end()?;
    Ok((chunks, reading.lacks().map(str::to_owned)))
}

fn told(context: &Context, kept: &Remembered) -> anyhow::Result<ExitCode> {
    if context.json() {
        print::json(kept)?;
        return Ok(ExitCode::SUCCESS);
    }
    let known = kept.known.iter().filter(|known| **known).count();
    match kept.ids.as_slice() {
        [id] => {
            print::out(&format!("{id}\n"))?;
            if known == 1 {
                context.say("this is remembered already");
            }
        }
        ids => {
            context.say(&format!("{} memories are kept, {known} of them were before", ids.len()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_is_cut_into_requests_that_fit_and_a_wrong_line_is_named() {
        let line = format!("{{\"text\":\"{}\"}}\n\n", "x".repeat(60_000));
        let sent = chunks(&line.repeat(40)).unwrap().0;
        assert!(sent.len() > 2);
        for body in &sent {
            assert!(serde_json::to_vec(body).unwrap().len() <= MAX_BODY_BYTES);
        }
        assert_eq!(sent.iter().map(|body| body.items.len()).sum::<usize>(), 40);
        let many = chunks(&"{\"text\":\"a\"}\n".repeat(2_500)).unwrap().0;
        assert_eq!(many.iter().map(|body| body.items.len()).collect::<Vec<_>>(), [1000, 1000, 500]);
        let wrong = chunks("{\"text\":\"a\"}\n{\"txt\":\"b\"}").unwrap_err();
        assert!(format!("{wrong:#}").contains("line 2"), "{wrong:#}");
        assert!(chunks("").unwrap().0.is_empty());
    }
}
