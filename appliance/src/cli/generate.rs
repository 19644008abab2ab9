//! `generate`: man pages and completions, written from the commands and settings as they are.
//!
//! For whoever makes a package; hidden from the help, because nobody else needs it. Writes into a
//! directory that is there and knows nothing about where a package wants its files.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use appliance_config::Key;
use clap::{Args, Command, CommandFactory as _, ValueEnum};
use clap_complete::Shell;
use clap_mangen::{
    Man,
    roff::{Inline, Roff, bold, italic, roman},
};

use super::{Cli, Context};

/// The manual page of the settings.
const SETTINGS_PAGE: &str = "ai-infra.yaml.5";

/// What every page says at its foot and its head.
const SOURCE: &str = concat!("ai-infra ", env!("CARGO_PKG_VERSION"));
const MANUAL: &str = "ai-infra manual";

/// Options of `generate`.
#[derive(Debug, Args)]
pub struct Options {
    /// What to write
    what: What,
    /// A directory that is there
    dir: PathBuf,
}

/// What can be generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// A manual page for each command, and one for the settings
    Man,
    /// Completions for bash, zsh and fish
    Completions,
}

/// Writes the files.
///
/// # Errors
/// When the directory cannot be written to.
pub fn run(context: &Context, options: &Options) -> anyhow::Result<ExitCode> {
    let written = match options.what {
        What::Man => man(&options.dir),
        What::Completions => completions(&options.dir),
    };
    let count = written.with_context(|| format!("while writing to {}", options.dir.display()))?;
    context.say(&format!("wrote {count} files to {}", options.dir.display()));
    Ok(ExitCode::SUCCESS)
}

fn completions(dir: &Path) -> std::io::Result<usize> {
    let shells = [Shell::Bash, Shell::Zsh, Shell::Fish];
    for shell in shells {
        clap_complete::generate_to(shell, &mut Cli::command(), "ai-infra", dir)?;
    }
    Ok(shells.len())
}

fn man(dir: &Path) -> std::io::Result<usize> {
    // `help` would have a page for every page.
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    fs::write(dir.join(SETTINGS_PAGE), settings_page())?;
    Ok(1 + pages(&root, dir)?)
}

/// Writes the page of a command and of those below it; returns how many.
fn pages(command: &Command, dir: &Path) -> std::io::Result<usize> {
    let page = Man::new(command.clone()).source(SOURCE).manual(MANUAL);
    page.generate_to(dir)?;
    let mut below = command.get_subcommands().filter(|below| !below.is_hide_set());
    below.try_fold(1, |count, command| Ok(count + pages(command, dir)?))
}

fn settings_page() -> String {
    let mut page = Roff::new();
    page.control("TH", ["ai-infra.yaml", "5", "", SOURCE, MANUAL]);
    page.control("SH", ["NAME"]);
    page.text([roman("ai-infra.yaml - settings of ai-infra")]);
    page.control("SH", ["DESCRIPTION"]);
    page.text([
        roman("Settings are read from "),
        italic("/etc/ai-infrastructure/config.yaml"),
        roman(" and then, in the order of their names, from the files "),
        italic("/etc/ai-infrastructure/conf.d/*.yaml"),
        roman(". Stronger than files are credentials of the service manager, then variables of "),
        roman("the environment, then options. A variable whose name ends in "),
        bold("_FILE"),
        roman(" names a file that holds the value. Everything is optional."),
    ]);
    page.control("PP", []);
    page.text([
        bold("ai-infra config show --origin"),
        roman(" tells where each value came from, "),
        bold("ai-infra config check"),
        roman(" what is wrong with one."),
    ]);
    page.control("SH", ["SETTINGS"]);
    for key in appliance_config::keys() {
        setting(&mut page, key);
    }
    page.control("SH", ["SEE ALSO"]);
    page.text([bold("ai-infra-config"), roman("(1), "), bold("ai-infra-serve"), roman("(1)")]);
    page.render()
}

fn setting(page: &mut Roff, key: &Key) {
    page.control("TP", []);
    page.text([bold(key.name)]);
    page.text([roman(key.about())]);
    page.control("RS", []);
    page.control("PP", []);
    let mut facts: Vec<Inline> = Vec::new();
    if let Some(default) = key.default {
        facts.extend([roman("Default: "), bold(default), roman(". ")]);
    }
    facts.extend([roman("In the environment: "), bold(key.variable())]);
    for alias in key.aliases {
        facts.extend([roman(" or "), bold(*alias)]);
    }
    facts.push(roman("."));
    page.text(facts);
    page.control("RE", []);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_that_is_shown_has_a_page_and_every_setting_is_told() {
        let dir = tempfile::tempdir().unwrap();
        man(dir.path()).unwrap();
        for page in ["ai-infra.1", "ai-infra-serve.1", "ai-infra-agent-attach.1"] {
            let text = fs::read_to_string(dir.path().join(page)).unwrap();
            let name = page.trim_end_matches(".1").replace('-', "\\-");
            assert!(text.contains(&format!(".SH NAME\n{name} \\- ")), "{page}: {text}");
        }
        assert!(!dir.path().join("ai-infra-generate.1").exists(), "it is hidden");
        assert!(!dir.path().join("ai-infra-help.1").exists());
        let settings = fs::read_to_string(dir.path().join(SETTINGS_PAGE)).unwrap();
        for key in appliance_config::keys() {
            let name = key.name.replace('-', "\\-");
            assert!(settings.contains(&name), "{name} is missing");
        }
    }

    #[test]
    fn completions_for_three_shells_know_the_commands() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(completions(dir.path()).unwrap(), 3);
        for file in ["ai-infra.bash", "_ai-infra", "ai-infra.fish"] {
            let text = fs::read_to_string(dir.path().join(file)).unwrap();
            assert!(text.contains("setup-link") && text.contains("restart"), "{file}");
        }
    }
}
