//! Directories on the host: where they are, and whom the runtime directory is refused from.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it goes wrong")]

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
};

use appliance_config::{
    Sources,
    paths::{Host, PathError, RuntimeDir},
};
use tempfile::TempDir;

fn host(uid: u32, env: &[(&str, &str)]) -> Host {
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Host::with_uid(&Sources { env, ..Sources::default() }, uid)
}

fn first(host: &Host, data: &str) -> PathBuf {
    RuntimeDir::of(host, Path::new(data)).path().to_owned()
}

#[test]
fn root_has_the_systems_places_and_everybody_else_their_own() {
    let root = host(0, &[("HOME", "/root")]);
    let usual = Path::new("/home/ada/.config/ai-infra");
    assert_eq!(root.data_dir(usual).unwrap(), Path::new("/var/lib/ai-infrastructure"));
    assert_eq!(root.config_dir(), Path::new("/etc/ai-infrastructure"));
    let ada = host(1000, &[("HOME", "/home/ada")]);
    assert_eq!(ada.data_dir(usual).unwrap(), Path::new("/home/ada/.local/share/ai-infra"));
    assert_eq!(ada.config_dir(), Path::new("/home/ada/.config/ai-infra"));
    let moved = host(1000, &[("HOME", "/home/ada"), ("XDG_DATA_HOME", "/d")]);
    assert_eq!(moved.data_dir(usual).unwrap(), Path::new("/d/ai-infra"));
    assert!(matches!(host(1000, &[]).data_dir(usual), Err(PathError::Homeless)));
}

#[test]
fn a_relative_base_directory_counts_as_unset() {
    let ada = host(1000, &[("HOME", "/home/ada"), ("XDG_DATA_HOME", "d")]);
    assert_eq!(
        ada.data_dir(Path::new("/c")).unwrap(),
        Path::new("/home/ada/.local/share/ai-infra")
    );
}

#[test]
fn the_packages_data_has_one_runtime_directory_for_whoever_asks() {
    let system = "/var/lib/ai-infrastructure";
    let ada = host(1000, &[("XDG_RUNTIME_DIR", "/tmp")]);
    assert_eq!(first(&host(0, &[]), system), Path::new("/run/ai-infrastructure"));
    assert_eq!(first(&ada, system), Path::new("/run/ai-infrastructure"));
}

#[test]
fn the_packages_service_has_the_packages_places_wherever_its_data_is() {
    let run = ("RUNTIME_DIRECTORY", "/run/ai-infrastructure");
    let service = host(990, &[("HOME", "/var/lib/ai-infrastructure"), run]);
    let etc = Path::new("/etc/ai-infrastructure");
    assert_eq!(service.data_dir(etc).unwrap(), Path::new("/var/lib/ai-infrastructure"));
    assert_eq!(first(&service, "/srv/moved"), Path::new("/run/ai-infrastructure"));
    let with_its_configuration = host(1000, &[("HOME", "/home/ada")]);
    let found = with_its_configuration.data_dir(etc).unwrap();
    assert_eq!(found, Path::new("/var/lib/ai-infrastructure"));
    let another = host(1000, &[("HOME", "/home/ada"), ("RUNTIME_DIRECTORY", "/run/other")]);
    assert!(!another.is_service() && service.is_service());
    assert!(first(&another, "/srv/moved") != Path::new("/run/ai-infrastructure"));
}

#[test]
fn a_card_says_whose_sockets_they_are() {
    let place = TempDir::new().unwrap();
    let home = place.path().display().to_string();
    let ada = host(1000, &[("XDG_RUNTIME_DIR", &home)]);
    let runtime = RuntimeDir::of(&ada, Path::new("/srv/one"));
    assert_eq!(runtime.serves(), None);
    fs::create_dir(runtime.path()).unwrap();
    fs::write(runtime.card(), br#"{"pid":1,"data_dir":"/srv/one"}"#).unwrap();
    assert_eq!(runtime.serves(), Some(PathBuf::from("/srv/one")));
}

#[test]
fn any_other_data_directory_has_a_runtime_directory_of_its_own() {
    let root = host(0, &[]);
    let (one, two) = (first(&root, "/srv/one"), first(&root, "/srv/two"));
    assert!(one != two && one.starts_with("/run") && one != Path::new("/run/ai-infrastructure"));
    let place = TempDir::new().unwrap();
    let home = place.path().display().to_string();
    let ada = host(1000, &[("XDG_RUNTIME_DIR", &home)]);
    let found = first(&ada, "/home/ada/data");
    assert_eq!(found.parent(), Some(place.path()));
    let mark = found.file_name().unwrap().to_str().unwrap().strip_prefix("ai-infra-").unwrap();
    assert!(mark.len() == 8 && mark.bytes().all(|b| b.is_ascii_hexdigit()), "{mark}");
    let bare = host(1000, &[]);
    assert_eq!(first(&bare, "/home/ada/data"), Path::new("/tmp/ai-infra-1000").join(mark));
}

#[test]
fn the_place_is_the_same_before_and_after_the_data_directory_is_made() {
    let place = TempDir::new().unwrap();
    let real = place.path().join("real");
    fs::create_dir(&real).unwrap();
    symlink(&real, place.path().join("link")).unwrap();
    let data = place.path().join("link/data");
    let before = first(&host(1000, &[]), data.to_str().unwrap());
    fs::create_dir(&data).unwrap();
    assert_eq!(first(&host(1000, &[]), data.to_str().unwrap()), before);
    assert_eq!(first(&host(1000, &[]), real.join("data").to_str().unwrap()), before);
}

#[test]
fn the_runtime_directory_is_made_for_us_alone() {
    let home = TempDir::new().unwrap();
    let sources = sources(home.path());
    let runtime = RuntimeDir::of(&Host::of(&sources), Path::new("/srv/x"));
    runtime.create().unwrap();
    runtime.create().unwrap();
    assert_eq!(mode(runtime.path()), 0o700);
    assert!(runtime.trust().is_ok());
    fs::set_permissions(runtime.path(), fs::Permissions::from_mode(0o755)).unwrap();
    runtime.create().unwrap();
    assert_eq!(mode(runtime.path()), 0o700);
}

#[test]
fn a_directory_that_others_can_write_or_a_link_is_refused() {
    let home = TempDir::new().unwrap();
    let runtime = RuntimeDir::of(&Host::of(&sources(home.path())), Path::new("/srv/x"));
    fs::create_dir(runtime.path()).unwrap();
    fs::set_permissions(runtime.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let refused = runtime.create().unwrap_err().to_string();
    assert!(refused.contains("can be written by others"), "{refused}");
    fs::remove_dir(runtime.path()).unwrap();
    symlink("/tmp", runtime.path()).unwrap();
    assert!(matches!(runtime.create(), Err(PathError::Unsafe { .. })));
}

#[test]
fn somebody_elses_directory_is_refused_and_not_trusted() {
    let home = TempDir::new().unwrap();
    // The directory belongs to whoever runs this test; the host says that we are somebody else.
    let runtime =
        RuntimeDir::of(&Host::with_uid(&sources(home.path()), 4_242), Path::new("/srv/x"));
    fs::create_dir(runtime.path()).unwrap();
    fs::set_permissions(runtime.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let refused = runtime.create().unwrap_err().to_string();
    assert!(refused.contains("belongs to user") && refused.contains("not to user 4242"));
    assert!(runtime.trust().is_err());
}

#[test]
fn a_socket_path_that_does_not_fit_is_refused_with_its_length() {
    let home = TempDir::new().unwrap();
    let deep = home.path().join("d".repeat(80));
    fs::create_dir(&deep).unwrap();
    let runtime = RuntimeDir::of(&Host::of(&sources(&deep)), Path::new("/srv/x"));
    let refused = runtime.api_socket().unwrap_err().to_string();
    assert!(refused.contains("at most 100 fit") && refused.contains("XDG_RUNTIME_DIR"));
}

#[test]
fn a_client_without_the_servers_environment_still_finds_its_socket() {
    let home = TempDir::new().unwrap();
    let host = Host::of(&sources(home.path()));
    let runtime = RuntimeDir::of(&host, Path::new("/srv/x"));
    runtime.create().unwrap();
    fs::write(runtime.path().join("api.sock"), "").unwrap();
    assert_eq!(RuntimeDir::find(&host, Path::new("/srv/x")), runtime);
}

fn sources(runtime_home: &Path) -> Sources {
    let home = runtime_home.display().to_string();
    Sources { env: vec![("XDG_RUNTIME_DIR".to_owned(), home)], ..Sources::default() }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
