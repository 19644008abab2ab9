//! From what went wrong with a request to an error with an exit code and a hint.

use std::{io, path::Path, time::Duration};

use http::Response;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use web_dto::{Code, MAX_BODY_BYTES, Problem};

use crate::exit::{self, Failure};

/// Nobody answers at the socket.
pub(super) fn unreachable(of: &str, socket: &Path, error: &io::Error) -> anyhow::Error {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Failure::new(
            exit::UNAVAILABLE,
            format!("no server runs for {of}"),
            "start it with: ai-infra serve",
        ),
        io::ErrorKind::PermissionDenied => Failure::new(
            exit::NO_PERMISSION,
            format!("the server's socket {} belongs to another user", socket.display()),
            "run this as the user that the server runs as, or as root",
        ),
        _ => Failure::new(
            exit::UNAVAILABLE,
            format!("while connecting to {}: {error}", socket.display()),
            "see `ai-infra doctor`",
        ),
    }
    .into()
}

/// The server went away in the middle.
pub(super) fn lost(of: &str, asked: &str) -> Failure {
    let what = format!("the server of {of} went away during {asked}");
    Failure::new(exit::UNAVAILABLE, what, "see whether it still runs: ai-infra doctor")
}

/// The server does not answer.
pub(super) fn late(asked: &str, limit: Duration) -> Failure {
    let what = format!("no answer to {asked} within {} s", limit.as_secs());
    Failure::new(exit::UNAVAILABLE, what, "see what the server does: ai-infra logs")
}

/// The server says no; its problem document says why.
pub(super) async fn refused(reply: Response<Incoming>) -> anyhow::Error {
    let status = reply.status();
    let body = Limited::new(reply.into_body(), MAX_BODY_BYTES).collect().await;
    let bytes = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let Ok(problem) = serde_json::from_slice::<Problem>(&bytes) else {
        let hint = "something else may listen there; see `ai-infra doctor`";
        return Failure::new(1, format!("the server answered {status} without a word"), hint)
            .into();
    };
    told(&problem).into()
}

/// Turns a problem document into a failure.
pub fn told(problem: &Problem) -> Failure {
    let mut what = super::super::visible(&problem.detail);
    for field in &problem.errors {
        what += &format!("\n  {}: {}", field.pointer, super::super::visible(&field.detail));
    }
    if problem.code == Code::NothingToUndo.as_str() {
        let hint = "`ai-infra memory actions` lists what was done; after 30 days it is final";
        return Failure::new(1, what, hint); // there is none: waiting would bring none
    }
    Failure::new(code(problem.status), what, problem.hint.clone())
}

fn code(status: u16) -> u8 {
    match status {
        401 | 403 => exit::NO_PERMISSION,
        409 | 429 | 507 => exit::TEMPORARY,
        502..=504 => exit::UNAVAILABLE,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_document_becomes_what_where_and_hint() {
        let problem = Problem::new(Code::AgentUnknown, "there is no agent `chef`", "r1");
        let failure = told(&problem);
        assert_eq!(failure.what, "there is no agent `chef`");
        assert!(failure.hint.contains("supervisor"));
        assert_eq!(told(&Problem::new(Code::Forbidden, "no", "r")).code, exit::NO_PERMISSION);
        let nothing = told(&Problem::new(Code::NothingToUndo, "no", "r"));
        assert_eq!(nothing.code, 1, "as for a purge of nothing");
        assert!(nothing.hint.contains("ai-infra memory actions"), "{}", nothing.hint);
        assert_eq!(told(&Problem::new(Code::ShuttingDown, "no", "r")).code, exit::UNAVAILABLE);
    }

    #[test]
    fn no_socket_means_no_server_and_says_how_to_start_one() {
        let gone = io::Error::from(io::ErrorKind::NotFound);
        let error = unreachable("/tmp/x", Path::new("/run/x/api.sock"), &gone);
        let failure = error.downcast_ref::<Failure>().unwrap();
        assert_eq!(failure.code, exit::UNAVAILABLE);
        assert_eq!(failure.what, "no server runs for /tmp/x");
        assert_eq!(failure.hint, "start it with: ai-infra serve");
    }
}
