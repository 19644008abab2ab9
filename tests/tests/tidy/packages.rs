//! What is linked in: no banned crate, no licence outside the list. The lists are `deny.toml`.
//!
//! Crates of other platforms stand in the lock file but are never downloaded here, so their
//! licences cannot be read and do not matter.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{licence, none, tree};

/// One entry of the lock file.
struct Locked {
    name: String,
    version: String,
    /// Whether it comes from a registry, and not from this tree.
    foreign: bool,
}

#[test]
fn nothing_banned_is_linked_in() {
    let rules = deny();
    let banned: Vec<String> = rules
        .lines()
        .filter_map(|line| quoted(line.trim().strip_prefix("{ crate = ")?).into_iter().next())
        .collect();
    assert!(banned.len() >= 5, "deny.toml lists only {banned:?}");
    let mut complaints = Vec::new();
    for locked in lock() {
        if banned.contains(&locked.name) {
            complaints.push(format!("{} is banned by deny.toml", locked.name));
        }
        if locked.name == "bincode" && locked.version != "2.0.1" {
            complaints.push(format!("bincode is {}, stored values are 2.0.1", locked.version));
        }
    }
    none(&complaints);
}

#[test]
fn every_licence_is_on_the_list() {
    let allowed = allowed();
    let clarified = clarified();
    let mut checked = 0;
    let mut complaints = Vec::new();
    for locked in lock().iter().filter(|l| l.foreign && !clarified.contains(&l.name)) {
        let Some(manifest) = manifest(locked) else { continue };
        checked += 1;
        match licence_of(&manifest) {
            Some(expression) if licence::is_met(&expression, &allowed) => {}
            found => complaints.push(format!("{} {}: {found:?}", locked.name, locked.version)),
        }
    }
    assert!(checked > 200, "only {checked} manifests were found");
    none(&complaints);
}

#[test]
fn everything_comes_from_one_registry() {
    let lock = fs::read_to_string(tree::root().join("Cargo.lock")).expect("a lock file");
    let sources = lock.lines().filter(|line| line.starts_with("source = "));
    let strange: Vec<String> =
        sources.filter(|s| !s.contains("registry+")).map(str::to_owned).collect();
    none(&strange);
}

fn deny() -> String {
    fs::read_to_string(tree::root().join("deny.toml")).expect("deny.toml")
}

fn allowed() -> Vec<String> {
    let rules = deny();
    let list = rules.split_once("\nallow = [").expect("an allow list").1;
    quoted(list.split_once(']').expect("its end").0)
}

fn clarified() -> Vec<String> {
    let rules = deny();
    let blocks = rules.split("[[licenses.clarify]]").skip(1);
    blocks.filter_map(|block| quoted(block).into_iter().next()).collect()
}

/// Every double-quoted string, in order.
fn quoted(text: &str) -> Vec<String> {
    text.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

fn lock() -> Vec<Locked> {
    let lock = fs::read_to_string(tree::root().join("Cargo.lock")).expect("a lock file");
    let entries = lock.split("[[package]]").skip(1);
    entries
        .map(|entry| {
            let value = |key: &str| {
                let line = entry.lines().find_map(|line| line.strip_prefix(key));
                line.map(|rest| rest.trim_matches(['"', ' ', '=']).to_owned())
            };
            Locked {
                name: value("name").expect("a name"),
                version: value("version").expect("a version"),
                foreign: value("source").is_some(),
            }
        })
        .collect()
}

/// The manifest of a downloaded crate.
fn manifest(locked: &Locked) -> Option<String> {
    let name = format!("{}-{}", locked.name, locked.version);
    registries().iter().find_map(|dir| fs::read_to_string(dir.join(&name).join("Cargo.toml")).ok())
}

fn licence_of(manifest: &str) -> Option<String> {
    let line = manifest.lines().find_map(|line| line.strip_prefix("license = "))?;
    quoted(line).into_iter().next()
}

/// Where cargo unpacks what it downloads.
fn registries() -> Vec<PathBuf> {
    let home = appliance_tests::skip::variable("CARGO_HOME").map(PathBuf::from).or_else(|| {
        appliance_tests::skip::variable("HOME").map(|home| Path::new(&home).join(".cargo"))
    });
    let sources = home.expect("a home").join("registry/src");
    let entries = fs::read_dir(sources).expect("cargo has downloaded something");
    entries.filter_map(|entry| entry.ok().map(|e| e.path())).collect()
}
