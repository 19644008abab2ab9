//! Commands that are printed for a person to type: by the name that this program was called by, and with
//! the options that lead to the same server. Runs none.

use std::{ffi::OsStr, path::Path};

use appliance_config::Settings;

/// What our words call the program.
const NAME: &str = "ai-infra";

/// How a person types a command so that it reaches the server that this one speaks of.
#[derive(Debug, Clone)]
pub struct Typed {
    program: String,
    /// Options that every command takes, each with a space before it.
    options: String,
    /// The option that only a command for a running server takes.
    running: String,
    commands: Vec<String>,
}

impl Typed {
    /// Takes the name that the program was called by, and the commands that it knows.
    pub fn new(called: Option<&OsStr>, commands: Vec<String>) -> Self {
        // A name without a folder is found where it was found; one with a folder may be found nowhere else.
        let called = called.map(|name| name.to_string_lossy().into_owned());
        let program = called.filter(|name| name.contains('/')).unwrap_or_else(|| NAME.to_owned());
        Self { program: quoted(&program), options: String::new(), running: String::new(), commands }
    }

    /// Adds an option that every command takes, if it was given.
    pub fn with(mut self, option: &str, value: Option<&Path>) -> Self {
        self.options += &typed(option, value);
        self
    }

    /// Adds the option that leads to a running server, if it was given; `serve` makes its own way.
    pub fn to(mut self, option: &str, value: Option<&Path>) -> Self {
        self.running += &typed(option, value);
        self
    }

    /// Returns `text` with every command of ours in it as it has to be typed.
    pub fn within(&self, text: &str) -> String {
        let (mut typed, mut rest) = (String::with_capacity(text.len()), text);
        while let Some(at) = rest.find(NAME) {
            let (before, from) = rest.split_at(at);
            let after = &from[NAME.len()..];
            typed.push_str(before);
            let begins = !typed.ends_with(|c: char| c.is_alphanumeric() || "-_./".contains(c));
            match self.command(after).filter(|_| begins) {
                Some(command) => {
                    typed.push_str(&self.program);
                    typed.push_str(&self.options);
                    typed.push_str(if command == "serve" { "" } else { &self.running });
                }
                None => typed.push_str(NAME),
            }
            rest = after;
        }
        typed + rest
    }

    /// Returns the command that `after` begins with, behind a space.
    fn command<'a>(&self, after: &'a str) -> Option<&'a str> {
        let word = after.strip_prefix(' ')?;
        let is_over = |c: char| !c.is_ascii_alphabetic() && c != '-';
        let word = &word[..word.find(is_over).unwrap_or(word.len())];
        self.commands.iter().any(|known| known == word).then_some(word)
    }
}

fn typed(option: &str, value: Option<&Path>) -> String {
    value.map(|value| format!(" {option} {}", quoted(&value.to_string_lossy()))).unwrap_or_default()
}

/// The option that a command needs to find the server with these settings, a space before it, when its
/// data is not where it would look.
pub fn leads(settings: &Settings) -> String {
    match settings.host.data_dir(&settings.config_dir) {
        Ok(usual) if usual == settings.data.dir => String::new(),
        _ => typed("--data", Some(&settings.data.dir)),
    }
}

/// Returns `word` so that a shell takes it as one.
pub fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(called: &str, data: Option<&str>, socket: Option<&str>) -> Typed {
        let known = ["serve", "chat", "logs", "doctor"].map(str::to_owned).to_vec();
        let named = Typed::new(Some(called.as_ref()), known);
        named.with("--data", data.map(Path::new)).to("--socket", socket.map(Path::new))
    }

    #[test]
    fn a_command_is_printed_with_the_options_that_lead_to_the_same_server() {
        let there = typed("./target/ai-infra", Some("/srv/my data"), Some("/run/a.sock"));
        assert_eq!(
            there.within("start it with: ai-infra serve"),
            "start it with: ./target/ai-infra --data '/srv/my data' serve"
        );
        assert_eq!(
            there.within("see `ai-infra logs`, or `ai-infra doctor`"),
            "see `./target/ai-infra --data '/srv/my data' --socket /run/a.sock logs`, or \
             `./target/ai-infra --data '/srv/my data' --socket /run/a.sock doctor`"
        );
    }

    #[test]
    fn what_is_no_command_stays() {
        let there = typed("ai-infra", Some("/d"), None);
        for text in [
            "no server runs for /var/lib/ai-infra",
            "ai-infra is ready",
            "see /usr/bin/ai-infra chat, my-ai-infra serve, ai-infra served",
            "ai-infra",
            "",
        ] {
            assert_eq!(there.within(text), text);
        }
        assert_eq!(
            typed("ai-infra", None, None).within("try: ai-infra chat"),
            "try: ai-infra chat"
        );
    }

    #[test]
    fn a_word_is_quoted_for_a_shell_where_it_must_be() {
        assert_eq!(quoted("/srv/a-b_c.d"), "/srv/a-b_c.d");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
