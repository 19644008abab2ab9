//! `memory reindex` and `memory maintain`: start a job of the server's, and show how far it is.

use std::{process::ExitCode, time::Duration};

use serde_json::json;
use tokio::time::sleep;
use web_dto::{JobView, MemoryStatsView};

use super::{Context, bars, print, stats};
use crate::exit::{self, Failure};

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(200);

/// Starts building the indexes anew and waits for the end, unless told not to.
pub(super) fn reindex(context: &Context, detach: bool) -> anyhow::Result<ExitCode> {
    begin(context, "/api/memory/reindex", detach)
}

/// Starts the maintenance and waits for the end, unless told not to.
pub(super) fn maintain(context: &Context, detach: bool) -> anyhow::Result<ExitCode> {
    begin(context, "/api/memory/maintenance", detach)
}

fn begin(context: &Context, path: &str, detach: bool) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    let begun: JobView = context.block_on(client.post_deed(path, &json!({})))?;
    let ended = if detach {
        begun
    } else {
        context.block_on(async {
            let bar = bars::progress(context, begun.total).with_message(begun.name.clone());
            loop {
                let now: MemoryStatsView = client.get("/api/memory/stats").await?;
                let job = now.job.filter(|job| job.name == begun.name).ok_or_else(gone)?;
                bar.set_length(job.total);
                bar.set_position(job.done);
                if job.ended {
                    bar.finish_and_clear();
                    return Ok(job);
                }
                sleep(LOOK).await;
            }
        })?
    };
    if context.json() {
        print::json(&ended)?;
    } else {
        context.say(&stats::told(&ended));
    }
    Ok(if ended.failed { ExitCode::from(exit::TEMPORARY) } else { ExitCode::SUCCESS })
}

fn gone() -> Failure {
    let what = "the job is not known any more; the server was restarted, or went on to another";
    Failure::new(exit::TEMPORARY, what, "see `ai-infra memory stats`, and start it again if needed")
}
