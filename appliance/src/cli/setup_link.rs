//! `setup-link`: asks the server for a one-time link and prints it; the server keeps only its hash.

use std::process::ExitCode;

use web_dto::SetupLinkView;

use super::{Context, print};

/// Prints a new link.
///
/// # Errors
/// When no server runs, or the account is set up by somebody else.
pub fn run(context: &Context) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    let link: SetupLinkView =
        context.block_on(client.post("/api/auth/setup-link", &serde_json::json!({})))?;
    if context.json() {
        print::json(&link)?;
        return Ok(ExitCode::SUCCESS);
    }
    print::out(&format!("{}\n", link.url))?;
    context.say(&format!("good once, until {}", link.expires_at));
    Ok(ExitCode::SUCCESS)
}
