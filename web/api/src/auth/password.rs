//! Passwords: argon2id, off the async threads, a few at a time. Stores nothing.
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
use web_dto::{Code, MIN_PASSWORD_CHARS};

use crate::error::ApiError;

/// Hashes at once: each takes 19 MiB and a core for some 20 ms.
const AT_ONCE: usize = 2;

/// One hash.
const HASH: TaskKind = TaskKind::new("password.hash");

/// Most characters a password may have.
const MAX_PASSWORD_CHARS: usize = 1_024;

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The hash of nothing anybody knows: its tag is chosen, not computed. Compared with when there is
/// no account, so that the answer takes as long.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm8gc3VjaCBhY2NvdW50$\
                      AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A password's hash in PHC form.
pub(crate) struct Hashed(pub(crate) String);

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
    /// `password.weak` when it is too short or too long.
    pub(crate) async fn hash(&self, password: &str) -> Result<Hashed, ApiError> {
        let chars = password.chars().count();
        if !(MIN_PASSWORD_CHARS..=MAX_PASSWORD_CHARS).contains(&chars) {
            let detail = format!(
                "the password has {chars} characters, it must have {MIN_PASSWORD_CHARS} to \
                 {MAX_PASSWORD_CHARS}"
            );
            return Err(ApiError::field(Code::PasswordWeak, "/password", detail));
        }
        let password = SecretString::from(password);
        self.run(move || {
            let hashed: PasswordHash =
                argon2()?.hash_password(password.expose_secret().as_bytes())?;
            Ok(Hashed(hashed.to_string()))
        })
        .await
    }

    /// Tells whether `password` is the one behind `hash`; without a hash it works as long and says no.
    pub(crate) async fn matches(
        &self,
        password: &str,
        hash: Option<String>,
    ) -> Result<bool, ApiError> {
        if password.chars().count() > MAX_PASSWORD_CHARS {
            return Ok(false);
        }
        let password = SecretString::from(password);
        self.run(move || {
            let known = hash.is_some();
            let parsed = PasswordHash::new(hash.as_deref().unwrap_or(NOBODY))?;
            let bytes = password.expose_secret().as_bytes();
            Ok(argon2()?.verify_password(bytes, &parsed).is_ok() && known)
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
        assert!(passwords.matches("correct horse battery", Some(hash.clone())).await.unwrap());
        assert!(!passwords.matches("correct horse batterz", Some(hash)).await.unwrap());
        assert!(!passwords.matches("correct horse battery", None).await.unwrap());
    }

    #[tokio::test]
    async fn a_short_and_an_endless_password_are_refused() {
        let passwords = Passwords::new(Tasks::new());
        assert!(passwords.hash("elevenchars").await.is_err_and(|e| e.code == Code::PasswordWeak));
        assert!(passwords.hash(&"x".repeat(1_025)).await.is_err());
        assert!(passwords.hash("ääääääääääää").await.is_ok(), "counts characters, not bytes");
    }
}
