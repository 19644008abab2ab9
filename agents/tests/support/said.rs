//! What a worker says of its turns to the desk, as the tests have it said. Says nothing itself.

use appliance_core::{
    AgentName,
    desk::{Delegate, Fail, Lease, Work},
};

/// Hands the work on to `worker`.
pub fn delegate(work: &Work, worker: AgentName) -> Delegate {
    let (lease, input) = (work.lease.clone(), work.task.input.clone());
    Delegate { lease, worker, input, reason: "fits".to_owned() }
}

/// Says that a try has failed, with nothing written.
pub fn fail(lease: &Lease, retry: bool) -> Fail {
    Fail {
        lease: lease.clone(),
        error: "The model is away. Try again.".to_owned(),
        retry,
        hold: None,
        begun: None,
    }
}
