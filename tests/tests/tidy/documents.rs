//! What documents say must be there: links, paths, the README's first command, the error codes.

use std::{fs, path::Path};

use appliance_tests::skip;
use web_dto::CODES;

use crate::{none, tree};

/// Where the error codes are explained.
const ERRORS: &str = "docs/errors.md";

/// Set to write [`ERRORS`] anew instead of comparing it.
const UPDATE: &str = "UPDATE_DOCS";

/// The README's first command stands within this many lines.
const FIRST_LINES: usize = 25;

#[test]
fn every_link_leads_somewhere() {
    let root = tree::root();
    let mut complaints = Vec::new();
    for file in tree::files().iter().filter(|f| f.is(".md")) {
        let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
        for (number, line) in file.text.lines().enumerate() {
            for link in links(line).filter(|l| !is_elsewhere(l)) {
                let path = link.split('#').next().unwrap_or_default();
                if !path.is_empty() && !root.join(folder).join(path).exists() {
                    complaints.push(file.complain(number, &format!("links to {link}, not there")));
                }
            }
        }
    }
    none(&complaints);
}

#[test]
fn every_path_that_is_named_exists() {
    let root = tree::root();
    let tops: Vec<String> = fs::read_dir(&root)
        .expect("the root")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name != "target")
        .collect();
    let mut complaints = Vec::new();
    for file in tree::files().iter().filter(|f| f.is(".md")) {
        for (number, line) in file.text.lines().enumerate() {
            for path in code(line).filter(|c| is_our_path(c, &tops)) {
                if !root.join(path).exists() {
                    complaints.push(file.complain(number, &format!("names {path}, not there")));
                }
            }
        }
    }
    none(&complaints);
}

#[test]
fn the_readme_says_early_how_to_begin() {
    let readme = fs::read_to_string(tree::root().join("README.md")).expect("a README");
    let early = readme.lines().take(FIRST_LINES).any(|line| line.trim() == "make run");
    assert!(early, "`make run` does not stand in the README's first {FIRST_LINES} lines");
}

#[test]
fn every_error_code_is_documented() {
    let path = tree::root().join(ERRORS);
    let wanted = error_table();
    if skip::variable(UPDATE).is_some() {
        fs::write(&path, &wanted).expect("docs can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        found, wanted,
        "{ERRORS} is not fresh; {UPDATE}=1 cargo test -p appliance-tests --test tidy writes it"
    );
}

fn error_table() -> String {
    let mut text = String::from(
        "# Error codes\n\n\
         Every error answer is a problem document (RFC 9457, `application/problem+json`) with `code`, \
         `detail`, `hint`\nand `request_id`; wrong fields are listed under `errors` by JSON pointer. \
         The codes are stable: programs may\nmatch on them. This table is written from \
         `web/dto/src/problem.rs`, and a test holds it fresh.\n\n\
         | Code | Status | What it means | What to do |\n|---|---|---|---|\n",
    );
    for code in CODES {
        let (name, status) = (code.as_str(), code.status());
        text.push_str(&format!("| `{name}` | {status} | {} | {} |\n", code.title(), code.hint()));
    }
    text
}

/// The targets of a line's Markdown links.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next())
}

fn is_elsewhere(link: &str) -> bool {
    link.contains("://") || link.starts_with("mailto:")
}

/// What stands between backticks in a line.
fn code(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Whether a piece of code is a path in this tree: `top/rest`, and no pattern or command.
fn is_our_path(code: &str, tops: &[String]) -> bool {
    let plain = code.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b));
    let top = code.split_once('/').map(|(top, _)| top);
    plain && top.is_some_and(|top| tops.iter().any(|name| name == top))
}
