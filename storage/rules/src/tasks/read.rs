//! Reading tasks: one, a filtered page, the parts of one. Changes none.

use std::time::Duration;

use appliance_core::{Page, PageRequest, Task, TaskId, Timestamp, UserId, ports::TaskFilter};

use super::{BY_OWNER, BY_PARENT, row::TaskRow};
use crate::{
    Fault,
    view::{Read as _, Span, View},
    walk,
};

/// Most children that one question returns.
const MAX_CHILDREN: usize = 100;

/// Returns the task; without a text whose message cannot be read, which is named: a task must be able
/// to end all the same.
///
/// # Errors
/// A damaged row, or the adapter's failure; so for all functions here.
pub fn get(view: &dyn View, id: TaskId) -> Result<Option<Task>, Fault> {
    view.row::<TaskRow>(&id.bytes())?.map(|row| row.readable(view)).transpose()
}

/// Tells whether there is such a task and it has not ended.
pub fn is_open(view: &dyn View, id: TaskId) -> Result<bool, Fault> {
    let row = view.row::<TaskRow>(&id.bytes())?;
    Ok(row.is_some_and(|row| !row.task.status.is_final()))
}

/// Returns how long the next try of a task is still put off; `None` when it is not, has ended, or
/// cannot be read.
///
/// # Errors
/// The adapter's failure.
pub fn wait_left(view: &dyn View, id: TaskId, now: Timestamp) -> Result<Option<Duration>, Fault> {
    let row = view.readable(view.row::<TaskRow>(&id.bytes()), None)?.flatten();
    let open = row.filter(|row| !row.task.status.is_final());
    Ok(open.and_then(|row| row.task.wait?.left(now)))
}

/// Returns tasks of `owner`, newest first.
pub fn list(
    view: &dyn View,
    owner: UserId,
    filter: TaskFilter,
    page: PageRequest,
) -> Result<Page<Task>, Fault> {
    let walk = view.walk_by::<TaskRow>(&BY_OWNER, Span::newest(&owner.bytes(), page.after));
    walk::page(walk, page, |row| {
        let fits = filter.status.is_none_or(|status| status == row.task.status)
            && filter.agent.is_none_or(|agent| agent == row.task.assigned_agent);
        if fits { view.readable(row.whole(view), None) } else { Ok(None) }
    })
}

/// Returns the children of a task, oldest first.
pub fn children(view: &dyn View, parent: TaskId) -> Result<Vec<Task>, Fault> {
    let mut found = Vec::new();
    let rows = view.walk_by::<TaskRow>(&BY_PARENT, Span::of(&parent.bytes()));
    for row in walk::readable(rows).take(MAX_CHILDREN) {
        found.extend(view.readable(row?.whole(view), None)?);
    }
    Ok(found)
}
