//! Disks that fail and disks that are full, for a real server: strace and a small tmpfs.
//!
//! Both need programs (and the tmpfs root) that a machine may lack: then there is `None`, and the test
//! says so by [`crate::skip`]. Nothing is mounted where anybody else sees it.

use std::{
    fs::{self, File},
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Child,
    time::Duration,
};

use anyhow::Context as _;

use crate::{Home, Program, Server, strace::Strace, wait};

/// How long a mount may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// One system call of a running server that fails with EIO.
#[derive(Debug)]
pub struct Fault(Strace);

impl Fault {
    /// Has the `nth` `call` on the server's `state.redb` fail with EIO from now on, once a thread;
    /// `None` without strace.
    ///
    /// # Errors
    /// When strace does not get hold of the server.
    pub async fn of(server: &Server, call: &str, nth: u32) -> anyhow::Result<Option<Self>> {
        let file = server.home().data().join("state.redb").display().to_string();
        let traced = format!("trace={call}");
        let injected = format!("inject={call}:error=EIO:when={nth}");
        let arguments = ["-P", &file, "-e", &traced, "-e", &injected];
        Ok(Strace::attach(server, &format!("{call}-{nth}"), &arguments).await?.map(Self))
    }

    /// Tells whether the call has failed.
    #[must_use]
    pub fn has_come(&self) -> bool {
        self.0.seen().contains("INJECTED")
    }
}

/// A small disk of its own for the data directory of a home, which only its server sees.
#[derive(Debug)]
pub struct SmallDisk {
    /// Keeps the mount as long as it lives.
    keeper: Child,
    data: PathBuf,
    binary: PathBuf,
}

impl SmallDisk {
    /// Mounts one of `mebibytes` for `home`; `None` without root, unshare or nsenter.
    ///
    /// # Errors
    /// When mounting fails.
    pub async fn mount(home: &Home, binary: &str, mebibytes: u32) -> anyhow::Result<Option<Self>> {
        let (unshare, nsenter) = (Path::new("/usr/bin/unshare"), Path::new("/usr/bin/nsenter"));
        if !rustix::process::geteuid().is_root() || !unshare.exists() || !nsenter.exists() {
            return Ok(None);
        }
        let data = home.data();
        fs::create_dir(&data)?;
        let options = format!("size={mebibytes}m,mode=0700");
        let mount =
            format!("mount -t tmpfs -o {options} none '{}' && exec sleep 600", data.display());
        let mut command = Program::bare(unshare)
            .environment(home.environment())
            .arguments(["--mount", "--propagation", "private", "/bin/sh", "-c", &mount])
            .command();
        let keeper = command.kill_on_drop(false).as_std_mut().spawn().context("while mounting")?;
        let inside = PathBuf::from(format!("/proc/{}/root", keeper.id()));
        let wrapper = home.root().join("inside");
        let enter =
            format!("exec {} --mount --target {} {binary} \"$@\"", nsenter.display(), keeper.id());
        fs::write(&wrapper, format!("#!/bin/sh\n{enter}\n"))?;
        fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755))?;
        let data = inside.join(data.strip_prefix("/")?);
        let disk = Self { keeper, data, binary: wrapper };
        let is_small = async || {
            let found = rustix::fs::statvfs(&disk.data)?;
            Ok((found.f_blocks * found.f_frsize <= u64::from(mebibytes) << 20).then_some(()))
        };
        wait::until("the small disk", PATIENCE, is_small).await?;
        Ok(Some(disk))
    }

    /// Returns what to start instead of the binary, so that it sees the disk.
    #[must_use]
    pub fn binary(&self) -> &Path {
        &self.binary
    }

    /// Takes all the room there is.
    ///
    /// # Errors
    /// When that fails in another way than by having taken it all.
    pub fn fill(&self) -> anyhow::Result<()> {
        let mut filler = File::create(self.data.join("filler"))?;
        loop {
            match filler.write_all(&[7; 4096]) {
                Err(error) if error.kind() == std::io::ErrorKind::StorageFull => return Ok(()),
                done => done?,
            }
        }
    }

    /// Gives the room back.
    ///
    /// # Errors
    /// When it was not taken.
    pub fn clear(&self) -> anyhow::Result<()> {
        Ok(fs::remove_file(self.data.join("filler"))?)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _killed = self.keeper.kill();
        let _reaped = self.keeper.wait();
    }
}
