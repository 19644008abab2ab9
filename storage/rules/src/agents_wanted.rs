//! Whether the operator wants an agent to run; kept so that it stays so across a restart.

use appliance_core::AgentName;

use crate::{
    Draft, Entity, Fault, Refusal,
    codes::{Code, UnknownCode},
    entity::{IdShape, Kind},
    view::{Read as _, View},
};

/// Id: agent's code, 1 byte.
pub static WANTED: Kind = Kind { name: "agents_wanted.v1", id: IdShape::Bytes, keys: &[] };

/// What the operator wants of an agent.
#[derive(Debug)]
struct Wanted {
    agent: AgentName,
    wanted: bool,
}

impl Entity for Wanted {
    type Frozen = bool;
    const KIND: &'static Kind = &WANTED;

    fn freeze(&self) -> bool {
        self.wanted
    }

    fn thaw(id: &[u8], wanted: bool) -> Result<Self, UnknownCode> {
        let code = id.first().copied().unwrap_or(u8::MAX);
        Ok(Self { agent: AgentName::from_code(code)?, wanted })
    }

    fn id(&self) -> Vec<u8> {
        vec![self.agent.code()]
    }
}

/// Stores the wish.
pub fn put(draft: &mut Draft<'_>, agent: AgentName, wanted: bool) -> Result<(), Refusal> {
    Ok(draft.put(&Wanted { agent, wanted })?)
}

/// Returns the wish; `true` when nobody has said.
pub fn get(view: &dyn View, agent: AgentName) -> Result<bool, Fault> {
    Ok(view.row::<Wanted>(&[agent.code()])?.is_none_or(|row| row.wanted))
}
