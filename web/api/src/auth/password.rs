//! Passwords: argon2id of what [`super::prepared`] makes of them, off the async threads, a few at a
//! time. Stores nothing.
//!
//! Invariant: an unknown account costs as much time as a wrong password, so that nobody can ask
//! which accounts exist. Parameters: OWASP password storage cheat sheet, argon2id m=19 MiB, t=2, p=1.

use appliance_tasks::{TaskKind, Tasks};
use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;
use web_dto::Code;

use super::prepared;
use crate::error::ApiError;

/// Hashes at once: each takes 19 MiB and a core for some 20 ms.
const AT_ONCE: usize = 2;

/// One hash.
const HASH: TaskKind = TaskKind::new("password.hash");

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The hash of nothing anybody knows: its tag is chosen, not computed. Compared with when there is
/// no account, so that the answer takes as long.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm8gc3VjaCBhY2NvdW50$\
                      AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A password's hash in PHC form.
pub(crate) struct Hashed(pub(crate) String);

/// How a password that is shown stands to a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Matched {
    /// It is another, or there is no hash.
    No,
    /// It is the one.
    Yes,
    /// It is the one, hashed as it was typed, before passwords were prepared: hash it anew.
    AsTyped,
}

/// Hashes and checks passwords.
#[derive(Debug)]
pub(crate) struct Passwords {
    tasks: Tasks,
    slots: Semaphore,
}

impl Passwords {
    /// Starts with all slots free.
    pub(crate) fn new(tasks: Tasks) -> Self {
        Self { tasks, slots: Semaphore::new(AT_ONCE) }
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// `password.weak` when it is too short or too long, or has a control character.
    pub(crate) async fn hash(&self, password: &str) -> Result<Hashed, ApiError> {
        let password = SecretString::from(prepared::chosen(password)?);
        self.run(move || {
            let hashed: PasswordHash =
                argon2()?.hash_password(password.expose_secret().as_bytes())?;
            Ok(Hashed(hashed.to_string()))
        })
        .await
    }

    /// Tells whether `password` is the one behind `hash`; without a hash it works as long and says no.
    /// Where preparing changes something it is tried as it was typed too, for hashes of older versions.
    pub(crate) async fn matches(
        &self,
        password: &str,
        hash: Option<String>,
    ) -> Result<Matched, ApiError> {
        let prepared = prepared::shown(password);
        let changes = prepared.as_deref() != Some(password);
        let typed = (changes && prepared::could_be_older(password)).then_some(password);
        let prepared = prepared.map(|text| (SecretString::from(text), Matched::Yes));
        let typed = typed.map(|text| (SecretString::from(text), Matched::AsTyped));
        self.run(move || {
            let known = hash.is_some();
            let parsed = PasswordHash::new(hash.as_deref().unwrap_or(NOBODY))?;
            for (password, matched) in prepared.into_iter().chain(typed) {
                let bytes = password.expose_secret().as_bytes();
                if argon2()?.verify_password(bytes, &parsed).is_ok() && known {
                    return Ok(matched);
                }
            }
            Ok(Matched::No)
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, argon2::password_hash::Error> + Send + 'static,
    ) -> Result<T, ApiError> {
        let failed = || ApiError::new(Code::Internal, "the password could not be checked");
        let _slot = self.slots.acquire().await.map_err(|cause| failed().because(cause))?;
        self.tasks
            .blocking(HASH, work)
            .await
            .map_err(|cause| failed().because(cause))?
            .map_err(|cause| failed().because(cause.to_string()))
    }
}

fn argon2() -> Result<Argon2<'static>, argon2::password_hash::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_right_password_matches_and_nothing_else_does() {
        let passwords = Passwords::new(Tasks::new());
        let hash = passwords.hash("correct horse battery").await.unwrap().0;
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let matched = async |password, hash| passwords.matches(password, hash).await.unwrap();
        assert_eq!(matched("correct horse battery", Some(hash.clone())).await, Matched::Yes);
        assert_eq!(matched("correct horse batterz", Some(hash)).await, Matched::No);
        assert_eq!(matched("correct horse battery", None).await, Matched::No);
    }

    #[tokio::test]
    async fn a_hash_of_what_was_typed_matches_what_is_typed_so() {
        let passwords = Passwords::new(Tasks::new());
        let (apart, composed) = ("fru\u{308}her war alles", "fr\u{fc}her war alles");
        let older: PasswordHash = argon2().unwrap().hash_password(apart.as_bytes()).unwrap();
        let older = Some(older.to_string());
        assert_eq!(passwords.matches(apart, older.clone()).await.unwrap(), Matched::AsTyped);
        assert_eq!(passwords.matches(composed, older).await.unwrap(), Matched::No);
        let now = Some(passwords.hash(apart).await.unwrap().0);
        for typed in [apart, composed] {
            assert_eq!(passwords.matches(typed, now.clone()).await.unwrap(), Matched::Yes);
        }
        let tab = argon2().unwrap().hash_password(b"four quiet\twords").unwrap().to_string();
        let tab = passwords.matches("four quiet\twords", Some(tab)).await.unwrap();
        assert_eq!(tab, Matched::AsTyped, "nobody can choose it any more, and it still works");
    }

    #[tokio::test]
    async fn a_short_and_an_endless_password_are_refused() {
        let passwords = Passwords::new(Tasks::new());
        assert!(passwords.hash("elevenchars").await.is_err_and(|e| e.code == Code::PasswordWeak));
        assert!(passwords.hash(&"x".repeat(1_025)).await.is_err());
        assert!(passwords.hash("ääääääääääää").await.is_ok(), "counts characters, not bytes");
    }
}
