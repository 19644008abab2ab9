//! `make run` passes its arguments on: the data folder that is named in them is the one, once. The scripts are
//! real; what they would build and start is not.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]
#![expect(clippy::expect_used, reason = "a test: a tree that cannot be read is a failure")]

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

/// Prints each of its arguments in brackets.
const SHOWS: &str = "#!/bin/sh\nfor word in \"$@\"; do printf '[%s]' \"$word\"; done\n";

/// A tree with the scripts, and a program that shows how it was started.
fn tree() -> tempfile::TempDir {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let tree = tempfile::tempdir().expect("a folder");
    let scripts = tree.path().join("packaging/scripts");
    fs::create_dir_all(&scripts).expect("a folder");
    fs::copy(ours.join("Makefile"), tree.path().join("Makefile")).expect("the Makefile");
    for name in ["run.sh", "steps.sh"] {
        fs::copy(ours.join("packaging/scripts").join(name), scripts.join(name)).expect("a script");
    }
    for name in ["setup.sh", "release.sh"] {
        program(&scripts.join(name), "#!/bin/sh\n");
    }
    let release = format!("target/{}-unknown-linux-gnu/release", std::env::consts::ARCH);
    let release = tree.path().join(release);
    fs::create_dir_all(&release).expect("a folder");
    program(&release.join("ai-infra"), SHOWS);
    tree
}

fn program(path: &Path, text: &str) {
    fs::write(path, text).expect("a script");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("its mode");
}

#[test]
fn the_data_folder_that_is_named_is_the_one_and_is_named_once() {
    let tree = tree();
    for (arguments, started) in [
        ("", "[serve][--data][/home/ann/.local/share/ai-infra]"),
        ("--data /srv/x", "[serve][--data][/srv/x]"),
        ("--data=/srv/x", "[serve][--data=/srv/x]"),
        ("--model demo --data '/srv/my data'", "[serve][--model][demo][--data][/srv/my data]"),
    ] {
        let mut make = Command::new("make");
        make.current_dir(&tree).args(["-s", "run", &format!("ARGS={arguments}")]);
        make.env("HOME", "/home/ann").env_remove("DATA").env_remove("XDG_DATA_HOME");
        let made = make.env_remove("MAKEFLAGS").output().expect("make");
        let said = String::from_utf8_lossy(&made.stdout);
        assert!(said.ends_with(started), "{arguments}: {said} {made:?}");
    }
}
