//! A second person for a server that has no route to make one yet.
//!
//! Writes the user and a set-up link straight into the store of a *stopped* server, through the same
//! port the server uses; the person then sets e-mail and password over the API like anybody.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use appliance_core::{
    Batch, Clock, IdMint, Monotonic, SetupLink, Timestamp, TokenHash, User, UserId, UserRole,
    Write, ports::Records,
};
use storage_embedded::{DataDir, Store};

use crate::home::Home;

/// Makes an ordinary user in the data directory of `home` and returns a set-up token for them.
///
/// # Errors
/// When the server still runs, or the store cannot be opened.
pub async fn add(home: &Home, name: &str) -> anyhow::Result<String> {
    let directory = DataDir::open(home.data()).context("while opening the data directory")?;
    let clock: Arc<dyn Clock> = Arc::new(WallClock);
    let store = Store::open(&directory, Arc::clone(&clock), appliance_tasks::Tasks::new())
        .context("while opening the store")?;
    let mint = IdMint::new(Arc::clone(&clock), store.newest_millis());
    let user = user(&mint, name);
    let token = format!("set-up-token-of-{name}-0123456789abcdefghijklmnopqrstuvwxyz");
    let link = SetupLink {
        token_hash: hash(&token),
        user_id: user.id,
        expires_at: clock.now().plus(Duration::from_secs(3_600)),
    };
    let batch = Batch::new().write(Write::PutUser(user)).write(Write::PutSetupLink(link));
    store.apply(batch).await.context("while adding a user")?;
    store.close();
    Ok(token)
}

/// Returns an ordinary active user who has not set an e-mail or a password yet.
#[must_use]
pub fn user(mint: &IdMint, name: &str) -> User {
    let now = mint.clock().now();
    User {
        id: mint.next(UserId::from_uuid),
        email: None,
        password_hash: None,
        display_name: name.to_owned(),
        role: UserRole::User,
        is_active: true,
        created_at: now,
        updated_at: now,
        last_login_at: None,
    }
}

fn hash(token: &str) -> TokenHash {
    let digest = ring::digest::digest(&ring::digest::SHA256, token.as_bytes());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    TokenHash(bytes)
}

/// The system's clock, for records made by a test.
#[derive(Debug)]
pub struct WallClock;

impl Clock for WallClock {
    #[expect(clippy::disallowed_methods, reason = "the tests' own door to the system's clock")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let micros = since.map_or(0, |span| span.as_micros());
        Timestamp::from_unix_micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic(Duration::from_micros(u64::try_from(self.now().unix_micros()).unwrap_or(0)))
    }

    fn lived(&self) -> Timestamp {
        self.now()
    }

    fn confirm(&self) {}
}
