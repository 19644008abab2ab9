//! Claiming the data directory: what is made, what is refused, and in which words.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    sync::Arc,
};

use appliance_core::time::ManualClock;
use storage_embedded::{DataDir, OpenError, Store};
use tempfile::TempDir;

#[test]
fn makes_the_directory_for_its_owner_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a/b");
    let dir = DataDir::open(&path).unwrap();
    let store =
        Store::open(&dir, Arc::new(ManualClock::at_millis(0)), appliance_tasks::Tasks::new())
            .unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
    for file in [dir.state_file(), dir.lock_file()] {
        assert_eq!(fs::metadata(file).unwrap().mode() & 0o777, 0o600);
    }
    assert_eq!(store.newest_millis(), 0);
    let mut names: Vec<_> =
        fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    let expected = ["history", "reserve", "serve.lock", "state.redb"];
    assert_eq!(names, expected, "nothing half-made is left");
}

#[test]
fn what_it_makes_is_its_owners_alone_whatever_the_umask() {
    rustix::process::umask(rustix::fs::Mode::empty());
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a");
    let dir = DataDir::open(&path).unwrap();
    let _store =
        Store::open(&dir, Arc::new(ManualClock::at_millis(0)), appliance_tasks::Tasks::new())
            .unwrap();
    for entry in fs::read_dir(&path).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
    }
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
}

#[test]
fn a_held_directory_names_its_holder_until_it_lets_go() {
    let folder = TempDir::new().unwrap();
    let dir = DataDir::open(folder.path()).unwrap();
    let store =
        Store::open(&dir, Arc::new(ManualClock::at_millis(0)), appliance_tasks::Tasks::new())
            .unwrap();
    drop(dir);
    match DataDir::open(folder.path()) {
        Err(error @ OpenError::Held { pid, .. }) => {
            assert_eq!(pid, Some(std::process::id()));
            assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
            assert!(error.to_string().contains(folder.path().to_str().unwrap()), "{error}");
        }
        other => panic!("{other:?}"),
    }
    drop(store);
    DataDir::open(folder.path()).unwrap();
}

#[test]
fn a_stale_lock_file_is_no_obstacle() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("serve.lock"), "4194304\nof a process that died\n").unwrap();
    let dir = DataDir::open(folder.path()).unwrap();
    let text = fs::read_to_string(dir.lock_file()).unwrap();
    assert_eq!(text, format!("{}\n", std::process::id()));
}

#[test]
fn a_file_in_its_place_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("data");
    fs::write(&file, "mine").unwrap();
    for path in [file.clone(), file.join("deeper")] {
        let error = DataDir::open(&path).unwrap_err();
        assert!(matches!(error, OpenError::NotADirectory { .. }), "{error}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
    assert_eq!(fs::read_to_string(file).unwrap(), "mine");
}

#[test]
fn a_directory_that_cannot_be_written_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("closed");
    fs::create_dir(&path).unwrap();
    // A directory where the lock belongs stops even root.
    fs::create_dir(path.join("serve.lock")).unwrap();
    let error = DataDir::open(&path).unwrap_err();
    assert!(matches!(error, OpenError::NotWritable { .. }), "{error}");
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
}

#[test]
fn somebody_elses_directory_is_refused() {
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    // Only root can give a directory away; anybody else finds `/` in root's hands.
    let given = std::os::unix::fs::chown(folder.path(), Some(12_345), None).is_ok();
    let path = if given { folder.path() } else { std::path::Path::new("/") };
    let error = DataDir::open(path).unwrap_err();
    assert!(matches!(error, OpenError::NotOurs { .. }), "{error}");
    assert!(error.to_string().contains("belongs to user id"), "{error}");
    assert!(!path.join("serve.lock").exists(), "nothing was left in it");
}

#[test]
fn a_history_has_one_id_from_its_first_moment_and_another_history_another() {
    let (folder, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let history = |folder: &TempDir| {
        let dir = DataDir::open(folder.path()).unwrap();
        Store::open(&dir, Arc::new(ManualClock::at_millis(0)), appliance_tasks::Tasks::new())
            .unwrap()
            .history()
    };
    let first = history(&folder);
    assert_eq!(history(&folder), first, "it stays when the file is opened again");
    let told = DataDir::open(folder.path()).unwrap().history();
    assert_eq!(told, Some(first), "its sign tells before the file is open");
    assert_ne!(history(&other), first);
    assert_ne!(first.bytes(), [0; 16]);
}

#[test]
fn a_file_of_an_earlier_version_gets_an_id_and_keeps_it() {
    for version in ["v1", "v2"] {
        let folder = TempDir::new().unwrap();
        let fixture = format!("{}/tests/fixtures/{version}", env!("CARGO_MANIFEST_DIR"));
        fs::copy(format!("{fixture}/state.redb"), folder.path().join("state.redb")).unwrap();
        let open = || {
            let dir = DataDir::open(folder.path()).unwrap();
            Store::open(&dir, Arc::new(ManualClock::at_millis(0)), appliance_tasks::Tasks::new())
                .unwrap()
                .history()
        };
        let first = open();
        assert_eq!(open(), first, "{version}");
    }
}
