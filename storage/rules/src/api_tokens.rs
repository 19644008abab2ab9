//! Tokens for programs. One is found by its id, by the hash of its secret, or among its user's, where
//! its name is its own. Revoking takes the row away; the audit trail says that it was.

use appliance_core::{
    ApiToken, Conflict, MAX_TOKENS, Thing, Timestamp, TokenHash, TokenId, TokenScope, UserId,
};
use serde::{Deserialize, Serialize};

use crate::{
    Draft, Entity, Fault, Refusal,
    codes::{Code as _, UnknownCode},
    entity::{IdShape, Key, Keyed, Kind, Rule},
    fault::conflict,
    users,
    view::{Read as _, Span, View},
};

/// Id: token id.
pub static TOKENS: Kind =
    Kind { name: "api_tokens.v1", id: IdShape::Uuid, keys: &[&BY_HASH, &BY_NAME, &BY_USER] };

/// Place: SHA-256 of the token, 32 bytes.
pub static BY_HASH: Key = Key::new("api_tokens_by_hash.v1", Rule::Unique);

/// Place: user id, 16 bytes, and the name.
pub static BY_NAME: Key = Key::new("api_tokens_by_name.v1", Rule::Unique);

/// Place: user id, 16 bytes, and token id, 16 bytes: the order they were made in.
pub static BY_USER: Key = Key::new("api_tokens_by_user.v1", Rule::Ordered);

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub struct ApiTokenV1 {
    id: [u8; 16],
    user_id: [u8; 16],
    name: String,
    token_hash: [u8; 32],
    scopes: Vec<u8>,
    created_at: i64,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
}

impl Entity for ApiToken {
    type Frozen = ApiTokenV1;
    const KIND: &'static Kind = &TOKENS;

    fn freeze(&self) -> ApiTokenV1 {
        ApiTokenV1 {
            id: self.id.bytes(),
            user_id: self.user_id.bytes(),
            name: self.name.clone(),
            token_hash: self.token_hash.0,
            scopes: self.scopes.iter().map(|scope| scope.code()).collect(),
            created_at: self.created_at.unix_micros(),
            expires_at: self.expires_at.map(Timestamp::unix_micros),
            last_used_at: self.last_used_at.map(Timestamp::unix_micros),
        }
    }

    fn thaw(_id: &[u8], frozen: ApiTokenV1) -> Result<Self, UnknownCode> {
        let scopes = frozen.scopes.into_iter().map(TokenScope::from_code);
        Ok(Self {
            id: TokenId::from_bytes(frozen.id),
            user_id: UserId::from_bytes(frozen.user_id),
            name: frozen.name,
            token_hash: TokenHash(frozen.token_hash),
            scopes: scopes.collect::<Result<_, _>>()?,
            created_at: Timestamp::from_unix_micros(frozen.created_at),
            expires_at: frozen.expires_at.map(Timestamp::from_unix_micros),
            last_used_at: frozen.last_used_at.map(Timestamp::from_unix_micros),
        })
    }

    fn id(&self) -> Vec<u8> {
        self.id.bytes().to_vec()
    }

    fn keys(&self) -> Vec<Keyed> {
        let user = self.user_id.bytes();
        vec![
            BY_HASH.at(&[&self.token_hash.0]),
            BY_NAME.at(&[&user, self.name.as_bytes()]),
            BY_USER.at(&[&user, &self.id.bytes()]),
        ]
    }
}

/// Makes a token. What has expired at `at` gives its name back, and its place where a user's are full.
pub fn put(draft: &mut Draft<'_>, token: &ApiToken, at: Timestamp) -> Result<(), Refusal> {
    let id = token.id.bytes();
    draft.counters.note(id);
    users::require(draft, token.user_id)?;
    if draft.has::<ApiToken>(&id)?
        || draft.view().find(&TOKENS, &BY_HASH, &token.token_hash.0)?.is_some()
    {
        return Err(conflict(Conflict::Exists(Thing::Token(token.id))));
    }
    free_name(draft, token, at)?;
    make_room(draft, token.user_id, at)?;
    Ok(draft.replace(None, token)?)
}

/// Takes away whoever has the name of `token` and has expired.
fn free_name(draft: &mut Draft<'_>, token: &ApiToken, at: Timestamp) -> Result<(), Refusal> {
    let name = [&token.user_id.bytes()[..], token.name.as_bytes()].concat();
    let Some(id) = draft.view().find(&TOKENS, &BY_NAME, &name)? else { return Ok(()) };
    let holder = draft.get::<ApiToken>(&id)?.filter(|holder| holder.has_expired(at));
    let Some(holder) = holder else { return Err(conflict(Conflict::Exists(Thing::TokenName))) };
    Ok(draft.delete(&holder)?)
}

/// Sees to it that one more fits, by the expired ones that were made first.
fn make_room(draft: &mut Draft<'_>, owner: UserId, at: Timestamp) -> Result<(), Refusal> {
    let held = of(draft.view(), owner)?;
    let over = (held.len() + 1).saturating_sub(MAX_TOKENS);
    let expired: Vec<_> = held.iter().filter(|held| held.has_expired(at)).take(over).collect();
    if expired.len() < over {
        return Err(conflict(Conflict::TokensFull(owner)));
    }
    for held in expired {
        draft.delete(held)?;
    }
    Ok(())
}

/// Notes that a token was shown at `at`; never goes back, and one that is gone is passed over.
pub fn touch(draft: &mut Draft<'_>, id: TokenId, at: Timestamp) -> Result<(), Refusal> {
    let Some(token) = draft.get::<ApiToken>(&id.bytes())? else { return Ok(()) };
    if token.last_used_at.is_some_and(|last| last >= at) {
        return Ok(());
    }
    let used = ApiToken { last_used_at: Some(at), ..token.clone() };
    Ok(draft.replace(Some(&token), &used)?)
}

/// Takes a token of `owner` away.
pub fn revoke(draft: &mut Draft<'_>, id: TokenId, owner: UserId) -> Result<(), Refusal> {
    let found = draft.get::<ApiToken>(&id.bytes())?;
    let Some(token) = found.filter(|token| token.user_id == owner) else { return Ok(()) };
    Ok(draft.delete(&token)?)
}

/// Takes away up to `most` tokens that expired before `before`; returns how many went.
///
/// # Errors
/// The adapter's failure; a damaged row is passed over.
pub fn sweep(draft: &mut Draft<'_>, before: Timestamp, most: usize) -> Result<usize, Fault> {
    let mut found = Vec::new();
    for met in draft.view().walk::<ApiToken>(Span::all()) {
        found.extend(met?.row.ok().filter(|token| token.has_expired(before)));
        if found.len() == most {
            break;
        }
    }
    for token in &found {
        draft.delete(token)?;
    }
    Ok(found.len())
}

/// Returns the token.
pub fn get(view: &dyn View, id: TokenId) -> Result<Option<ApiToken>, Fault> {
    view.row(&id.bytes())
}

/// Returns the token that has this hash.
pub fn by_hash(view: &dyn View, hash: TokenHash) -> Result<Option<ApiToken>, Fault> {
    view.by(&BY_HASH, &hash.0)
}

/// Returns a user's tokens in the order they were made; a damaged row is passed over.
pub fn of(view: &dyn View, owner: UserId) -> Result<Vec<ApiToken>, Fault> {
    let mut found = Vec::new();
    for met in view.walk_by::<ApiToken>(&BY_USER, Span::of(&owner.bytes())) {
        found.extend(view.readable(met?.row, None)?);
    }
    Ok(found)
}
