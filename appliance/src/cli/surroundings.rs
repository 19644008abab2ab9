//! The environment: taken once, and for `serve` taken away from the process as well.
//!
//! What a process is started with can be read in `/proc` by everybody who runs as the same user; so
//! the server keeps only names that hold no secret, and overwrites the rest where the kernel shows
//! it. Must run before there is another thread.

use std::{
    ffi::{CStr, OsStr},
    os::unix::ffi::OsStrExt as _,
};

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

/// What libraries read while the server runs; every other variable is taken away.
const KEPT: [&str; 26] = [
    "ALL_PROXY",
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "LANG",
    "LC_ALL",
    "LOGNAME",
    "NOTIFY_SOCKET",
    "NO_PROXY",
    "PATH",
    "PWD",
    "RUST_BACKTRACE",
    "SHELL",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TERM",
    "TMPDIR",
    "TZ",
    "USER",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
    "XDG_RUNTIME_DIR",
    "http_proxy",
    "https_proxy",
];

/// Returns the environment. Names and values need not be UTF-8; what is not is shown with marks and
/// refused later.
pub fn taken() -> Vec<(String, String)> {
    std::env::vars_os().map(|(name, value)| (lossy(&name), lossy(&value))).collect()
}

/// Takes from the process every variable that is not known to hold no secret, and shuts its memory:
/// no process of the same user may read it, and no core of it is written.
///
/// # Errors
/// When the kernel does not shut it; the variables are gone then all the same.
pub fn leave_behind() -> std::io::Result<()> {
    forget();
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

fn is_kept(name: &OsStr) -> bool {
    KEPT.iter().any(|kept| name == *kept)
}

fn lossy(text: &OsStr) -> String {
    text.to_string_lossy().into_owned()
}

/// Unsets what is not kept and overwrites the texts, which `/proc/self/environ` shows.
#[expect(
    unsafe_code,
    reason = "no other thread runs yet, so nobody reads the environment meanwhile"
)]
fn forget() {
    unsafe extern "C" {
        static mut environ: *mut *mut libc::c_char;
    }
    // SAFETY: `environ` is null or an array of pointers that ends with null, each to a text that ends
    // with NUL in memory of this process that may be written (the kernel put it on the first stack).
    // Nothing has set a variable since the start, so nobody else owns one of the texts; each is
    // overwritten within its own length, and only entries that have been read are written over.
    unsafe {
        let (mut from, mut to) = (environ, environ);
        while !from.is_null() && !(*from).is_null() {
            let length = CStr::from_ptr(*from).count_bytes();
            if is_kept(name_of(CStr::from_ptr(*from).to_bytes())) {
                *to = *from;
                to = to.add(1);
            } else {
                std::ptr::write_bytes(*from, 0, length);
            }
            from = from.add(1);
        }
        if !to.is_null() {
            *to = std::ptr::null_mut();
        }
    }
}

fn name_of(entry: &[u8]) -> &OsStr {
    let end = entry.iter().position(|byte| *byte == b'=').unwrap_or(entry.len());
    OsStr::from_bytes(&entry[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_not_kept() {
        let secrets = appliance_config::keys().filter(|key| key.secret);
        for key in secrets {
            assert!(!is_kept(OsStr::new(&key.variable())), "{}", key.name);
            assert!(key.aliases.iter().all(|name| !is_kept(OsStr::new(name))), "{}", key.name);
        }
        assert!(KEPT.is_sorted() && is_kept(name_of(b"PATH=/bin")) && !is_kept(name_of(b"")));
    }
}
