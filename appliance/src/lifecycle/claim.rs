//! Claims the data and runtime directories and opens the store, with an exit code for each refusal.
//! Changes nothing that is already there.

use std::{path::Path, sync::Arc};

use appliance_config::{
    Settings,
    paths::{PathError, RuntimeDir},
};
use appliance_core::Clock;
use appliance_tasks::Tasks;
use storage_embedded::{DataDir, OpenError, Store};

use super::fatal::Fatal;
use crate::{
    exit::{self, Failure},
    typed::quoted,
};

/// Claims the data directory for this process.
pub fn data_dir(settings: &Settings) -> Result<DataDir, Failure> {
    let path = &settings.data.dir;
    DataDir::open(path).map_err(|error| match &error {
        OpenError::NotWritable { .. } | OpenError::NotOurs { .. } if settings.host.is_service() => {
            Failure::new(exit::NO_PERMISSION, error.to_string(), service(path))
        }
        error => refused(error),
    })
}

/// The way to give the package's service another directory: it may write to what its unit names.
fn service(path: &Path) -> String {
    let path = quoted(&path.to_string_lossy());
    format!(
        "give it to the service: sudo install -d -o ai-infra -g ai-infra -m 700 {path}; then sudo systemctl \
         edit ai-infrastructure, with the lines [Service] and ReadWritePaths={path}, and start it again"
    )
}

/// Makes the runtime directory, or checks the one that is there.
pub fn runtime_dir(runtime: &RuntimeDir) -> Result<(), Failure> {
    let told = |error: PathError| {
        Failure::new(exit::NO_PERMISSION, error.to_string(), "set XDG_RUNTIME_DIR, or --data DIR")
    };
    // The longest of its paths; tmux' has a shorter name.
    runtime.agent_socket().map_err(|error| Failure::new(exit::CONFIG, error.to_string(), ""))?;
    runtime.create().map_err(told)
}

/// Opens the store in a claimed directory. Where nobody can know any more what is on disk, it has
/// the process ended; the next start reads it from there.
pub fn store(
    data_dir: &DataDir,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    fatal: Fatal,
) -> Result<Store, Failure> {
    let hint = "look at the disk of the data directory, then start again";
    let end = move |why: &str| fatal.end(exit::IO_ERROR, why, hint);
    Store::open_or_end(data_dir, clock, tasks, Arc::new(end)).map_err(|error| refused(&error))
}

fn refused(error: &OpenError) -> Failure {
    let (code, hint) = match error {
        OpenError::Held { pid: Some(pid), .. } => {
            (exit::TEMPORARY, format!("talk to it with `ai-infra chat`, or stop it: kill {pid}"))
        }
        OpenError::Held { pid: None, .. } => (exit::TEMPORARY, String::new()),
        OpenError::NotADirectory { .. } => (exit::CONFIG, "--data DIR names another".to_owned()),
        OpenError::NotOurs { .. } | OpenError::NotWritable { .. } => {
            (exit::NO_PERMISSION, "--data DIR names another".to_owned())
        }
        OpenError::Missing { .. } | OpenError::Corrupt { .. } | OpenError::InTheWay { .. } => {
            (exit::CONFIG, "`ai-infra doctor` says more".to_owned())
        }
        OpenError::Io { .. } => (exit::UNAVAILABLE, "`ai-infra doctor` says more".to_owned()),
    };
    Failure::new(code, error.to_string(), hint)
}
