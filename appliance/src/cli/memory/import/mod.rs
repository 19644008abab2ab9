//! `memory import`: keeps the texts of a file, all of them or none.
//!
//! [`read`] takes the file apart, the server checks every line, and only then the first is sent. Lines go
//! in [`parcels`], each under a key of its own: one whose answer was lost is sent again and kept once.
//! No batch spans them all: what cuts an import off in the middle leaves what it had kept, and says so.

mod parcels;
mod read;
mod tell;

use std::{path::Path, process::ExitCode};

use anyhow::Context as _;
use web_dto::{CheckedMemories, Remembered};

use self::{
    parcels::Parcel,
    tell::{Outcome, Source},
};
use super::{
    Context, bars,
    lines::{Bad, Lines},
};
use crate::cli::Client;

/// Keeps the texts of a file, or of standard input.
///
/// # Errors
/// When a line cannot be kept and none is to be left out, or an export was cut off: nothing is sent then.
pub(super) fn run(
    context: &Context,
    file: Option<&Path>,
    skip_bad: bool,
) -> anyhow::Result<ExitCode> {
    let source = Source::of(file);
    let read = read::whole(&source)?;
    let (mut parcels, lines, mut bad) = (parcels::of(read.items), read.lines, read.bad);
    let client = context.client()?;
    bad.extend(context.block_on(check(context, &client, &mut parcels))?);
    bad.sort_by_key(|bad| bad.line);
    if !bad.is_empty() && !skip_bad {
        return Err(tell::refused(&source, lines, &bad).into());
    }
    let kept = context.block_on(send(context, &client, &parcels))?;
    if let Some(lacks) = &read.lacks {
        context.warn(&format!("{source} was not whole when it was exported: {lacks}"), "");
    }
    tell::outcome(context, &source, &Outcome::new(kept, bad))
}

/// Has the server look at every line, and takes those out that it would refuse.
async fn check(
    context: &Context,
    client: &Client,
    parcels: &mut [Parcel],
) -> anyhow::Result<Vec<Bad>> {
    let bar = bars::progress(context, parcels::count(parcels)).with_message("check");
    let mut bad = Vec::new();
    for parcel in parcels {
        let found: CheckedMemories = client.post("/api/memory/check", &parcel.body).await?;
        bar.inc(parcel.lines.len() as u64);
        bad.extend(parcel.take_out(&found.wrong));
    }
    bar.finish_and_clear();
    Ok(bad)
}

/// Sends what is left.
async fn send(
    context: &Context,
    client: &Client,
    parcels: &[Parcel],
) -> anyhow::Result<Remembered> {
    let total = parcels::count(parcels);
    let bar = bars::progress(context, total).with_message("import");
    let mut kept = Remembered::default();
    for parcel in parcels.iter().filter(|parcel| !parcel.lines.is_empty()) {
        let sent = client.post_deed("/api/memory", &parcel.body).await;
        let part: Remembered = sent.with_context(|| cut_off(kept.ids.len(), total))?;
        kept.ids.extend(part.ids);
        kept.known.extend(part.known);
        bar.inc(parcel.lines.len() as u64);
    }
    bar.finish_and_clear();
    Ok(kept)
}

fn cut_off(kept: usize, total: u64) -> String {
    format!(
        "the import was cut off behind {kept} of {total} lines, which are kept; the same import again \
         keeps the rest, and nothing twice"
    )
}
