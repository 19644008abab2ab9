//! The command line: words in, exit code out. Every command is a file of its own.
//!
//! [`main`] takes arguments and environment once, parses, runs one command and turns its error into
//! `error: ...` with a hint. Standard output is what a program would want to read; everything said
//! to a person goes to standard error. Commands other than `serve` and `agent run` only talk to the
//! running server over `api.sock` with the key beside it; none opens its stores (but `doctor`, when
//! no server runs).

mod agent;
mod arguments;
mod chat;
mod client;
mod clock;
mod config;
mod confirm;
mod context;
mod conversation;
mod dashes;
mod generate;
mod incoming;
mod logs;
mod mcp;
mod memory;
pub mod print;
mod serve;
mod setup_link;
mod surroundings;
mod tasks;
mod token;
mod top;
mod version;

#[cfg(test)]
mod tests;

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use clap::{CommandFactory as _, Parser as _};

pub use arguments::Cli;
use arguments::{Command, Global};
pub use client::Client;
pub use context::Context;
pub use print::visible;

use crate::{doctor, exit, lifecycle::first, typed::Typed};

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    match Cli::try_parse_from(std::env::args_os()) {
        Ok(cli) => {
            let typed = typed(&cli.global);
            let ended = |error: anyhow::Error| ended(&error, &typed);
            run(cli, surroundings::taken(), typed.clone()).unwrap_or_else(ended)
        }
        Err(mut told) => {
            dashes::tip(&mut told, &typed(&given()));
            // A closed pipe is no reason to fail: there is nobody left to read this.
            let _ = told.print();
            ExitCode::from(u8::try_from(told.exit_code()).unwrap_or(2))
        }
    }
}

/// Returns the options that lead to a server, of a command line that is wrong in something else.
fn given() -> Global {
    let words: Vec<OsString> = std::env::args_os().collect();
    let path = |option: &str| {
        let joined =
            |word: &OsString| Some(word.to_str()?.strip_prefix(option)?.strip_prefix('=')?.into());
        let apart =
            words.windows(2).find(|pair| pair[0] == option).map(|pair| PathBuf::from(&pair[1]));
        apart.or_else(|| words.iter().find_map(joined))
    };
    let (data, config, socket) = (path("--data"), path("--config"), path("--socket"));
    Global { data, config, socket, ..Global::default() }
}

/// Returns how a person types commands that lead to the same server as this one.
fn typed(global: &Global) -> Typed {
    let commands = Cli::command();
    let names = commands.get_subcommands().map(|command| command.get_name().to_owned());
    Typed::new(std::env::args_os().next().as_deref(), names.collect())
        .with("--data", global.data.as_deref())
        .with("--config", global.config.as_deref())
        .to("--socket", global.socket.as_deref())
}

/// Reports an error; a reader that has had enough (`| head`) is none.
///
/// Only our own output fails with a bare I/O error: a server that goes away is told by its client.
fn ended(error: &anyhow::Error, typed: &Typed) -> ExitCode {
    let unread = error.downcast_ref::<std::io::Error>();
    if unread.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe) {
        return ExitCode::SUCCESS;
    }
    exit::report(error, typed)
}

fn run(cli: Cli, env: Vec<(String, String)>, typed: Typed) -> anyhow::Result<ExitCode> {
    let context = Context::new(cli.global, env, typed);
    match cli.command {
        Command::Serve(options) => {
            let leave = || {
                if let Err(error) = surroundings::leave_behind() {
                    let note = format!("note: the memory of this process stays readable: {error}");
                    context.say(&note);
                }
            };
            if first::is_first() {
                return first::run(std::env::args_os(), leave);
            }
            leave();
            serve::run(&context, &options)
        }
        Command::Chat(options) => chat::run(&context, &options),
        Command::Agent { command } => agent::run(&context, &command),
        Command::Memory { command } => memory::run(&context, &command),
        Command::Conversation { command } => conversation::run(&context, &command),
        Command::Task { command } => tasks::run(&context, &command),
        Command::Token { command } => token::run(&context, &command),
        Command::Mcp => mcp::run(&context),
        Command::Logs(options) => logs::run(&context, &options),
        Command::Top => top::run(&context),
        Command::SetupLink => setup_link::run(&context),
        Command::Clock { command } => clock::run(&context, command.as_ref()),
        Command::Config { command } => config::run(&context, &command),
        Command::Doctor => doctor::run(&context),
        Command::Version => version::run(&context),
        Command::Generate(options) => generate::run(&context, &options),
    }
}
