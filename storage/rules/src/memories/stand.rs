//! How a memory stands, as it is stored: a row that changes while the memory's own does not.
//!
//! Holds the owner, the agent and the tier too, so that walks and counts never read a text.

use appliance_core::{AgentName, MemoryId, MemoryTier, Standing, Timestamp, UserId, Utility};
use serde::{Deserialize, Serialize};

use super::{BY_POSITION, BY_SHELF, STANDING, counts, shelf::Shelf};
use crate::{
    Entity, Fault,
    codec::{self, Place},
    codes::{Code, UnknownCode, optional},
    entity::{Keyed, Kind},
};

/// How far people's signals may add up, either way.
pub(crate) const MOST_FEEDBACK: i32 = 10_000;

/// How one memory stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    /// Which memory.
    pub id: MemoryId,
    /// Whose it is.
    pub owner: UserId,
    /// The agent that said or stored it.
    pub agent: Option<AgentName>,
    /// The tier it lives in.
    pub tier: MemoryTier,
    /// Its place in the order of arrival; 0 in a row of version 1, which does not say.
    pub seq: u64,
    /// The position of its last change.
    pub position: u64,
    /// The position of the last change of what is indexed as its text: when it was made, brought
    /// back or replaced.
    pub text_at: u64,
    /// What changes over its life.
    pub standing: Standing,
}

impl Stand {
    /// Returns where it is counted and walked.
    pub(crate) fn shelf(&self) -> Shelf {
        if self.is_forgotten() { Shelf::Forgotten } else { Shelf::Tier(self.tier, self.agent) }
    }

    /// Tells whether its owner asked to forget it.
    pub const fn is_forgotten(&self) -> bool {
        self.standing.forgotten_at.is_some()
    }

    /// Tells whether it is shown and holds, so that saying the same again repeats it.
    pub const fn is_current(&self) -> bool {
        !self.is_forgotten() && self.standing.valid_until.is_none()
    }
}

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub struct StandV1 {
    owner: [u8; 16],
    agent: Option<u8>,
    tier: u8,
    position: u64,
    utility: u16,
    repeats: u32,
    accesses: u32,
    last_access: Option<i64>,
    last_rank: u32,
    feedback: i32,
    pinned: bool,
    tier_since: i64,
    valid_from: i64,
    valid_until: Option<i64>,
    superseded_by: Option<[u8; 16]>,
    forgotten_at: Option<i64>,
}

/// The frozen form, version 2: the place in the order of arrival, and where the text changed.
#[derive(Serialize, Deserialize)]
pub struct StandV2 {
    before: StandV1,
    seq: u64,
    text_at: u64,
}

impl Entity for Stand {
    type Frozen = StandV2;
    const KIND: &'static Kind = &STANDING;
    const VERSION: u8 = 2;

    fn freeze(&self) -> StandV2 {
        let standing = &self.standing;
        let before = StandV1 {
            owner: self.owner.bytes(),
            agent: self.agent.map(Code::code),
            tier: self.tier.code(),
            position: self.position,
            utility: standing.utility.ten_thousandths(),
            repeats: standing.repeats,
            accesses: standing.accesses,
            last_access: standing.last_access.map(Timestamp::unix_micros),
            last_rank: standing.last_rank,
            feedback: standing.feedback,
            pinned: standing.pinned,
            tier_since: standing.tier_since.unix_micros(),
            valid_from: standing.valid_from.unix_micros(),
            valid_until: standing.valid_until.map(Timestamp::unix_micros),
            superseded_by: standing.superseded_by.map(|id| id.bytes()),
            forgotten_at: standing.forgotten_at.map(Timestamp::unix_micros),
        };
        StandV2 { before, seq: self.seq, text_at: self.text_at }
    }

    fn thaw(id: &[u8], frozen: StandV2) -> Result<Self, UnknownCode> {
        let StandV2 { before: frozen, seq, text_at } = frozen;
        let mut of = [0; 16];
        if id.len() == of.len() {
            of.copy_from_slice(id);
        }
        let standing = Standing {
            utility: Utility::from_ten_thousandths(frozen.utility),
            repeats: frozen.repeats,
            accesses: frozen.accesses,
            last_access: frozen.last_access.map(Timestamp::from_unix_micros),
            last_rank: frozen.last_rank,
            feedback: frozen.feedback.clamp(-MOST_FEEDBACK, MOST_FEEDBACK),
            pinned: frozen.pinned,
            tier_since: Timestamp::from_unix_micros(frozen.tier_since),
            valid_from: Timestamp::from_unix_micros(frozen.valid_from),
            valid_until: frozen.valid_until.map(Timestamp::from_unix_micros),
            superseded_by: frozen.superseded_by.map(MemoryId::from_bytes),
            forgotten_at: frozen.forgotten_at.map(Timestamp::from_unix_micros),
        };
        Ok(Self {
            id: MemoryId::from_bytes(of),
            owner: UserId::from_bytes(frozen.owner),
            agent: optional(frozen.agent)?,
            tier: MemoryTier::from_code(frozen.tier)?,
            seq,
            position: frozen.position,
            text_at,
            standing,
        })
    }

    /// A row of version 1 does not say when its text changed: at its last change, then, so that
    /// whoever is behind reads it.
    fn thaw_older(place: Place<'_>, sealed: &[u8]) -> Option<Result<Self, Fault>> {
        let read = || {
            let before = codec::open::<StandV1>(place, 1, sealed)?;
            let text_at = before.position;
            Ok(Self::thaw(place.key, StandV2 { before, seq: 0, text_at })?)
        };
        (sealed.first() == Some(&1)).then(read)
    }

    fn id(&self) -> Vec<u8> {
        self.id.bytes().to_vec()
    }

    fn keys(&self) -> Vec<Keyed> {
        let shelf = self.shelf();
        let [all, owners] = counts::on(self.owner, shelf);
        vec![
            BY_POSITION.at(&[&self.position.to_be_bytes()]),
            BY_SHELF.at(&[&[shelf.code()], &self.seq.to_be_bytes()]),
            all,
            owners,
        ]
    }
}
