//! Open files: takes as many as the system lets this process have. Closes none.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// With fewer the server runs short: its stores, agents, windows and a few hundred people.
const ENOUGH: u64 = 4_096;

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
}
