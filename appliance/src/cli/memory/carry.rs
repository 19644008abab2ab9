//! `memory export`: writes everything to a file or to standard output, as it comes.
//!
//! A file appears under its name only when it is whole and on disk; standard output is passed on
//! byte for byte, and an export that was cut off is an error at its end. One that lacks what the server
//! cannot read is written all the same, and said and told by the exit code.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use http_body_util::BodyExt as _;

use super::{
    Context, bars,
    lines::{Line, Lines},
};
use crate::{
    cli::Client,
    exit::{self, Failure},
};

/// Writes the export.
pub(super) fn export(context: &Context, file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    let Some(file) = file else {
        let lines = context.block_on(copy(context, &client, &mut io::stdout()))?;
        return Ok(ended(context, &lines));
    };
    if file.exists() {
        let what = format!("{} exists already", file.display());
        return Err(Failure::new(1, what, "name another file, or move it away").into());
    }
    let part = beside(file);
    let written = context.block_on(async { whole(context, &client, &part).await });
    let lines = written.inspect_err(|_| {
        // Half an export is of no use; that it cannot be removed either changes nothing.
        let _ = fs::remove_file(&part);
    })?;
    fs::rename(&part, file)
        .with_context(|| format!("while giving the export its name {}", file.display()))?;
    context.say(&format!("{} memories are in {}", lines.end()?, file.display()));
    Ok(ended(context, &lines))
}

/// Says what the export lacks, whoever reads it; the exit code tells it too.
fn ended(context: &Context, lines: &Lines) -> ExitCode {
    let Some(lacks) = lines.lacks() else { return ExitCode::SUCCESS };
    context.warn(&format!("this export is not whole: {lacks}"), "`ai-infra doctor` names them");
    ExitCode::from(exit::DEGRADED)
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// Writes the whole export to `part`; it is on disk when this returns.
async fn whole(context: &Context, client: &Client, part: &Path) -> anyhow::Result<Lines> {
    // Its owner's alone: it holds what was said.
    let mut out =
        appliance_files::file(part).with_context(|| format!("while making {}", part.display()))?;
    let lines = copy(context, client, &mut out).await?;
    out.sync_all().with_context(|| format!("while writing {}", part.display()))?;
    Ok(lines)
}

/// Passes the lines on, and returns what was read of them, to its end.
async fn copy(context: &Context, client: &Client, out: &mut impl Write) -> anyhow::Result<Lines> {
    let mut body = client.stream("/api/memory/export").await?;
    let bar = bars::progress(context, 0).with_message("export");
    let mut lines = Lines::default();
    let mut rest: Vec<u8> = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame =
            frame.context("while reading the export from the server, which broke it off")?;
        let Ok(piece) = frame.into_data() else { continue };
        out.write_all(&piece)?;
        rest.extend_from_slice(&piece);
        let whole = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        for line in rest[..whole].split_inclusive(|byte| *byte == b'\n') {
            match lines.read(line)? {
                Line::Memory(_) => bar.inc(1),
                Line::Apart => {}
                Line::Bad(bad) => bail!("line {} of the server's export: {}", bad.line, bad.why),
            }
        }
        rest.drain(..whole);
    }
    out.flush()?;
    bar.finish_and_clear();
    lines.end()?;
    Ok(lines)
}
