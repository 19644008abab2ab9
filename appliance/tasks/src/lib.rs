//! The one home of everything that runs beside its caller: tasks, blocking work, threads.
//!
//! A library takes a [`Tasks`] in its constructor and starts what it starts there; nothing else in
//! the workspace spawns (`clippy.toml`). Three doors:
//!
//! - [`Tasks::spawn`] for a future;
//! - [`Tasks::blocking`] for work that waits for a disk or keeps a core busy, on threads of its own,
//!   never on the async workers;
//! - [`Tasks::thread`] for a thread that lives as long as its owner.
//!
//! To add one, name it where it is started: `const KEEP: TaskKind = TaskKind::new("memory.keep");`
//! and say what its failure and the shutdown mean for it. [`Panics`] catches those of libraries.
//! Decides no order of stopping: the lifecycle does. Knows no part of the product.

mod failure;
mod home;
mod kind;
mod panics;
mod pool;
mod roll;

pub use failure::{Failed, Lost, Outcome};
pub use home::{AbortOnDrop, Task, Tasks, Thread};
pub use kind::{OnCancel, OnError, TaskKind};
pub use panics::Panics;
pub use roll::{Figures, Jobs};
