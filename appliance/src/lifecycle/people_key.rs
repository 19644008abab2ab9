//! The key of the people's socket: made anew at each start and written beside the socket
//! (`people.key`, 0600) before anybody can connect. Checks no request: `web_api` does.

use std::{fs, os::unix::fs::MetadataExt as _};

use anyhow::Context as _;
use appliance_config::paths::RuntimeDir;
use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::{ExposeSecret as _, SecretString};

const KEY_BYTES: usize = 32;

/// Makes a key and writes it.
///
/// # Errors
/// When there are no random numbers or the file cannot be written.
pub fn make(runtime: &RuntimeDir) -> anyhow::Result<SecretString> {
    let mut bytes = [0; KEY_BYTES];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| anyhow::anyhow!("the system gives no random numbers"))?;
    let key = SecretString::from(bytes.iter().map(|b| format!("{b:02x}")).collect::<String>());
    put(runtime, &key)?;
    Ok(key)
}

/// Writes a key that was made before.
///
/// # Errors
/// When the file cannot be written.
pub fn put(runtime: &RuntimeDir, key: &SecretString) -> anyhow::Result<()> {
    let path = runtime.people_key();
    appliance_files::make_way(&path)
        .and_then(|()| appliance_files::replace(&path, key.expose_secret().as_bytes()))
        .with_context(|| format!("while writing {}", path.display()))
}

/// Tells whether the file holds the key, for its owner alone.
pub fn stands(runtime: &RuntimeDir, key: &SecretString) -> bool {
    let path = runtime.people_key();
    let is_own = fs::symlink_metadata(&path).is_ok_and(|found| found.mode() & 0o077 == 0);
    let holds = appliance_files::read(&path);
    is_own && holds.is_ok_and(|held| held == key.expose_secret().as_bytes())
}
