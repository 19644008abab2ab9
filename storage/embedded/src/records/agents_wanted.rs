//! Whether the operator wants an agent to run; kept so that it stays so across a restart.

use appliance_core::AgentName;

use crate::{
    draft::Draft,
    fault::Fault,
    records::{Refusal, codes::Code},
    rows::Rows,
    snapshot::Snapshot,
};

/// Key: agent's code, 1 byte. Value: whether it should run.
pub(crate) const WANTED: Rows<bool> = Rows::new("agents_wanted.v1");

/// Stores the wish.
pub(crate) fn put(
    draft: &mut Draft<'_, '_>,
    agent: AgentName,
    wanted: bool,
) -> Result<(), Refusal> {
    Ok(draft.put(&WANTED, &[agent.code()], &wanted)?)
}

/// Returns the wish; `true` when nobody has said.
pub(crate) fn get(snapshot: &Snapshot, agent: AgentName) -> Result<bool, Fault> {
    Ok(snapshot.get(&WANTED, &[agent.code()])?.unwrap_or(true))
}
