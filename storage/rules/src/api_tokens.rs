//! Tokens for programs. One is found by its id, by the hash of its secret, or among its user's, where
//! its name is its own. Revoking takes the row away; the audit trail says that it was.

use appliance_core::{
    ApiToken, Conflict, Thing, Timestamp, TokenHash, TokenId, TokenScope, UserId,
};
use serde::{Deserialize, Serialize};

use crate::{
    Draft, Entity, Fault, Refusal,
    codes::{Code as _, UnknownCode},
    entity::{IdShape, Key, Keyed, Kind, Rule},
    fault::{conflict, invalid},
    users,
    view::{Read as _, Span, View},
};

/// Most tokens that one user may have.
pub const MOST: usize = 100;

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

/// Makes a token.
pub fn put(draft: &mut Draft<'_>, token: &ApiToken) -> Result<(), Refusal> {
    let (id, user) = (token.id.bytes(), token.user_id.bytes());
    draft.counters.note(id);
    users::require(draft, token.user_id)?;
    if draft.has::<ApiToken>(&id)?
        || draft.view().find(&TOKENS, &BY_HASH, &token.token_hash.0)?.is_some()
    {
        return Err(conflict(Conflict::Exists(Thing::Token(token.id))));
    }
    let name = [&user[..], token.name.as_bytes()].concat();
    if draft.view().find(&TOKENS, &BY_NAME, &name)?.is_some() {
        return Err(conflict(Conflict::Exists(Thing::TokenName)));
    }
    if of(draft.view(), token.user_id)?.len() >= MOST {
        return Err(invalid(format!("a user has at most {MOST} tokens; revoke one first")));
    }
    Ok(draft.replace(None, token)?)
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
