//! `clock`: how far the server's clock is ahead of the time it has seen pass, and the word that it is
//! right. Sets no clock.

use std::process::ExitCode;

use web_dto::ClockView;

use super::{Context, arguments::Clock, confirm, print};

/// A gap that is worth a word.
const WORTH_SECONDS: u64 = 60;

/// Prints both moments; with `confirm` after the server has taken the clock's word.
///
/// # Errors
/// When no server runs, or nobody can be asked.
pub fn run(context: &Context, command: Option<&Clock>) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    let mut clock: ClockView = context.block_on(client.get("/api/clock"))?;
    if let Some(Clock::Confirm { yes }) = command {
        if clock.ahead_seconds <= WORTH_SECONDS {
            context.say("there is nothing to confirm: the clock is not ahead of what was lived");
        } else if *yes || is_meant(&clock)? {
            let none = serde_json::json!({});
            clock = context.block_on(client.post("/api/clock/confirm", &none))?;
            context
                .say(&format!("the clock's word is taken: time has passed up to {}", clock.lived));
        } else {
            context.say("nothing was confirmed");
            return Ok(ExitCode::FAILURE);
        }
    }
    if context.json() {
        print::json(&clock)?;
        return Ok(ExitCode::SUCCESS);
    }
    print::out(&context.typed().within(&page(&clock)))?;
    Ok(ExitCode::SUCCESS)
}

fn is_meant(clock: &ClockView) -> anyhow::Result<bool> {
    let days = clock.ahead_seconds / (24 * 3_600);
    let would = format!("{days} days would count as passed, up to {}", clock.now);
    confirm::somebody_is_there(&would)?;
    confirm::asked(&format!(
        "{would}: what is due by then is deleted, and logins end. Nothing brings that back. Confirm?"
    ))
}

fn page(clock: &ClockView) -> String {
    let ClockView { now, lived, ahead_seconds, behind_seconds } = clock;
    let mut page = format!("clock  {now}\nlived  {lived}\n");
    if *ahead_seconds > WORTH_SECONDS {
        let hours = ahead_seconds / 3_600;
        page += &format!(
            "\nThe clock is {hours} h ahead of the time that the server has seen pass. Nothing is\n\
             deleted by age and no login ends until that has been lived through. If the clock is\n\
             right: ai-infra clock confirm\n"
        );
    }
    if *behind_seconds > WORTH_SECONDS {
        let hours = behind_seconds / 3_600;
        page += &format!(
            "\nThe clock was set back: it is {hours} h behind the time that the server has seen pass.\n\
             Ages and logins go on from what was lived; what is new is dated before what is there,\n\
             until the clock is set right.\n"
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
            behind_seconds: 0,
        };
        let said = page(&view(365 * 24 * 3_600));
        assert!(said.contains("8760 h ahead") && said.contains("clock confirm"), "{said}");
        assert!(!page(&view(0)).contains("confirm"));
        let back = page(&ClockView { behind_seconds: 48 * 3_600, ..view(0) });
        assert!(back.contains("set back: it is 48 h behind"), "{back}");
    }
}
