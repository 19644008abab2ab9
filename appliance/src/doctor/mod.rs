//! `doctor`: looks at everything that can be wrong and says the remedy. Repairs nothing.
//!
//! Asks the running server; with none running it opens the store itself, which changes nothing but
//! its lock file. Exit code 0 when all is well, 3 with a warning, 1 with a failure.

mod config;
mod host;
mod locks;
mod model;
mod report;
mod rows;
mod server;

use std::process::ExitCode;

use crate::cli::{Client, Context};
use report::{Check, Report};

/// Checks everything and prints a line each.
///
/// # Errors
/// When nobody reads the report.
pub fn run(context: &Context) -> anyhow::Result<ExitCode> {
    let report = context.block_on(async { Ok(examine(context).await) })?;
    report.print(context)?;
    Ok(report.exit_code())
}

async fn examine(context: &Context) -> Report {
    let mut report = Report::default();
    let settings = match context.load(Vec::new()) {
        Ok(settings) => settings,
        Err(error) => {
            for problem in &error.problems {
                let remedy = "mend it, then `ai-infra config check`";
                report.add(Check::fail("config", problem.to_string(), remedy));
            }
            return report;
        }
    };
    let client = context.client();
    let running = config::running(client.as_ref()).await;
    let data_dir = config::data_dir(&settings, running.as_ref());
    report.add(config::check(&settings, running.as_ref()));
    report.extend(host::checks(&settings, &data_dir).await);
    report.add(locks::check());
    report.extend(server::checks(&settings, client.as_ref()).await);
    report.extend(rows::copies(&data_dir).into_iter().collect());
    report.add(model::check(&settings, client.as_ref()).await);
    report.add(portal());
    report
}

fn portal() -> Check {
    let kind = web_api::portal::kind();
    if kind == "placeholder" {
        let said = "only a placeholder is built in";
        return Check::warn("portal", said.to_owned(), "build it with: make portal, then make run");
    }
    Check::ok("portal", format!("{kind}, inside the binary"))
}

/// What a check needs to ask the server; the error says why it cannot.
type Reach<'a> = Result<&'a Client, &'a anyhow::Error>;
