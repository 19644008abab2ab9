//! Who we are on this host and where our directories are. Creates none.

use std::path::{Path, PathBuf};

use super::{PathError, SYSTEM_CONFIG, SYSTEM_DATA, SYSTEM_RUN};
use crate::Sources;

/// The caller's identity and base directories, taken once from the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    uid: u32,
    home: Option<PathBuf>,
    data_home: Option<PathBuf>,
    config_home: Option<PathBuf>,
    runtime_home: Option<PathBuf>,
    /// What the service manager made for the package's service, wherever its data is.
    service_runtime: Option<PathBuf>,
}

impl Host {
    /// Takes the identity of this process and the base directories of the sources' environment.
    #[must_use]
    pub fn of(sources: &Sources) -> Self {
        Self::with_uid(sources, rustix::process::geteuid().as_raw())
    }

    /// As [`Host::of`], for somebody else.
    #[must_use]
    pub fn with_uid(sources: &Sources, uid: u32) -> Self {
        // A relative base directory counts as unset (XDG Base Directory Specification 0.8).
        let dir = |name| sources.variable(name).map(PathBuf::from).filter(|dir| dir.is_absolute());
        Self {
            uid,
            home: dir("HOME"),
            data_home: dir("XDG_DATA_HOME"),
            config_home: dir("XDG_CONFIG_HOME"),
            runtime_home: dir("XDG_RUNTIME_DIR"),
            service_runtime: dir("RUNTIME_DIRECTORY").filter(|dir| dir == Path::new(SYSTEM_RUN)),
        }
    }

    /// Returns the data directory when none is named: the package's for root, and for whoever has the
    /// package's configuration, as its service does.
    ///
    /// # Errors
    /// [`PathError::Homeless`] without a home.
    pub fn data_dir(&self, config_dir: &Path) -> Result<PathBuf, PathError> {
        let has_its_configuration = config_dir == Path::new(SYSTEM_CONFIG) && self.home.is_some();
        if self.is_root() || self.is_service() || has_its_configuration {
            return Ok(PathBuf::from(SYSTEM_DATA));
        }
        let base =
            self.data_home.clone().or_else(|| Some(self.home.as_ref()?.join(".local/share")));
        base.map(|base| base.join("ai-infra")).ok_or(PathError::Homeless)
    }

    /// Returns the configuration directory when none is named; it need not exist.
    #[must_use]
    pub fn config_dir(&self) -> PathBuf {
        if self.is_root() {
            return PathBuf::from(SYSTEM_CONFIG);
        }
        let base = self.config_home.clone().or_else(|| Some(self.home.as_ref()?.join(".config")));
        base.map_or_else(|| PathBuf::from(SYSTEM_CONFIG), |base| base.join("ai-infra"))
    }

    /// Returns where the runtime directory of `data_dir` may be; a server takes the first.
    ///
    /// The package's data, and its service wherever its data is, have one fixed place. Any other data directory has a name made from its
    /// path, so that two servers never meet. A client that lacks XDG_RUNTIME_DIR (cron, ssh) still
    /// finds a server under /run/user.
    #[must_use]
    pub fn runtime_dirs(&self, data_dir: &Path) -> Vec<PathBuf> {
        let data_dir = settled(data_dir);
        if self.is_service() || data_dir == settled(Path::new(SYSTEM_DATA)) {
            return vec![PathBuf::from(SYSTEM_RUN)];
        }
        let named = format!("ai-infra-{}", mark(&data_dir));
        let own =
            self.runtime_home.iter().filter(|home| home.is_dir()).map(|home| home.join(&named));
        own.chain(self.fallbacks(&mark(&data_dir), &named)).collect()
    }

    /// Where a runtime directory is, or may have been made, without `$XDG_RUNTIME_DIR`.
    fn fallbacks(&self, mark: &str, named: &str) -> Vec<PathBuf> {
        if self.is_root() {
            return vec![PathBuf::from(format!("/run/ai-infrastructure-{mark}"))];
        }
        let temporary = PathBuf::from(format!("/tmp/ai-infra-{}/{mark}", self.uid));
        vec![temporary, PathBuf::from(format!("/run/user/{}/{named}", self.uid))]
    }

    /// Tells whether this process is the package's service.
    #[must_use]
    pub fn is_service(&self) -> bool {
        self.service_runtime.is_some()
    }

    /// Returns the user's number.
    #[must_use]
    pub fn uid(&self) -> u32 {
        self.uid
    }

    fn is_root(&self) -> bool {
        self.uid == 0
    }
}

/// Resolves what exists of a path and keeps the rest, so that it is the same before and after the
/// directory is made.
pub(super) fn settled(path: &Path) -> PathBuf {
    for base in path.ancestors() {
        let Ok(real) = base.canonicalize() else { continue };
        let rest = path.strip_prefix(base).unwrap_or_else(|_| Path::new(""));
        return if rest.as_os_str().is_empty() { real } else { real.join(rest) };
    }
    path.to_owned()
}

/// Eight hex digits that stand for the path.
fn mark(path: &Path) -> String {
    let hash = xxhash_rust::xxh3::xxh3_64(path.as_os_str().as_encoded_bytes());
    format!("{:08x}", hash & 0xffff_ffff)
}
