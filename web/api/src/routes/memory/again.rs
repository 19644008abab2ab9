//! What held once and no longer does, taken in again: found among what is kept, so that an import which is
//! repeated adds nothing. What still holds is known by its form, which the records look after themselves.

use std::collections::HashMap;

use appliance_core::{Condition, ErrorKind, Memory, StoreError, UserId, ports::Changed};

use super::export;
use crate::{error::ApiError, parts::App};

/// Changes read at once.
const CHANGES: usize = 500;

/// Puts in the place of each memory that has ended the one that is kept already, if there is one, and
/// returns what has to be so still when they are written.
pub(super) async fn ended(
    app: &App,
    owner: UserId,
    memories: &mut [Memory],
) -> Result<Vec<Condition>, ApiError> {
    if memories.iter().all(|memory| memory.standing.valid_until.is_none()) {
        return Ok(Vec::new());
    }
    let kept = kept(app, owner).await?;
    let mut conditions = Vec::new();
    for memory in memories.iter_mut().filter(|memory| memory.standing.valid_until.is_some()) {
        let Some(twin) = kept.get(&said(memory)?) else { continue };
        memory.clone_from(twin);
        conditions.push(Condition::MemoryShown { id: twin.id, pinned: None });
    }
    Ok(conditions)
}

/// Returns everything of `owner` that holds no longer, by what it says.
async fn kept(app: &App, owner: UserId) -> Result<HashMap<String, Memory>, ApiError> {
    let memories = &app.parts.memories;
    let (mut kept, mut after) = (HashMap::new(), 0);
    loop {
        let changes = memories.since(after, CHANGES).await?;
        let Some(last) = changes.last() else { return Ok(kept) };
        after = last.position;
        for change in changes.into_iter().filter(|change| change.owner == owner) {
            let memory = match change.now {
                Changed::Live(memory) => Some(*memory),
                Changed::Archived => memories.get_sound(owner, change.id).await?,
                Changed::Gone | Changed::Damaged { .. } => None,
            };
            let ended = memory.filter(|memory| memory.standing.valid_until.is_some());
            if let Some(memory) = ended {
                kept.insert(said(&memory)?, memory);
            }
        }
    }
}

/// Returns all that an export says of a memory, but for whether it is pinned.
fn said(memory: &Memory) -> Result<String, StoreError> {
    let mut memory = memory.clone();
    memory.standing.pinned = false;
    serde_json::to_string(&export::line(memory))
        .map_err(|error| StoreError::new(ErrorKind::Invalid, "memories.said", error))
}
