//! People. E-mails are unique without regard to ASCII case; the first user is the one made first.

use appliance_core::{Conflict, Timestamp, User, UserId, UserRole};
use serde::{Deserialize, Serialize};

use crate::{
    draft::Draft,
    fault::Fault,
    records::{
        Refusal,
        codes::{Code, UnknownCode},
        conflict,
        counters::next,
        invalid,
    },
    rows::{Record, Rows},
    snapshot::Snapshot,
};

/// Key: user id, 16 bytes. Value: [`UserV1`].
pub(crate) const USERS: Rows<UserRow> = Rows::new("users.v1");

/// Key: e-mail in lower case. Value: user id.
pub(crate) const BY_EMAIL: Rows<[u8; 16]> = Rows::new("users_by_email.v1");

/// Key: number of the user, 8 bytes big endian. Value: user id.
pub(crate) const BY_NUMBER: Rows<[u8; 16]> = Rows::new("users_by_number.v1");

/// A user and the order in which it was made.
#[derive(Debug)]
pub(crate) struct UserRow {
    number: u64,
    /// The user.
    pub user: User,
}

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub(crate) struct UserV1 {
    number: u64,
    id: [u8; 16],
    email: Option<String>,
    password_hash: Option<String>,
    display_name: String,
    role: u8,
    is_active: bool,
    created_at: i64,
    updated_at: i64,
    last_login_at: Option<i64>,
}

impl Record for UserRow {
    type Frozen = UserV1;

    fn freeze(&self) -> UserV1 {
        let user = self.user.clone();
        UserV1 {
            number: self.number,
            id: user.id.bytes(),
            email: user.email,
            password_hash: user.password_hash,
            display_name: user.display_name,
            role: user.role.code(),
            is_active: user.is_active,
            created_at: user.created_at.unix_micros(),
            updated_at: user.updated_at.unix_micros(),
            last_login_at: user.last_login_at.map(Timestamp::unix_micros),
        }
    }

    fn thaw(frozen: UserV1) -> Result<Self, UnknownCode> {
        let user = User {
            id: UserId::from_bytes(frozen.id),
            email: frozen.email,
            password_hash: frozen.password_hash,
            display_name: frozen.display_name,
            role: UserRole::from_code(frozen.role)?,
            is_active: frozen.is_active,
            created_at: Timestamp::from_unix_micros(frozen.created_at),
            updated_at: Timestamp::from_unix_micros(frozen.updated_at),
            last_login_at: frozen.last_login_at.map(Timestamp::from_unix_micros),
        };
        Ok(Self { number: frozen.number, user })
    }
}

/// Makes or replaces a user.
pub(crate) fn put(draft: &mut Draft<'_, '_>, user: &User) -> Result<(), Refusal> {
    let id = user.id.bytes();
    draft.counters.note(id);
    let before = draft.get(&USERS, &id)?;
    let number = match &before {
        Some(row) => row.number,
        None => next(&mut draft.counters.user),
    };
    if let Some(old) = before.and_then(|row| row.user.email) {
        draft.delete(&BY_EMAIL, folded(&old).as_bytes());
    }
    if let Some(email) = user.email.as_deref().map(folded) {
        if draft.get(&BY_EMAIL, email.as_bytes())?.is_some_and(|holder| holder != id) {
            return Err(conflict(Conflict::EmailTaken));
        }
        draft.put(&BY_EMAIL, email.as_bytes(), &id)?;
    }
    draft.put(&BY_NUMBER, &number.to_be_bytes(), &id)?;
    Ok(draft.put(&USERS, &id, &UserRow { number, user: user.clone() })?)
}

/// Refuses when there is no such user.
pub(crate) fn require(draft: &mut Draft<'_, '_>, id: UserId) -> Result<(), Refusal> {
    if draft.has(&USERS, &id.bytes())? {
        return Ok(());
    }
    Err(invalid(format!("there is no user {id}")))
}

/// Returns the user.
pub(crate) fn get(snapshot: &Snapshot, id: UserId) -> Result<Option<User>, Fault> {
    Ok(snapshot.get(&USERS, &id.bytes())?.map(|row| row.user))
}

/// Returns the user with this e-mail.
pub(crate) fn by_email(snapshot: &Snapshot, email: &str) -> Result<Option<User>, Fault> {
    let Some(id) = snapshot.get(&BY_EMAIL, folded(email).as_bytes())? else { return Ok(None) };
    Ok(Some(snapshot.follow(&USERS, &id, BY_EMAIL.name)?.user))
}

/// Returns the user that was made first.
pub(crate) fn first(snapshot: &Snapshot) -> Result<Option<User>, Fault> {
    let Some(id) = snapshot.get(&BY_NUMBER, &1_u64.to_be_bytes())? else { return Ok(None) };
    Ok(Some(snapshot.follow(&USERS, &id, BY_NUMBER.name)?.user))
}

fn folded(email: &str) -> String {
    email.to_ascii_lowercase()
}
