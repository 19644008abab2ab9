//! Starting processes: the one door. Everything started here gets a cleared environment.
//!
//! Used by the fleet for tmux and, where that is missing, for the agents themselves. Does not watch
//! or end what it started (`fleet::process` does).
//!
//! Invariant: no variable of the server's own environment reaches a child, so no secret can; and
//! arguments are passed as a list, so no shell ever reads one.

use std::{
    ffi::OsString,
    io,
    path::Path,
    process::{Command, Output, Stdio},
    time::Duration,
};

/// The whole environment of everything that is started.
///
/// tmux hands its own to every window, so this is what agents see as well.
pub const ENVIRONMENT: [(&str, &str); 4] = [
    ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    ("LC_ALL", "C.UTF-8"),
    ("TERM", "screen-256color"),
    ("SHELL", "/bin/sh"),
];

/// How long a short command, such as one of tmux, may take.
const COMMAND_DEADLINE: Duration = Duration::from_secs(5);

/// Runs a short command to its end and returns what it printed.
///
/// # Errors
/// `NotFound` when there is no such program, `TimedOut` after five seconds, else the system's own.
pub async fn output(mut command: Command) -> io::Result<Output> {
    clear(&mut command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut command = tokio::process::Command::from(command);
    command.kill_on_drop(true);
    let ended = tokio::time::timeout(COMMAND_DEADLINE, command.output()).await;
    ended.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Starts a long-lived child whose output goes to the end of `log`.
///
/// # Errors
/// The system's own, when the log cannot be opened or the program not started.
pub fn child(
    program: &Path,
    arguments: &[OsString],
    log: &Path,
) -> io::Result<tokio::process::Child> {
    let log = appliance_files::appended(log)?;
    #[expect(clippy::disallowed_methods, reason = "this is the one door for processes")]
    let mut command = Command::new(program);
    clear(&mut command);
    command.args(arguments).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    tokio::process::Command::from(command).spawn()
}

fn clear(command: &mut Command) {
    command.env_clear().envs(ENVIRONMENT).current_dir("/");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "the test is about this door")]
    fn command(program: &str) -> Command {
        Command::new(program)
    }

    #[tokio::test]
    async fn a_started_process_sees_four_variables_and_no_more() {
        let mut env = command("env");
        env.env("AI_INFRA_CANARY", "leaked");
        let printed = output(env).await.unwrap().stdout;
        let text = String::from_utf8(printed).unwrap();
        let mut names: Vec<&str> = text.lines().filter_map(|l| l.split('=').next()).collect();
        names.sort_unstable();
        assert_eq!(names, ["LC_ALL", "PATH", "SHELL", "TERM"]);
    }

    #[tokio::test]
    async fn a_program_that_is_missing_is_told_apart() {
        let error = output(command("no-such-program-here")).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
