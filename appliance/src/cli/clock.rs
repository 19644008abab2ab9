//! `clock`: how far the server's clock is ahead of the time it has seen pass, and the word that it is
//! right. Sets no clock.

use std::process::ExitCode;

use web_dto::ClockView;

use super::{Context, arguments::Clock, print};

/// A gap that is worth a word.
const WORTH_SECONDS: u64 = 60;

/// Prints both moments; with `confirm` after the server has taken the clock's word.
///
/// # Errors
/// When no server runs.
pub fn run(context: &Context, command: Option<&Clock>) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    let clock: ClockView = match command {
        None => context.block_on(client.get("/api/clock"))?,
        Some(Clock::Confirm) => {
            context.block_on(client.post("/api/clock/confirm", &serde_json::json!({})))?
        }
    };
    if context.json() {
        print::json(&clock)?;
        return Ok(ExitCode::SUCCESS);
    }
    print::out(&page(&clock))?;
    Ok(ExitCode::SUCCESS)
}

fn page(clock: &ClockView) -> String {
    let ClockView { now, lived, ahead_seconds } = clock;
    let mut page = format!("clock  {now}\nlived  {lived}\n");
    if *ahead_seconds > WORTH_SECONDS {
        let hours = ahead_seconds / 3_600;
        page += &format!(
            "\nThe clock is {hours} h ahead of the time that the server has seen pass. Nothing is\n\
             deleted by age and no login ends until that has been lived through. If the clock is\n\
             right: ai-infra clock confirm\n"
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_ahead_is_said_with_the_remedy() {
        let view = |ahead_seconds| ClockView {
            now: "2027-11-29T20:00:00Z".to_owned(),
            lived: "2026-11-29T20:00:00Z".to_owned(),
            ahead_seconds,
        };
        let said = page(&view(365 * 24 * 3_600));
        assert!(said.contains("8760 h ahead") && said.contains("clock confirm"), "{said}");
        assert!(!page(&view(0)).contains("confirm"));
    }
}
