//! The key that signs API clients' tokens: derived from `server.jwt_secret`, or made once and kept
//! in the data directory (`jwt.key`, 0600). Signs nothing itself.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use anyhow::Context as _;
use ring::{
    digest,
    rand::{SecureRandom as _, SystemRandom},
};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use storage_embedded::DataDir;

const KEY_BYTES: usize = 32;

/// Returns the signing key.
pub fn load(
    data_dir: &DataDir,
    secret: Option<&SecretString>,
) -> anyhow::Result<SecretBox<[u8; KEY_BYTES]>> {
    if let Some(secret) = secret {
        let sum = digest::digest(&digest::SHA256, secret.expose_secret().as_bytes());
        let mut key = Box::new([0; KEY_BYTES]);
        key.copy_from_slice(sum.as_ref());
        return Ok(SecretBox::new(key));
    }
    let path = data_dir.path().join("jwt.key");
    match File::open(&path) {
        Ok(file) => read(file).with_context(|| {
            format!("while reading {}: remove it to have a new one made", path.display())
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(&path).with_context(|| format!("while making {}", path.display()))
        }
        Err(error) => Err(error).with_context(|| format!("while opening {}", path.display())),
    }
}

fn read(mut file: File) -> anyhow::Result<SecretBox<[u8; KEY_BYTES]>> {
    let mut key = Box::new([0; KEY_BYTES]);
    file.read_exact(key.as_mut_slice()).context("it is shorter than 32 bytes")?;
    Ok(SecretBox::new(key))
}

/// Written under another name and renamed, so that a crash leaves a whole key or none.
fn make(path: &Path) -> anyhow::Result<SecretBox<[u8; KEY_BYTES]>> {
    let mut key = Box::new([0; KEY_BYTES]);
    SystemRandom::new()
        .fill(key.as_mut_slice())
        .map_err(|_| anyhow::anyhow!("the system gives no random numbers"))?;
    appliance_files::replace(path, key.as_slice())?;
    Ok(SecretBox::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(dir.path().join("data")).unwrap();
        let first = load(&data, None).unwrap();
        let second = load(&data, None).unwrap();
        assert_eq!(first.expose_secret(), second.expose_secret());
        assert_ne!(first.expose_secret(), &[0; KEY_BYTES]);
        std::fs::write(data.path().join("jwt.key"), b"short").unwrap();
        let Err(error) = load(&data, None) else { panic!("a short key was taken") };
        assert!(format!("{error:#}").contains("jwt.key"));
    }

    #[test]
    fn a_secret_of_the_operator_decides_the_key() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(dir.path().join("data")).unwrap();
        let key = load(&data, Some(&SecretString::from("a secret of many characters"))).unwrap();
        assert_ne!(key.expose_secret(), load(&data, None).unwrap().expose_secret());
    }
}
