//! The one way to end without a drain: says why, takes down what would outlive the process, ends it.
//!
//! For a store that must not go on, a vital task that failed, and a person who asks a second time.
//! What was acknowledged is on disk, as after a power cut; what agents had in hand is delivered
//! again. Decides nothing: who calls it has.

use std::sync::{Arc, OnceLock};

use agents::fleet;
use appliance_config::paths::RuntimeDir;

use super::{announce, doorkeeper::Left};
use crate::{exit, notify};

/// Knows what has to go; clones are one.
#[derive(Debug, Clone)]
pub struct Fatal {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    runtime: RuntimeDir,
    left: Left,
    fleet: OnceLock<Arc<fleet::Service>>,
}

impl Fatal {
    /// Knows the runtime directory, and whom to tell that it is left.
    pub fn new(runtime: RuntimeDir, left: Left) -> Self {
        Self { inner: Arc::new(Inner { runtime, left, fleet: OnceLock::new() }) }
    }

    /// Takes the fleet along from now on; the first time counts.
    pub fn takes(&self, fleet: Arc<fleet::Service>) {
        let _ = self.inner.fleet.set(fleet);
    }

    /// Ends the process with `code`, having said why and what to do about it, if there is anything.
    /// May be called from any thread; takes about a second at most.
    pub fn end(&self, code: u8, why: &str, hint: &str) -> ! {
        tracing::error!(event = "fatal", code, %why, "ending at once");
        eprintln!("error: {why}");
        if !hint.is_empty() {
            eprintln!("  hint: {hint}");
        }
        notify::failed(why);
        self.inner.left.set();
        if let Some(fleet) = self.inner.fleet.get() {
            fleet.kill_now();
        }
        announce::gone(&self.inner.runtime);
        exit::at_once(code)
    }
}
