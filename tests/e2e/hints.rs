//! Every command that is printed for a person works as it is printed: those that are in the sources are
//! gathered and run, with `--data` and from a pipe, and what real commands print is run word for word.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context as _, ensure};
use appliance_tests::{Plan, Program, Server, program::Ended};

const BINARY: &str = env!("CARGO_BIN_EXE_ai-infra");

/// Where words for people stand; the server's reach them by way of commands too.
const FOLDERS: [&str; 7] = [
    "appliance/src",
    "agents/src",
    "config/src",
    "storage/rules/src",
    "storage/embedded/src",
    "web/dto/src",
    "web/mcp/src",
];

/// What is printed, as far as it tells commands apart, and what is typed in its place: for a placeholder
/// something that is there. The longest that fits counts.
const PRINTED: [(&str, &str); 42] = [
    ("agent attach", "agent attach monitor"),
    ("agent list", "agent list"),
    ("agent log {", "agent log code"),
    ("agent restart {", "agent restart qa"),
    ("agent run NAME", "agent run --help"),
    ("agent run {", "agent run --help"),
    ("agent start", "agent start code"),
    ("agent stop", "agent stop qa"),
    ("chat -- {", "chat -- '-1 is a number'"),
    ("chat --json", "chat --json hello"),
    ("chat -c {conversation} \\\"...\\\"", "chat -c CONVERSATION \"...\""),
    ("chat", "chat hello"),
    ("clock confirm", "clock confirm"),
    ("config check", "config check"),
    ("config show --origin", "config show --origin"),
    ("config show", "config show"),
    ("doctor", "doctor"),
    ("logs", "logs"),
    ("mcp", "mcp"),
    ("memory actions", "memory actions"),
    ("memory add", "memory add 'the lake is called Onega'"),
    ("memory export", "memory export"),
    ("memory forget", "memory forget MEMORY --yes"),
    ("memory import --skip-bad", "memory import --skip-bad -"),
    ("memory import -", "memory import -"),
    ("memory maintain", "memory maintain"),
    ("memory purge", "memory purge MEMORY --yes"),
    ("memory search --as-of", "memory search --as-of 2026-05-01 lake"),
    ("memory search --collection", "memory search --collection memories --agent infra lake"),
    ("memory search", "memory search lake"),
    ("memory stats", "memory stats"),
    ("memory undo", "memory undo"),
    ("memory why", "memory why MEMORY lake"),
    ("memory", "memory --help"),
    ("serve --agents none", "serve --agents none --help"),
    ("serve", "serve --help"),
    ("setup-link", "setup-link"),
    ("token add", "token add NAME"),
    ("token config stdio", "token config stdio"),
    ("token list", "token list"),
    ("top", "top"),
    ("version", "version"),
];

/// What follows our name in the words of a source file, its comments and tests left out.
fn printed(text: &str) -> Vec<String> {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let words = lines.map(str::trim_start).collect::<Vec<_>>().join("\n");
    // A text goes on in the next line.
    let words = words.replace("\\\n", "");
    let mut found = Vec::new();
    for (at, _) in words.match_indices("ai-infra ") {
        let begins = words[..at].ends_with(|c: char| c.is_alphanumeric() || "-_./@".contains(c));
        let rest = &words[at + "ai-infra ".len()..];
        if !begins && rest.starts_with(|c: char| c.is_ascii_lowercase()) {
            found.push(rest.chars().take(60).collect());
        }
    }
    found
}

fn sources(folder: &Path, into: &mut Vec<String>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_test = path.file_stem().is_some_and(|name| name == "tests");
        if path.is_dir() && !is_test {
            sources(&path, into)?;
        } else if path.extension().is_some_and(|kind| kind == "rs") && !is_test {
            into.extend(printed(&fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

/// Every printed command, as it is to be typed.
fn gathered(commands: &BTreeSet<String>) -> anyhow::Result<BTreeSet<&'static str>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the tree")?;
    let mut found = Vec::new();
    for folder in FOLDERS {
        sources(&root.join(folder), &mut found)?;
    }
    ensure!(found.len() > 60, "only {} were found", found.len());
    let mut typed = BTreeSet::new();
    for words in found {
        let first = words.split(|c: char| !c.is_ascii_lowercase() && c != '-').next();
        if !commands.contains(first.unwrap_or_default()) {
            continue; // the name in a sentence
        }
        let fits = PRINTED.iter().filter(|(begins, _)| words.starts_with(begins));
        let best = fits.max_by_key(|(begins, _)| begins.len());
        typed.insert(best.with_context(|| format!("say how this is run: {words}"))?.1);
    }
    Ok(typed)
}

/// The commands there are, by the program's own help.
async fn commands(server: &Server) -> anyhow::Result<BTreeSet<String>> {
    let help = Program::new(BINARY.as_ref(), server.home()).arguments(["--help"]).run().await?;
    let listed = help.stdout.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.take_while(|line| line.starts_with("  "));
    Ok(listed.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}

/// Types a line as it stands, into a shell whose standard input is a pipe.
async fn shell(server: &Server, line: &str, said: &str) -> anyhow::Result<Ended> {
    let mut environment = server.home().environment();
    environment.retain(|(name, _)| name != "AI_INFRA__DATA__DIR"); // only the line leads there
    let shell = Program::bare("/bin/sh".as_ref()).environment(environment);
    shell.arguments(["-c", line]).input(said).run().await
}

/// A line that was refused as no command of ours.
fn is_refused(ended: &Ended) -> bool {
    let unknown = ["unexpected argument", "unrecognized", "invalid value", "required arguments"];
    ended.code == Some(2) || unknown.iter().any(|words| ended.stderr.contains(words))
}

/// The commands of ours that were printed, as they stand.
fn lines(told: &Ended) -> Vec<String> {
    let mut lines = Vec::new();
    for text in [&told.stderr, &told.stdout] {
        for (at, _) in text.match_indices(BINARY) {
            let is_quoted = text[..at].ends_with('`');
            let end = text[at..].find(if is_quoted { '`' } else { '\n' });
            let line = &text[at..at + end.unwrap_or(text.len() - at)];
            lines.push(line.trim_end_matches([';', '.', ',']).to_owned());
        }
    }
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_in_our_words_is_accepted_with_the_data_directory_named() -> anyhow::Result<()>
{
    let server = Plan::new(BINARY).with_agents().start().await?;
    server.agents_idle().await?;
    let client = server.local()?;
    let thread = client.converse().await?;
    let data = server.home().data();
    let typed = gathered(&commands(&server).await?)?;
    ensure!(typed.len() > 20, "{typed:?}");
    for words in typed {
        let text = serde_json::json!({"items": [{"text": format!("kept for {words}")}]});
        let kept: web_dto::Remembered = client.post("/api/memory", &text).await?;
        let memory = kept.ids.first().context("a memory")?;
        let words = words.replace("CONVERSATION", &thread).replace("MEMORY", memory);
        let line = format!("{BINARY} --data {} {words}", data.display());
        let ended = shell(&server, &line, "").await?;
        ensure!(!is_refused(&ended), "{line}: {ended:?}");
        ensure!(
            !ended.stderr.contains("no server runs"),
            "it found another server: {line}: {ended:?}"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_printed_runs_word_for_word() -> anyhow::Result<()> {
    let mut server = Plan::new(BINARY).with_agents().start().await?;
    server.agents_idle().await?;
    let bad = server.home().root().join("my notes.jsonl");
    fs::write(&bad, "{\"text\": \"whole\"}\nnot whole\n")?;
    let bad = bad.display().to_string();
    let nobody = "01890a5d-ac96-774b-bcce-b302099a8057";
    let asked: [&[&str]; 10] = [
        &["chat", "-1 is a number"],
        &["chat", "hello"],
        &["chat", ""],
        &["chat", "-c", "no-id", "hello"],
        &["memory", "add", "the lake is called Onega"],
        &["memory", "import", &bad],
        &["memory", "undo", nobody],
        &["token", "list"],
        &["token", "revoke", "none"],
        &["agent", "attach", "cellar"],
    ];
    let data = server.home().data().display().to_string();
    let mut printed = Vec::new();
    for words in asked {
        let told = server.command(words.iter().copied().chain(["--data", &data])).run().await?;
        printed.extend(lines(&told));
    }
    ensure!(printed.len() >= 5, "{printed:?}");
    for line in &printed {
        ensure!(line.contains(&format!("--data {data}")), "leads nowhere: {line}");
        let ended = shell(&server, line, "hello").await?;
        ensure!(!is_refused(&ended), "{line}: {ended:?}");
    }
    // What is said when no server runs starts this one.
    server.stop().await?;
    let told = server.command(["chat", "hello", "--data", &data]).run().await?;
    let start = lines(&told);
    let start =
        start.iter().find(|line| line.contains("serve")).with_context(|| format!("{told:?}"))?;
    ensure!(start.contains(&format!("--data {data}")), "{start}");
    let shown = shell(&server, &format!("{start} --help"), "").await?;
    ensure!(shown.code == Some(0), "{shown:?}");
    Ok(())
}
