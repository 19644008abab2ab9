//! The words that can be typed: what parses, what does not, and the help as it stands.

use clap::{CommandFactory as _, Parser as _};

use super::{Cli, arguments::*};
use crate::typed::Typed;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

#[test]
fn the_command_tree_fits_together() {
    Cli::command().debug_assert();
}

#[test]
fn the_servers_options_are_taken_and_wrong_ones_name_the_right_ones() {
    let cli = parse("ai-infra serve --listen 127.0.0.1:0 --data /d --model demo --agents none");
    let cli = cli.unwrap();
    let Command::Serve(serve) = cli.command else { panic!("another command") };
    assert_eq!(serve.listen.as_deref(), Some("127.0.0.1:0"));
    assert_eq!((serve.model, serve.agents), (Some(ModelChoice::Demo), Some(AgentsChoice::None)));
    assert_eq!(cli.global.data.as_deref(), Some(std::path::Path::new("/d")));
    let told = parse("ai-infra serve --model gpt").unwrap_err();
    assert!(told.exit_code() == 2 && told.to_string().contains("demo, anthropic"), "{told}");
    assert!(parse("ai-infra serv").unwrap_err().to_string().contains("serve"));
}

#[test]
fn what_runs_in_the_windows_parses() {
    let given = appliance_config::Sources {
        env: vec![("HOME".to_owned(), "/home/ada".to_owned())],
        ..appliance_config::Sources::default()
    };
    for window in appliance_config::load(&given).unwrap().session.windows {
        let line = format!("ai-infra {} --socket /run/x/api.sock", window.command.join(" "));
        let cli = parse(&line).unwrap_or_else(|error| panic!("{error}"));
        assert!(cli.global.socket.is_some(), "{line}");
    }
}

#[test]
fn an_unknown_agent_is_refused_with_the_names_of_all_six() {
    let told = parse("ai-infra agent stop chef").unwrap_err().to_string();
    assert!(told.contains("supervisor, code, data, infra, research, qa"), "{told}");
    assert!(parse("ai-infra agent restart code_agent").is_ok());
}

#[test]
fn a_text_that_begins_with_a_dash_is_taken_behind_two_and_the_tip_says_so() {
    let mut told = Cli::try_parse_from(["ai-infra", "chat", "- buy milk"]).unwrap_err();
    super::dashes::tip(&mut told, &Typed::new(None, vec!["chat".to_owned()]));
    let said = told.to_string();
    assert!(said.contains("chat -- '- one thing'") && !said.contains("'-- - "), "{said}");
    for mistyped in ["logs -x", "serve --datta d", "chat hello world", "logs foo"] {
        let mut told = parse(&format!("ai-infra {mistyped}")).unwrap_err();
        super::dashes::tip(&mut told, &Typed::new(None, vec!["chat".to_owned()]));
        assert!(!told.to_string().contains("one thing"), "{told}");
    }
    let taken = Cli::try_parse_from(["ai-infra", "chat", "--", "- buy milk"]).unwrap();
    let Command::Chat(chat) = taken.command else { panic!("another command") };
    assert_eq!(chat.text.as_deref(), Some("- buy milk"));
}

#[test]
fn counts_have_bounds() {
    for line in ["memory search x --limit 0", "memory search x --limit 101", "agent log qa -n 0"] {
        assert_eq!(parse(&format!("ai-infra {line}")).unwrap_err().exit_code(), 2, "{line}");
    }
}

/// The help is part of the product: a change of it is seen here. `help.txt` is what it should be.
#[test]
fn the_help_is_as_written_down() {
    let mut found = String::new();
    let mut root = Cli::command().term_width(100);
    root.build();
    help(&mut root, &mut found);
    let place = concat!(env!("CARGO_MANIFEST_DIR"), "/src/cli/help.txt");
    let written = std::fs::read_to_string(place).unwrap_or_default();
    if found != written {
        let fresh = std::env::temp_dir().join("ai-infra-help.txt");
        std::fs::write(&fresh, &found).unwrap();
        panic!("the help has changed; if it should, copy {} to {place}", fresh.display());
    }
}

fn help(command: &mut clap::Command, out: &mut String) {
    let text = command.render_long_help().to_string();
    let lines = text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    *out += &format!("{}\n{lines}\n\n", "=".repeat(100));
    for inner in command.get_subcommands_mut().filter(|inner| is_shown(inner)) {
        help(inner, out);
    }
}

#[test]
fn a_reader_that_has_had_enough_is_no_error_but_a_server_that_went_away_is() {
    use std::io::{Error, ErrorKind};
    let broken = || Error::from(ErrorKind::BrokenPipe);
    let shown = |code: std::process::ExitCode| format!("{code:?}");
    let fine = shown(std::process::ExitCode::SUCCESS);
    let typed = super::typed(&Global::default());
    assert_eq!(shown(super::ended(&broken().into(), &typed)), fine);
    let lost = anyhow::Error::new(Error::other(broken())).context("while asking the server");
    assert_ne!(shown(super::ended(&lost, &typed)), fine);
}

fn is_shown(command: &clap::Command) -> bool {
    command.get_name() != "help" && !command.is_hide_set()
}
