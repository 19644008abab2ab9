//! `ai-infra`: one binary for the server, its agents and its command line.
//!
//! Does the few things that must happen before any thread exists, then hands over to [`cli`].
//! Holds no logic of its own.

mod cli;
mod clock;
mod compose;
mod doctor;
mod exit;
mod lifecycle;
mod notify;
mod telemetry;
mod typed;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    keep_memory_in_small_pages();
    keep_name_lookup_inside_the_binary();
    // One TLS provider for the whole process; a second call would only say it is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    cli::main()
}

/// Has the kernel hand memory out by 4 KiB: in pages of 2 MiB the allocator's half-used ones hold some
/// 20 MB at rest. A kernel that cannot is no reason to stop.
#[cfg(target_os = "linux")]
fn keep_memory_in_small_pages() {
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

#[cfg(not(target_os = "linux"))]
fn keep_memory_in_small_pages() {}

/// Keeps glibc from loading name-service modules, which crash a static binary.
///
/// The C library would `dlopen` whatever /etc/nsswitch.conf names (nss_myhostname among them);
/// files and DNS are built in, so these two answer every lookup.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "documented libc call, made before any thread exists")]
fn keep_name_lookup_inside_the_binary() {
    unsafe extern "C" {
        fn __nss_configure_lookup(
            database: *const libc::c_char,
            services: *const libc::c_char,
        ) -> libc::c_int;
    }
    // SAFETY: both arguments are NUL-terminated constants and no other thread runs yet.
    unsafe {
        __nss_configure_lookup(c"hosts".as_ptr(), c"files dns".as_ptr());
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn keep_name_lookup_inside_the_binary() {}
