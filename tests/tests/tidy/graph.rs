//! The crates and their levels: arrows point down, and parts do not know each other.
//!
//! Source: ARCHITECTURE.md, "Crates".

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{none, tree};

/// Where a crate stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Level {
    /// Words and ports.
    Words,
    /// Where tasks and blocking work run; stands on the async runtime and on nothing of ours.
    Home,
    /// The rules that adapters of the records share; no runtime, no driver, no I/O.
    Rules,
    /// Adapters and policies.
    Part,
    /// The binary that names them together.
    Whole,
    /// WebAssembly.
    Page,
    /// Tests, benches and build tools.
    Development,
}

use Level::{Development, Home, Page, Part, Rules, Whole, Words};

/// Every crate of the workspace.
const LEVELS: [(&str, Level); 23] = [
    ("appliance-core", Words),
    ("appliance-phrases", Words),
    ("web-dto", Words),
    ("appliance-tasks", Home),
    ("appliance-files", Home),
    ("appliance-redact", Home),
    ("storage-rules", Rules),
    ("agents", Part),
    ("agents-llm", Part),
    ("appliance-config", Part),
    ("pai", Part),
    ("storage-embedded", Part),
    ("storage-memory", Part),
    ("vector", Part),
    ("vector-qdrant", Part),
    ("web-api", Part),
    ("web-mcp", Part),
    ("appliance", Whole),
    ("web-portal", Page),
    ("appliance-tests", Development),
    ("benches", Development),
    ("portal-tool", Development),
    ("storage-contract", Development),
];

/// The arrows between two parts that the design has.
const BETWEEN_PARTS: [(&str, &str); 2] = [("agents", "pai"), ("web-api", "web-mcp")];

/// All that the words may stand on: no runtime, no driver, no I/O.
const UNDER_WORDS: [&str; 8] =
    ["async-trait", "bytes", "futures-core", "jiff", "serde", "serde_json", "thiserror", "uuid"];

/// What `cargo metadata` says, as far as it is needed.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    path: Option<String>,
}

impl Dependency {
    fn is_for_tests(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

#[test]
fn every_arrow_points_down() {
    let levels: BTreeMap<_, _> = LEVELS.into_iter().collect();
    let mut complaints = Vec::new();
    for package in workspace() {
        let Some(&from) = levels.get(package.name.as_str()) else {
            complaints.push(format!("{} has no level: add it to LEVELS", package.name));
            continue;
        };
        let ours = package.dependencies.iter().filter(|d| d.path.is_some() && !d.is_for_tests());
        for to in ours {
            let level = levels.get(to.name.as_str()).copied().unwrap_or(Whole);
            let excepted = BETWEEN_PARTS.contains(&(package.name.as_str(), to.name.as_str()));
            if !excepted && !may_know(from, level, &to.name) {
                complaints.push(format!(
                    "{} ({from:?}) depends on {} ({level:?})",
                    package.name, to.name
                ));
            }
        }
    }
    none(&complaints);
}

#[test]
fn the_words_stand_on_words_alone() {
    let is_words = |p: &Package| LEVELS.contains(&(p.name.as_str(), Words));
    let mut complaints = Vec::new();
    for package in workspace().iter().filter(|p| is_words(p)) {
        let real = package.dependencies.iter().filter(|d| !d.is_for_tests());
        for to in real.filter(|d| !UNDER_WORDS.contains(&d.name.as_str())) {
            complaints.push(format!("{} depends on {}", package.name, to.name));
        }
    }
    none(&complaints);
}

/// Whether a crate on level `from` may have `name`, on level `to`, in its production code.
fn may_know(from: Level, to: Level, name: &str) -> bool {
    match from {
        Words | Home => false,
        Rules => to == Words,
        Part => matches!(to, Words | Home | Rules),
        Whole => matches!(to, Words | Home | Part),
        Page => name == "web-dto",
        Development => to != Page,
    }
}

/// Asks cargo for the workspace's own crates; needs no network and builds nothing.
#[expect(clippy::disallowed_methods, reason = "a test asks cargo; the product's door is agents")]
fn workspace() -> Vec<Package> {
    let answer = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--no-deps", "--format-version", "1"])
        .current_dir(tree::root())
        .output()
        .expect("cargo runs");
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    let metadata: Metadata = serde_json::from_slice(&answer.stdout).expect("cargo's own JSON");
    metadata.packages
}
