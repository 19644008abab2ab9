//! What keeps agents from people's things on this host, and what does not yet. Asks the kernel, not
//! the server: an agent locks itself by what the kernel has.

use agents::lock::{Lock, would_hold};

use super::Check;

/// Ways round the lock that only a sandbox will close.
const OPEN: &str = "not closed before the sandbox comes: tmux.sock (who reaches it types into every \
                    window), and other programs of the same user, which no lock holds";

/// Checks the lock.
pub fn check() -> Check {
    match would_hold() {
        Lock::Whole => {
            let held = "agents open no file, no TCP, no abstract socket and signal nobody";
            Check::ok("lock", format!("{held}; {OPEN}"))
        }
        Lock::Files => {
            let held = "agents open no file; signals and abstract sockets take Linux 6.12";
            Check::ok("lock", format!("{held}; {OPEN}"))
        }
        Lock::None => Check::warn(
            "lock",
            format!("no Landlock: people.key, data and settings are open to agents; {OPEN}"),
            "run a kernel from 5.13 on with landlock among its lsm= (`cat /sys/kernel/security/lsm`)",
        ),
    }
}
