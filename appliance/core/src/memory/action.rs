//! What a person does to their memories, noted so that it can be undone. Applies nothing.

use serde::{Deserialize, Serialize};

use crate::{ActionId, Memory, MemoryId, TaskId, Timestamp, UserId};

/// One deed, applied and noted in one batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryAction {
    /// Identity; what `undo` names.
    pub id: ActionId,
    /// Whose memories; another owner's are a conflict.
    pub owner: UserId,
    /// What is done.
    pub deed: Deed,
    /// When.
    pub at: Timestamp,
    /// When it was undone, if it was.
    pub undone_at: Option<Timestamp>,
    /// The task it was done in, if an agent did it.
    pub task_id: Option<TaskId>,
}

/// What can be done to a memory and undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Shows them to nobody any more. Undone: shows them again.
    Forget {
        /// Which; those that are forgotten already stay so.
        ids: Vec<MemoryId>,
    },
    /// Ends what `old` holds and puts `new` in its place. Undone: `old` holds again, `new` is
    /// forgotten.
    Correct {
        /// What is wrong, or is no longer so.
        old: MemoryId,
        /// What is so.
        new: Box<Memory>,
    },
    /// Keeps it out of eviction and archive, or no longer. Undone: as it was.
    Pin {
        /// Which.
        id: MemoryId,
        /// Whether to keep it.
        pinned: bool,
    },
}
