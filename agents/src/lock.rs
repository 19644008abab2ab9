//! The lock that an agent's process puts on itself before it says hello, and so on all that it starts.
//!
//! By Landlock: no file can be opened, made, removed or run, so neither the people's key nor the
//! data nor a configuration can be read; no TCP connection be made, no abstract socket be reached,
//! nobody else be signalled. What was open before stays open, such as the window. Each kernel gives
//! what it has (files since Linux 5.13, TCP since 6.7, signals and abstract sockets since 6.12).
//!
//! Not closed by it: sockets with a path (`agent.sock` has to be reached; `tmux.sock` can be).

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
    RulesetError, RulesetStatus, Scope,
};

/// How far the lock holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// Files, TCP, signals and abstract sockets.
    Whole,
    /// Files, and of the rest what the kernel has.
    Files,
    /// Nothing: the kernel has no Landlock, or it is turned off.
    None,
}

/// The kernel interface that has all we ask for; a later one adds rights that would close
/// `agent.sock` too.
const WHOLE: ABI = ABI::V6;

/// Locks this thread and what it starts from now on. Call it before there is another thread.
///
/// # Errors
/// When the kernel refuses what it says it can.
pub fn lock() -> Result<Lock, RulesetError> {
    let done = Ruleset::default()
        .handle_access(AccessFs::from_all(WHOLE))?
        .handle_access(AccessNet::from_all(WHOLE))?
        .scope(Scope::from_all(WHOLE))?
        .create()?
        .restrict_self()?;
    Ok(match done.ruleset {
        RulesetStatus::FullyEnforced => Lock::Whole,
        RulesetStatus::PartiallyEnforced => Lock::Files,
        RulesetStatus::NotEnforced => Lock::None,
    })
}

/// Tells how far the lock would hold on this kernel. Locks nothing.
#[must_use]
pub fn would_hold() -> Lock {
    let all = needs(|rules| {
        rules.handle_access(AccessFs::from_all(WHOLE))?.scope(Scope::from_all(WHOLE))
    });
    let files = || needs(|rules| rules.handle_access(AccessFs::from_all(ABI::V1)));
    match all {
        true => Lock::Whole,
        false if files() => Lock::Files,
        false => Lock::None,
    }
}

fn needs(ask: impl FnOnce(Ruleset) -> Result<Ruleset, RulesetError>) -> bool {
    let strict = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    ask(strict).and_then(Ruleset::create).is_ok()
}
