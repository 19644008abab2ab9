//! Logins. A session is found by its id or by the hash of its token, and is never taken away.

use appliance_core::{Conflict, Session, SessionId, Thing, Timestamp, TokenHash, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    Draft, Entity, Fault, Refusal,
    codes::UnknownCode,
    entity::{IdShape, Key, Keyed, Kind, Rule},
    fault::conflict,
    users,
    view::{Read as _, Span, View},
};

/// Id: session id.
pub static SESSIONS: Kind = Kind { name: "sessions.v1", id: IdShape::Uuid, keys: &[&BY_TOKEN] };

/// Place: SHA-256 of the token, 32 bytes.
pub static BY_TOKEN: Key = Key::new("sessions_by_token.v1", Rule::Unique);

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub struct SessionV1 {
    id: [u8; 16],
    user_id: [u8; 16],
    token_hash: [u8; 32],
    ip_address: Option<String>,
    user_agent: Option<String>,
    created_at: i64,
    expires_at: i64,
    revoked_at: Option<i64>,
}

impl Entity for Session {
    type Frozen = SessionV1;
    const KIND: &'static Kind = &SESSIONS;

    fn freeze(&self) -> SessionV1 {
        SessionV1 {
            id: self.id.bytes(),
            user_id: self.user_id.bytes(),
            token_hash: self.token_hash.0,
            ip_address: self.ip_address.clone(),
            user_agent: self.user_agent.clone(),
            created_at: self.created_at.unix_micros(),
            expires_at: self.expires_at.unix_micros(),
            revoked_at: self.revoked_at.map(Timestamp::unix_micros),
        }
    }

    fn thaw(_id: &[u8], frozen: SessionV1) -> Result<Self, UnknownCode> {
        Ok(Self {
            id: SessionId::from_bytes(frozen.id),
            user_id: UserId::from_bytes(frozen.user_id),
            token_hash: TokenHash(frozen.token_hash),
            ip_address: frozen.ip_address,
            user_agent: frozen.user_agent,
            created_at: Timestamp::from_unix_micros(frozen.created_at),
            expires_at: Timestamp::from_unix_micros(frozen.expires_at),
            revoked_at: frozen.revoked_at.map(Timestamp::from_unix_micros),
        })
    }

    fn id(&self) -> Vec<u8> {
        self.id.bytes().to_vec()
    }

    fn keys(&self) -> Vec<Keyed> {
        vec![BY_TOKEN.at(&[&self.token_hash.0])]
    }
}

/// Makes a login.
pub fn put(draft: &mut Draft<'_>, session: &Session) -> Result<(), Refusal> {
    let id = session.id.bytes();
    draft.counters.note(id);
    users::require(draft, session.user_id)?;
    if draft.has::<Session>(&id)? {
        return Err(conflict(Conflict::Exists(Thing::Session(session.id))));
    }
    if draft.view().find(&SESSIONS, &BY_TOKEN, &session.token_hash.0)?.is_some() {
        return Err(conflict(Conflict::Exists(Thing::SessionToken)));
    }
    Ok(draft.replace(None, session)?)
}

/// Ends a login; the first end counts, and ending none is fine.
pub fn revoke(draft: &mut Draft<'_>, id: SessionId, at: Timestamp) -> Result<(), Refusal> {
    let Some(session) = draft.get::<Session>(&id.bytes())? else { return Ok(()) };
    if session.revoked_at.is_some() {
        return Ok(());
    }
    let ended = Session { revoked_at: Some(at), ..session.clone() };
    Ok(draft.replace(Some(&session), &ended)?)
}

/// Takes away up to `most` logins that ended, or would have, before `before`; returns how many went.
///
/// # Errors
/// The adapter's failure; a damaged row is passed over.
pub fn sweep(draft: &mut Draft<'_>, before: Timestamp, most: usize) -> Result<usize, Fault> {
    let ended = |session: &Session| session.revoked_at.unwrap_or(session.expires_at) < before;
    let mut found = Vec::new();
    for met in draft.view().walk::<Session>(Span::all()) {
        found.extend(met?.row.ok().filter(ended));
        if found.len() == most {
            break;
        }
    }
    for session in &found {
        draft.delete(session)?;
    }
    Ok(found.len())
}

/// Returns the session.
pub fn get(view: &dyn View, id: SessionId) -> Result<Option<Session>, Fault> {
    view.row(&id.bytes())
}

/// Returns the session whose token has this hash.
pub fn by_token(view: &dyn View, hash: TokenHash) -> Result<Option<Session>, Fault> {
    view.by(&BY_TOKEN, &hash.0)
}
