//! One-time links. A user has at most one: a new one takes the earlier one away.

use appliance_core::{Conflict, SetupLink, Thing, Timestamp, TokenHash, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    Draft, Entity, Fault, Refusal,
    codes::UnknownCode,
    entity::{IdShape, Key, Keyed, Kind, Rule},
    fault::conflict,
    users,
    view::{Read as _, View},
};

/// Id: SHA-256 of the token.
pub static LINKS: Kind = Kind { name: "setup_links.v1", id: IdShape::Digest, keys: &[&BY_USER] };

/// Place: user id, 16 bytes: a user has one link at most.
pub static BY_USER: Key = Key::new("setup_links_by_user.v1", Rule::Unique);

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub struct SetupLinkV1 {
    token_hash: [u8; 32],
    user_id: [u8; 16],
    expires_at: i64,
}

impl Entity for SetupLink {
    type Frozen = SetupLinkV1;
    const KIND: &'static Kind = &LINKS;

    fn freeze(&self) -> SetupLinkV1 {
        SetupLinkV1 {
            token_hash: self.token_hash.0,
            user_id: self.user_id.bytes(),
            expires_at: self.expires_at.unix_micros(),
        }
    }

    fn thaw(_id: &[u8], frozen: SetupLinkV1) -> Result<Self, UnknownCode> {
        Ok(Self {
            token_hash: TokenHash(frozen.token_hash),
            user_id: UserId::from_bytes(frozen.user_id),
            expires_at: Timestamp::from_unix_micros(frozen.expires_at),
        })
    }

    fn id(&self) -> Vec<u8> {
        self.token_hash.0.to_vec()
    }

    fn keys(&self) -> Vec<Keyed> {
        vec![BY_USER.at(&[&self.user_id.bytes()])]
    }
}

/// Makes a link; earlier links of the same user fall.
pub fn put(draft: &mut Draft<'_>, link: &SetupLink) -> Result<(), Refusal> {
    let user = link.user_id.bytes();
    users::require(draft, link.user_id)?;
    if let Some(earlier) = draft.view().find(&LINKS, &BY_USER, &user)? {
        draft.drop_row::<SetupLink>(&earlier, &[BY_USER.at(&[&user])])?;
    }
    if draft.has::<SetupLink>(&link.token_hash.0)? {
        return Err(conflict(Conflict::Exists(Thing::SetupLink)));
    }
    Ok(draft.replace(None, link)?)
}

/// Uses a link up.
pub fn take(draft: &mut Draft<'_>, hash: TokenHash) -> Result<(), Refusal> {
    let Some(link) = draft.get::<SetupLink>(&hash.0)? else { return Err(gone()) };
    Ok(draft.delete(&link)?)
}

/// Refuses when the link is gone or has expired at `at`.
pub fn check_valid(draft: &mut Draft<'_>, hash: TokenHash, at: Timestamp) -> Result<(), Refusal> {
    let Some(link) = draft.get::<SetupLink>(&hash.0)? else { return Err(gone()) };
    if link.expires_at <= at {
        return Err(gone());
    }
    Ok(())
}

/// Returns the link whose token has this hash.
pub fn get(view: &dyn View, hash: TokenHash) -> Result<Option<SetupLink>, Fault> {
    view.row(&hash.0)
}

fn gone() -> Refusal {
    conflict(Conflict::Gone(Thing::SetupLink))
}
