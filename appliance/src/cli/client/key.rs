//! The key of the people's socket: read from the file beside it, with a way out when it cannot be.

use std::{io, path::Path};

use anyhow::Context as _;
use appliance_config::paths::PEOPLE_KEY;
use http::HeaderValue;

use crate::exit::{self, Failure};

/// Returns the value of the header that opens the socket.
///
/// # Errors
/// [`exit::NO_PERMISSION`] when the key may not be read, [`exit::UNAVAILABLE`] when it is not there.
pub(super) fn beside(socket: &Path) -> anyhow::Result<HeaderValue> {
    let path = socket.with_file_name(PEOPLE_KEY);
    let key = appliance_files::read_text(&path).map_err(|error| unreadable(&path, &error))?;
    let mut shown = HeaderValue::from_str(&format!("Bearer {}", key.trim()))
        .with_context(|| format!("while reading {}: it holds no key", path.display()))?;
    shown.set_sensitive(true);
    Ok(shown)
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let place = path.display();
    match error.kind() {
        io::ErrorKind::NotFound => Failure::new(
            exit::UNAVAILABLE,
            format!("the server's key {place} is gone"),
            "restart the server, which makes a new one",
        ),
        io::ErrorKind::PermissionDenied => Failure::new(
            exit::NO_PERMISSION,
            format!("the server's key {place} may not be read"),
            "run this as the user that the server runs as, or as root; agents may not read it",
        ),
        _ => Failure::new(
            exit::UNAVAILABLE,
            format!("while reading the server's key {place}: {error}"),
            "see `ai-infra doctor`",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_key_lies_beside_the_socket_and_one_that_is_gone_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("api.sock");
        let gone = beside(&socket).unwrap_err();
        let gone = gone.downcast_ref::<Failure>().unwrap();
        assert!(gone.what.contains("people.key") && gone.code == exit::UNAVAILABLE);
        fs::write(dir.path().join("people.key"), "0123abcd\n").unwrap();
        let shown = beside(&socket).unwrap();
        assert!(shown == "Bearer 0123abcd" && shown.is_sensitive());
        fs::remove_file(dir.path().join("people.key")).unwrap();
        fs::create_dir(dir.path().join("people.key")).unwrap();
        let odd = beside(&socket).unwrap_err();
        assert!(odd.to_string().ends_with("a folder stands in the place of a file"), "{odd}");
    }
}
