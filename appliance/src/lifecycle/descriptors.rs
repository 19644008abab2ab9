//! Open files: takes as many as the system lets this process have, and keeps connections from taking all
//! of them. Closes none.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// With fewer the server runs short: its stores, agents, windows and a few hundred people.
const ENOUGH: u64 = 4_096;

/// Part of the allowed open files that connections over TCP may take; those over a local socket may take
/// [`LOCAL`] of them. The rest is for stores, agents and windows.
const TCP: usize = 4;

/// See [`TCP`].
const LOCAL: usize = 8;

/// How many connections may be open at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// Over TCP.
    pub tcp: usize,
    /// Over each of the two local sockets.
    pub local: usize,
}

/// Returns how many of `wanted` connections the open files allow; says so where they are fewer.
pub fn places(wanted: usize) -> Places {
    let allowed = getrlimit(Resource::Nofile).current;
    let allowed = allowed.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX));
    let places = shared(allowed, wanted);
    if places.tcp < wanted {
        let (at_once, files) = (places.tcp, allowed);
        tracing::warn!(event = "degraded", at_once, wanted, files, "open files limit connections");
    }
    places
}

fn shared(allowed: usize, wanted: usize) -> Places {
    let most = |part: usize| wanted.min((allowed / part).max(1));
    Places { tcp: most(TCP), local: most(LOCAL) }
}

/// Raises the limit of open files to the most that is allowed, and says so when that is little.
pub fn raise() {
    let limit = match raised() {
        Ok(limit) => limit,
        Err(error) => {
            tracing::warn!(event = "degraded", %error, "the limit of open files stays as it is");
            getrlimit(Resource::Nofile).current
        }
    };
    if let Some(limit) = limit.filter(|limit| *limit < ENOUGH) {
        tracing::warn!(
            event = "degraded",
            limit,
            "few files may be open at once; raise the hard limit, as LimitNOFILE= or ulimit -Hn do"
        );
    }
}

/// Returns the limit as it is then; none where there is none.
fn raised() -> io::Result<Option<u64>> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?;
    }
    Ok(maximum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_allowed_is_taken() {
        let allowed = getrlimit(Resource::Nofile).maximum;
        assert_eq!(raised().unwrap(), allowed);
        assert_eq!(getrlimit(Resource::Nofile).current, allowed);
    }

    #[test]
    fn connections_leave_half_of_the_files() {
        assert_eq!(shared(usize::MAX, 1_024), Places { tcp: 1_024, local: 1_024 });
        assert_eq!(shared(65_536, 1_024), Places { tcp: 1_024, local: 1_024 });
        for allowed in [64, 400, 1_024, 4_096] {
            let Places { tcp, local } = shared(allowed, 1_000_000);
            assert!(tcp + 2 * local <= allowed / 2, "{allowed}");
        }
        assert_eq!(shared(0, 10), Places { tcp: 1, local: 1 });
    }
}
