//! The key of the people's socket: made anew at each start and written beside the socket
//! (`people.key`, 0600) before anybody can connect. Checks no request: `web_api` does.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

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
    write(&path, key).with_context(|| format!("while writing {}", path.display()))
}

/// Written under another name and renamed, so that a reader finds a whole key or none.
fn write(path: &Path, key: &SecretString) -> io::Result<()> {
    let half = path.with_extension("key.new");
    match fs::remove_file(&half) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&half)?;
    file.write_all(key.expose_secret().as_bytes())?;
    file.sync_all()?;
    fs::rename(&half, path)?;
    path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn only_its_owner_reads_it_and_a_half_written_one_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("people.key");
        fs::write(dir.path().join("people.key.new"), "half").unwrap();
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write(&path, &SecretString::from("new")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!dir.path().join("people.key.new").exists());
    }
}
