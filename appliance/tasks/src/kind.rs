//! What a task is: its name, what its failure means, and what a shutdown does to it.

/// What happens when a task fails: panics, returns an error or, where it should run until the
/// shutdown, ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    /// It is logged, counted and named among the [fallen](crate::Figures::failed).
    Log,
    /// The process ends with the reason, so that its supervisor starts a whole one.
    EndProcess,
}

/// What a shutdown does to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnCancel {
    /// It is told by [`Tasks::stopping`](crate::Tasks::stopping), or by its owner, and waited for.
    Drain,
    /// It is dropped at its next await.
    Abort,
}

/// A kind of task; a constant beside the place that starts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskKind {
    /// Its name in logs and figures: room and deed, such as `fleet.watch`.
    pub name: &'static str,
    /// What its failure means.
    pub on_error: OnError,
    /// What a shutdown does to it.
    pub on_cancel: OnCancel,
}

impl TaskKind {
    /// A kind whose failure is logged and that a shutdown waits for.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, on_error: OnError::Log, on_cancel: OnCancel::Drain }
    }

    /// The same, but the process must not go on without it.
    #[must_use]
    pub const fn vital(self) -> Self {
        Self { on_error: OnError::EndProcess, ..self }
    }

    /// The same, but a shutdown does not wait for it.
    #[must_use]
    pub const fn aborted(self) -> Self {
        Self { on_cancel: OnCancel::Abort, ..self }
    }
}
