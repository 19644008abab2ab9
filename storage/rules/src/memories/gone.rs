//! What is left of a memory that was purged: a place in the change log, so that an index that was
//! away learns of it. Holds no text.

use appliance_core::{MemoryId, UserId};

use crate::{
    Entity,
    codes::UnknownCode,
    entity::{IdShape, Kind, trailing_seq},
};

/// Id: position in the change log, 8 bytes big endian.
pub static GONE: Kind = Kind { name: "memory_gone.v1", id: IdShape::Number, keys: &[] };

/// A memory that was purged.
#[derive(Debug)]
pub struct Gone {
    /// The position of its purging.
    pub position: u64,
    /// Which it was.
    pub id: MemoryId,
    /// Whose it was.
    pub owner: UserId,
}

impl Entity for Gone {
    type Frozen = ([u8; 16], [u8; 16]);
    const KIND: &'static Kind = &GONE;

    fn freeze(&self) -> ([u8; 16], [u8; 16]) {
        (self.id.bytes(), self.owner.bytes())
    }

    fn thaw(at: &[u8], (id, owner): ([u8; 16], [u8; 16])) -> Result<Self, UnknownCode> {
        let (id, owner) = (MemoryId::from_bytes(id), UserId::from_bytes(owner));
        Ok(Self { position: trailing_seq(at), id, owner })
    }

    fn id(&self) -> Vec<u8> {
        self.position.to_be_bytes().to_vec()
    }
}
