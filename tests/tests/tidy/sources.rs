//! How files look: a first line that says what for, a length one can read, no leftovers.

use crate::{none, tree};

/// Most lines a source file may have; most have a fifth of that.
const MOST_LINES: usize = 600;

/// Endings of files that people write.
const WRITTEN: [&str; 14] = [
    ".rs",
    ".toml",
    ".md",
    ".sh",
    ".css",
    ".js",
    ".html",
    ".svg",
    ".yaml",
    ".json",
    ".py",
    ".txt",
    ".ci/run",
    ".gitignore",
];

/// Words that say something is not finished.
const UNFINISHED: [&str; 4] = ["TODO", "FIXME", "unimplemented!", "todo!"];

/// Hosts of package registries, and places of the machines this is written on.
const NOT_OURS: [&str; 8] = [
    "/work/",
    "index.crates.io",
    "static.crates.io",
    "pypi.org",
    "pythonhosted.org",
    "registry.npmjs.org",
    "deb.debian.org",
    "/root/",
];

/// This folder names what it forbids.
fn is_this_test(path: &str) -> bool {
    path.starts_with("tests/tests/tidy/")
}

/// The files that people write here; the lock file is cargo's, the embedder's table its authors'.
fn written() -> impl Iterator<Item = tree::File> {
    let taken_over = |f: &tree::File| f.path.starts_with("vector/assets/") && !f.is(".md");
    let written = tree::files().into_iter().filter(move |f| !taken_over(f));
    written.filter(|f| WRITTEN.iter().any(|ending| f.is(ending)))
}

#[test]
fn every_source_file_says_first_what_it_is_for() {
    let mut complaints = Vec::new();
    for file in written().filter(|f| f.is(".rs")) {
        let first = file.text.lines().next().unwrap_or_default();
        if first.len() < "//! x".len() || !first.starts_with("//! ") {
            complaints.push(file.complain(0, "does not begin with `//! `"));
        }
    }
    none(&complaints);
}

#[test]
fn every_script_says_first_what_it_is_for() {
    let mut complaints = Vec::new();
    for file in written().filter(|f| f.is(".sh")) {
        let mut lines = file.text.lines();
        let shebang = lines.next().is_some_and(|l| l == "#!/usr/bin/env bash");
        if !shebang || !lines.next().is_some_and(|l| l.starts_with("# ")) {
            complaints.push(file.complain(0, "does not begin with a shebang and a comment"));
        }
    }
    none(&complaints);
}

#[test]
fn no_source_file_is_too_long_to_read() {
    let long = written().filter(|f| f.is(".rs") || f.is(".sh") || f.is(".py"));
    let long = long.filter(|f| f.text.lines().count() > MOST_LINES);
    let complaints: Vec<String> =
        long.map(|f| f.complain(MOST_LINES, "goes on; split the file")).collect();
    none(&complaints);
}

#[test]
fn no_line_ends_in_blanks_or_holds_a_tab() {
    let mut complaints = Vec::new();
    for file in written() {
        for (number, line) in file.text.lines().enumerate() {
            if line.ends_with([' ', '\t', '\r']) {
                complaints.push(file.complain(number, "ends in a blank"));
            }
            if line.contains('\t') {
                complaints.push(file.complain(number, "holds a tab"));
            }
        }
        if !file.text.is_empty() && !file.text.ends_with('\n') {
            complaints.push(format!("{}: does not end in a line feed", file.path));
        }
    }
    none(&complaints);
}

#[test]
fn nothing_is_left_unfinished() {
    let mut complaints = Vec::new();
    for file in written().filter(|f| !is_this_test(&f.path)) {
        for (number, line) in file.text.lines().enumerate() {
            for word in UNFINISHED.iter().filter(|word| line.contains(**word)) {
                complaints.push(file.complain(number, &format!("says {word}")));
            }
        }
    }
    none(&complaints);
}

#[test]
fn nothing_names_a_machine_or_a_registry_or_an_issue() {
    let mut complaints = Vec::new();
    for file in written().filter(|f| !is_this_test(&f.path)) {
        for (number, line) in file.text.lines().enumerate() {
            for word in NOT_OURS.iter().filter(|word| line.contains(**word)) {
                complaints.push(file.complain(number, &format!("names {word}")));
            }
            // In a style sheet `(#` begins a colour.
            if !file.is(".css") && names_an_issue(line) {
                complaints.push(file.complain(number, "names an issue by its number"));
            }
        }
    }
    none(&complaints);
}

/// Whether a line speaks of `issue 12`, `issue #12`, `issues/12` or `(#12)`.
fn names_an_issue(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    ["issue ", "issue #", "issues/", "(#"].iter().any(|before| {
        let after = line.split(before).skip(1);
        after.into_iter().any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    })
}

#[test]
fn an_issue_is_found_however_it_is_named() {
    for line in ["see issue 2", "Issue #17", "x/issues/2938", "fixed (#4)"] {
        assert!(names_an_issue(line), "{line}");
    }
    for line in ["an issue of two", "color: #123456", "(#t=token)", "issued 3"] {
        assert!(!names_an_issue(line), "{line}");
    }
}

/// Macros and functions that print.
const PRINTING: [&str; 4] = ["println!(", "eprintln!(", "print::out(", "print::out_trusted("];

#[test]
fn commands_are_printed_only_as_they_have_to_be_typed() {
    let mut complaints = Vec::new();
    for file in written().filter(|f| f.is(".rs") && f.path.starts_with("appliance/src/")) {
        let text = file.text.split("#[cfg(test)]").next().unwrap_or_default();
        for (at, printing) in PRINTING.iter().flat_map(|it| text.match_indices(it)) {
            let statement = text[at..].split(");\n").next().unwrap_or_default();
            if statement.contains("ai-infra ") && !statement.contains("within(") {
                let what =
                    format!("`{printing}` names a command; `Typed::within` says how it is typed");
                complaints.push(file.complain(text[..at].lines().count(), &what));
            }
        }
    }
    none(&complaints);
}
