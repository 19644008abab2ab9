//! One-time links. A user has at most one: a new one takes the earlier one away.

use appliance_core::{Conflict, SetupLink, Thing, Timestamp, TokenHash, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    draft::Draft,
    fault::Fault,
    records::{Refusal, codes::UnknownCode, conflict, users},
    rows::{Record, Rows},
    snapshot::Snapshot,
};

/// Key: SHA-256 of the token, 32 bytes. Value: [`SetupLinkV1`].
pub(crate) const LINKS: Rows<SetupLink> = Rows::new("setup_links.v1");

/// Key: user id, 16 bytes. Value: the hash of the user's only link.
pub(crate) const BY_USER: Rows<[u8; 32]> = Rows::new("setup_links_by_user.v1");

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub(crate) struct SetupLinkV1 {
    token_hash: [u8; 32],
    user_id: [u8; 16],
    expires_at: i64,
}

impl Record for SetupLink {
    type Frozen = SetupLinkV1;

    fn freeze(&self) -> SetupLinkV1 {
        SetupLinkV1 {
            token_hash: self.token_hash.0,
            user_id: self.user_id.bytes(),
            expires_at: self.expires_at.unix_micros(),
        }
    }

    fn thaw(frozen: SetupLinkV1) -> Result<Self, UnknownCode> {
        Ok(Self {
            token_hash: TokenHash(frozen.token_hash),
            user_id: UserId::from_bytes(frozen.user_id),
            expires_at: Timestamp::from_unix_micros(frozen.expires_at),
        })
    }
}

/// Makes a link; earlier links of the same user fall.
pub(crate) fn put(draft: &mut Draft<'_, '_>, link: &SetupLink) -> Result<(), Refusal> {
    let user = link.user_id.bytes();
    users::require(draft, link.user_id)?;
    if let Some(earlier) = draft.get(&BY_USER, &user)? {
        draft.delete(&LINKS, &earlier);
    }
    if draft.has(&LINKS, &link.token_hash.0)? {
        return Err(conflict(Conflict::Exists(Thing::SetupLink)));
    }
    draft.put(&BY_USER, &user, &link.token_hash.0)?;
    Ok(draft.put(&LINKS, &link.token_hash.0, link)?)
}

/// Uses a link up.
pub(crate) fn take(draft: &mut Draft<'_, '_>, hash: TokenHash) -> Result<(), Refusal> {
    let Some(link) = draft.get(&LINKS, &hash.0)? else { return Err(gone()) };
    draft.delete(&LINKS, &hash.0);
    draft.delete(&BY_USER, &link.user_id.bytes());
    Ok(())
}

/// Refuses when the link is gone or has expired at `at`.
pub(crate) fn check_valid(
    draft: &mut Draft<'_, '_>,
    hash: TokenHash,
    at: Timestamp,
) -> Result<(), Refusal> {
    let Some(link) = draft.get(&LINKS, &hash.0)? else { return Err(gone()) };
    if link.expires_at <= at {
        return Err(gone());
    }
    Ok(())
}

/// Returns the link whose token has this hash.
pub(crate) fn get(snapshot: &Snapshot, hash: TokenHash) -> Result<Option<SetupLink>, Fault> {
    snapshot.get(&LINKS, &hash.0)
}

fn gone() -> Refusal {
    conflict(Conflict::Gone(Thing::SetupLink))
}
