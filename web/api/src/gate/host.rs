//! The host a request is addressed to, read strictly: RFC 9112 section 3.2. Knows no host of ours.
//!
//! Two readers of one ambiguous head (a proxy and this server) could take it for two requests, so
//! that whatever may be read in two ways is refused for everybody, local processes too.

use axum::extract::Request;
use http::{Version, header, uri::Authority};
use web_dto::Code;

use crate::error::ApiError;

/// Returns the host, or `None` when none is named and none has to be.
///
/// # Errors
/// `request.malformed` for a second Host, one that is no host, one that the target contradicts, and
/// none at all in HTTP/1.1 (a local process may leave it out).
pub(super) fn addressed(request: &Request, local: bool) -> Result<Option<Authority>, ApiError> {
    let mut named = request.headers().get_all(header::HOST).iter();
    let (first, second) = (named.next(), named.next());
    if second.is_some() {
        return Err(malformed("it has two Host headers"));
    }
    let host = first.map(|value| value.to_str().ok().and_then(parse).ok_or_else(no_host));
    match (request.uri().authority(), host.transpose()?) {
        (Some(target), Some(host)) if !same(target, &host, request.uri().scheme_str()) => {
            Err(malformed("its target names another host than its Host header"))
        }
        (Some(target), _) => parse(target.as_str()).ok_or_else(no_host).map(Some),
        (None, None) if request.version() >= Version::HTTP_11 && !local => {
            Err(malformed("it has no Host header"))
        }
        (None, host) => Ok(host),
    }
}

fn malformed(why: &str) -> ApiError {
    ApiError::new(Code::RequestMalformed, format!("the request is refused: {why}"))
}

fn no_host() -> ApiError {
    malformed("its Host is not a host name with an optional port")
}

/// Reads `name` or `name:port`; a user before the name is none of it.
fn parse(text: &str) -> Option<Authority> {
    let authority: Authority = text.parse().ok()?;
    let rest = text.strip_prefix(authority.host())?;
    let port = rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port);
    (!authority.host().is_empty() && port).then_some(authority)
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

fn same(target: &Authority, host: &Authority, scheme: Option<&str>) -> bool {
    let usual = if scheme == Some("https") { 443 } else { 80 };
    let port = |it: &Authority| it.port_u16().unwrap_or(usual);
    target.host().eq_ignore_ascii_case(host.host()) && port(target) == port(host)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn read(target: &str, hosts: &[&str]) -> Result<Option<String>, Code> {
        let mut request = Request::builder().uri(target);
        for host in hosts {
            request = request.header(header::HOST, *host);
        }
        let request = request.body(Body::empty()).unwrap();
        let named = addressed(&request, false).map_err(|refused| refused.code)?;
        Ok(named.map(|host| host.to_string()))
    }

    #[test]
    fn one_host_is_read_from_the_target_or_the_header() {
        let host = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(read("/", &["localhost:8000"]), host("localhost:8000"));
        assert_eq!(read("/", &["[::1]:8000"]), host("[::1]:8000"));
        assert_eq!(read("http://localhost/x", &["LOCALHOST:80"]), host("localhost"));
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for (target, hosts) in [
            ("/", &["localhost", "localhost"][..]),
            ("/", &["localhost", "evil.example"]),
            ("/", &[""]),
            ("/", &["user@localhost"]),
            ("/", &["localhost:"]),
            ("/", &["localhost:99999"]),
            ("/", &["local host"]),
            ("/", &[":8000"]),
            ("/", &[]),
            ("http://localhost/", &["evil.example"]),
            ("http://localhost:8000/", &["localhost"]),
            ("http://user@localhost/", &[]),
        ] {
            assert_eq!(read(target, hosts), Err(Code::RequestMalformed), "{target} {hosts:?}");
        }
    }
}
