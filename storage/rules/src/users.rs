//! People. E-mails are unique without regard to ASCII case; the first user is the one made first.

use appliance_core::{Conflict, Timestamp, User, UserId, UserRole};
use serde::{Deserialize, Serialize};

use crate::{
    Draft, Entity, Fault, Refusal,
    codes::{Code, UnknownCode},
    counters::next,
    entity::{IdShape, Key, Keyed, Kind, Rule},
    fault::{conflict, invalid},
    view::{Read as _, View},
};

/// Id: user id.
pub static USERS: Kind =
    Kind { name: "users.v1", id: IdShape::Uuid, keys: &[&BY_EMAIL, &BY_NUMBER] };

/// Place: e-mail in lower case; users without one have none.
pub static BY_EMAIL: Key = Key::new("users_by_email.v1", Rule::Unique);

/// Place: number of the user, 8 bytes big endian.
pub static BY_NUMBER: Key = Key::new("users_by_number.v1", Rule::Unique);

/// A user and the order in which it was made.
#[derive(Debug)]
pub struct UserRow {
    number: u64,
    /// The user.
    pub user: User,
}

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub struct UserV1 {
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

impl Entity for UserRow {
    type Frozen = UserV1;
    const KIND: &'static Kind = &USERS;

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

    fn thaw(_id: &[u8], frozen: UserV1) -> Result<Self, UnknownCode> {
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

    fn id(&self) -> Vec<u8> {
        self.user.id.bytes().to_vec()
    }

    fn keys(&self) -> Vec<Keyed> {
        let mut keys = vec![BY_NUMBER.at(&[&self.number.to_be_bytes()])];
        let email = self.user.email.as_deref().map(folded);
        keys.extend(email.map(|email| BY_EMAIL.at(&[email.as_bytes()])));
        keys
    }
}

/// Makes or replaces a user.
pub fn put(draft: &mut Draft<'_>, user: &User) -> Result<(), Refusal> {
    let id = user.id.bytes();
    draft.counters.note(id);
    let before = draft.get::<UserRow>(&id)?;
    let number = match &before {
        Some(row) => row.number,
        None => next(&mut draft.counters.user),
    };
    if let Some(email) = user.email.as_deref().map(folded) {
        let holder = draft.view().find(&USERS, &BY_EMAIL, email.as_bytes())?;
        if holder.is_some_and(|holder| holder != id) {
            return Err(conflict(Conflict::EmailTaken));
        }
    }
    Ok(draft.replace(before.as_ref(), &UserRow { number, user: user.clone() })?)
}

/// Refuses when there is no such user.
pub fn require(draft: &mut Draft<'_>, id: UserId) -> Result<(), Refusal> {
    if draft.has::<UserRow>(&id.bytes())? {
        return Ok(());
    }
    Err(invalid(format!("there is no user {id}")))
}

/// Refuses when the user has been changed since `updated_at`.
pub fn check_unchanged(
    draft: &mut Draft<'_>,
    id: UserId,
    updated_at: Timestamp,
) -> Result<(), Refusal> {
    let row = draft.get::<UserRow>(&id.bytes())?;
    if row.is_some_and(|row| row.user.updated_at == updated_at) {
        return Ok(());
    }
    Err(conflict(Conflict::UserMoved(id)))
}

/// Refuses when there is a user.
pub fn check_none(draft: &Draft<'_>) -> Result<(), Refusal> {
    if draft.counters.user == 0 { Ok(()) } else { Err(conflict(Conflict::UsersExist)) }
}

/// Returns the user.
pub fn get(view: &dyn View, id: UserId) -> Result<Option<User>, Fault> {
    Ok(view.row::<UserRow>(&id.bytes())?.map(|row| row.user))
}

/// Returns the user with this e-mail.
pub fn by_email(view: &dyn View, email: &str) -> Result<Option<User>, Fault> {
    Ok(view.by::<UserRow>(&BY_EMAIL, folded(email).as_bytes())?.map(|row| row.user))
}

/// Returns the user that was made first.
pub fn first(view: &dyn View) -> Result<Option<User>, Fault> {
    Ok(view.by::<UserRow>(&BY_NUMBER, &1_u64.to_be_bytes())?.map(|row| row.user))
}

fn folded(email: &str) -> String {
    email.to_ascii_lowercase()
}
