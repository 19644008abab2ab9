//! The key that signs API clients' tokens: derived from `server.jwt_secret`, or made once and kept
//! in the data directory (`jwt.key`, 0600). Signs nothing itself.

use std::{io, path::Path};

use anyhow::Context as _;
use ring::{
    digest,
    rand::{SecureRandom as _, SystemRandom},
};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use storage_embedded::DataDir;

use crate::exit::{self, Failure};

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
    match appliance_files::read(&path) {
        Ok(bytes) => match bytes.first_chunk::<KEY_BYTES>() {
            Some(key) => Ok(SecretBox::new(Box::new(*key))),
            None => Err(unusable(&path, &format!("it has {} bytes, not {KEY_BYTES}", bytes.len()))),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(&path).with_context(|| format!("while making {}", path.display()))
        }
        Err(error) => Err(unusable(&path, &error.to_string())),
    }
}

/// Whether to have another key is the operator's choice: it ends all tokens.
fn unusable(path: &Path, why: &str) -> anyhow::Error {
    let what = format!("the key that signs tokens, {}, cannot be used: {why}", path.display());
    let hint = "restore it from a backup, or remove it: then a new one is made, and every token that \
                was given out ends";
    Failure::new(exit::CONFIG, what, hint).into()
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
        let failure = error.downcast_ref::<Failure>().unwrap();
        assert!(failure.code == exit::CONFIG && failure.what.contains("jwt.key"), "{error:#}");
        std::fs::remove_file(data.path().join("jwt.key")).unwrap();
        std::fs::create_dir(data.path().join("jwt.key")).unwrap();
        let Err(error) = load(&data, None) else { panic!("a folder was taken for a key") };
        assert_eq!(error.downcast_ref::<Failure>().map(|it| it.code), Some(exit::CONFIG));
    }

    #[test]
    fn a_secret_of_the_operator_decides_the_key() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(dir.path().join("data")).unwrap();
        let key = load(&data, Some(&SecretString::from("a secret of many characters"))).unwrap();
        assert_ne!(key.expose_secret(), load(&data, None).unwrap().expose_secret());
    }
}
