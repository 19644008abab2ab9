//! Logins. A session is found by its id or by the hash of its token, and is never taken away.

use appliance_core::{Conflict, Session, SessionId, Thing, Timestamp, TokenHash, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    draft::Draft,
    fault::Fault,
    records::{Refusal, codes::UnknownCode, conflict, users},
    rows::{Record, Rows},
    snapshot::Snapshot,
};

/// Key: session id, 16 bytes. Value: [`SessionV1`].
pub(crate) const SESSIONS: Rows<Session> = Rows::new("sessions.v1");

/// Key: SHA-256 of the token, 32 bytes. Value: session id.
pub(crate) const BY_TOKEN: Rows<[u8; 16]> = Rows::new("sessions_by_token.v1");

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub(crate) struct SessionV1 {
    id: [u8; 16],
    user_id: [u8; 16],
    token_hash: [u8; 32],
    ip_address: Option<String>,
    user_agent: Option<String>,
    created_at: i64,
    expires_at: i64,
    revoked_at: Option<i64>,
}

impl Record for Session {
    type Frozen = SessionV1;

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

    fn thaw(frozen: SessionV1) -> Result<Self, UnknownCode> {
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
}

/// Makes a login.
pub(crate) fn put(draft: &mut Draft<'_, '_>, session: &Session) -> Result<(), Refusal> {
    let id = session.id.bytes();
    draft.counters.note(id);
    users::require(draft, session.user_id)?;
    if draft.has(&SESSIONS, &id)? {
        return Err(conflict(Conflict::Exists(Thing::Session(session.id))));
    }
    if draft.has(&BY_TOKEN, &session.token_hash.0)? {
        return Err(conflict(Conflict::Exists(Thing::SessionToken)));
    }
    draft.put(&BY_TOKEN, &session.token_hash.0, &id)?;
    Ok(draft.put(&SESSIONS, &id, session)?)
}

/// Ends a login; the first end counts, and ending none is fine.
pub(crate) fn revoke(
    draft: &mut Draft<'_, '_>,
    id: SessionId,
    at: Timestamp,
) -> Result<(), Refusal> {
    let Some(mut session) = draft.get(&SESSIONS, &id.bytes())? else { return Ok(()) };
    if session.revoked_at.is_some() {
        return Ok(());
    }
    session.revoked_at = Some(at);
    Ok(draft.put(&SESSIONS, &id.bytes(), &session)?)
}

/// Returns the session.
pub(crate) fn get(snapshot: &Snapshot, id: SessionId) -> Result<Option<Session>, Fault> {
    snapshot.get(&SESSIONS, &id.bytes())
}

/// Returns the session whose token has this hash.
pub(crate) fn by_token(snapshot: &Snapshot, hash: TokenHash) -> Result<Option<Session>, Fault> {
    let Some(id) = snapshot.get(&BY_TOKEN, &hash.0)? else { return Ok(None) };
    snapshot.follow(&SESSIONS, &id, BY_TOKEN.name).map(Some)
}
