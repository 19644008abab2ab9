//! What the host gives us: a data directory, space on its disk, a place for sockets, tmux.

use std::path::Path;

use agents::spawn;
use appliance_config::{Settings, paths::RuntimeDir};
use rustix::fs::{Access, access, statvfs};

use super::Check;

/// Below this the store refuses writes.
const FULL: u64 = 64 * 1024 * 1024;

/// Below this somebody should look.
const LOW: u64 = 1024 * 1024 * 1024;

/// Checks the host.
pub async fn checks(settings: &Settings, dir: &Path) -> Vec<Check> {
    vec![data_dir(dir), disk(dir), sockets(settings, dir), tmux().await]
}

fn data_dir(dir: &Path) -> Check {
    let said = dir.display();
    if !dir.exists() {
        return Check::ok("data", format!("{said} is not there yet; `ai-infra serve` makes it"));
    }
    if !dir.is_dir() {
        return Check::fail("data", format!("{said} is no directory"), "name another: --data DIR");
    }
    match access(dir, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => Check::ok("data", said.to_string()),
        Err(error) => Check::fail(
            "data",
            format!("{said} cannot be written: {error}"),
            "run this as the user that the server runs as, or name another: --data DIR",
        ),
    }
}

fn disk(dir: &Path) -> Check {
    // The directory may not be there yet; the disk is the one of its nearest ancestor.
    let Some(there) = dir.ancestors().find(|place| place.exists()) else {
        return Check::warn("disk", "cannot be found", "name another directory: --data DIR");
    };
    let free = match statvfs(there) {
        Ok(found) => found.f_bavail.saturating_mul(found.f_frsize),
        Err(error) => return Check::warn("disk", format!("cannot be asked: {error}"), ""),
    };
    let said = format!("{} MiB free under {}", free / (1024 * 1024), there.display());
    match free {
        0..FULL => Check::fail("disk", said, "free space: below 64 MiB nothing is written"),
        FULL..LOW => Check::warn("disk", said, "free space, or move the data: --data DIR"),
        _ => Check::ok("disk", said),
    }
}

fn sockets(settings: &Settings, dir: &Path) -> Check {
    let place = RuntimeDir::find(&settings.host, dir);
    match place.api_socket().and_then(|socket| place.trust().map(|()| socket)) {
        Ok(socket) => Check::ok("socket", socket.display().to_string()),
        Err(error) => Check::fail("socket", error.to_string(), ""),
    }
}

async fn tmux() -> Check {
    let remedy = "install tmux (apt install tmux): until then agents have no windows to look at";
    match version_of_tmux().await {
        Ok(version) => Check::ok("tmux", version),
        Err(error) => Check::warn("tmux", format!("not usable: {error}"), remedy),
    }
}

async fn version_of_tmux() -> std::io::Result<String> {
    #[expect(clippy::disallowed_methods, reason = "it is started by `agents::spawn`")]
    let mut command = std::process::Command::new("tmux");
    command.arg("-V");
    let printed = spawn::output(command).await?;
    Ok(String::from_utf8_lossy(&printed.stdout).trim().to_owned())
}
