//! Host and origin: is this request meant for this server, and does it come from its own pages?
//!
//! An ambiguous Host is 400, a foreign one 421 (DNS rebinding), a foreign Origin on a write or on
//! `/ws` is 403 (CSRF, cross-site WebSocket). Processes on the local socket send no browser's
//! requests: they show its key instead. A bearer token, which no browser adds by itself, stands for
//! an origin.

use std::net::IpAddr;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, Uri, header, uri::Authority};
use web_dto::Code;

use super::{Caller, host::addressed};
use crate::{
    auth::{Cookies, bearer},
    error::ApiError,
    parts::{App, Settings, Shared},
};

/// Lets a request through if it is meant for this server and comes from its own pages.
pub(crate) async fn admit(State(app): State<Shared>, request: Request, next: Next) -> Response {
    match check(&app, &request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

fn check(app: &App, request: &Request) -> Result<(), ApiError> {
    let (settings, caller) = (&app.parts.settings, Caller::of(request));
    let named = addressed(request, caller.is_local())?;
    if caller.is_local() {
        return app.people_key.shown_in(request.headers());
    }
    let Some(host) = named.as_ref().filter(|host| is_ours(settings, host)) else {
        return Err(foreign_host(named.as_ref()));
    };
    if needs_origin(request) && bearer(request.headers()).is_none() {
        own_origin(settings, &app.cookies, &caller, host, request.headers())?;
    }
    Ok(())
}

fn foreign_host(named: Option<&Authority>) -> ApiError {
    let named = named.map_or("no host", Authority::as_str);
    ApiError::new(Code::HostForeign, format!("the request is addressed to {named}"))
}

fn is_ours(settings: &Settings, host: &Authority) -> bool {
    let name = host.host().trim_start_matches('[').trim_end_matches(']');
    let listed =
        |ours: &String| ours.eq_ignore_ascii_case(name) || ours.eq_ignore_ascii_case(host.as_str());
    if name.eq_ignore_ascii_case("localhost") || settings.allowed_hosts.iter().any(listed) {
        return true;
    }
    if public_authority(settings).is_some_and(|ours| ours.host().eq_ignore_ascii_case(name)) {
        return true;
    }
    let Ok(ip) = name.parse::<IpAddr>() else { return false };
    // An address, unlike a name, cannot be pointed at us by somebody else's DNS.
    ip.is_loopback() || settings.listen.ip().is_unspecified() || ip == settings.listen.ip()
}

fn public_authority(settings: &Settings) -> Option<Authority> {
    settings.public_url.as_ref()?.parse::<Uri>().ok()?.into_parts().authority
}

fn needs_origin(request: &Request) -> bool {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    !reads || request.headers().contains_key(header::UPGRADE)
}

/// Accepts the server's own origin; without one, a browser's word that the request is same-origin;
/// without either, only requests that carry no cookie.
fn own_origin(
    settings: &Settings,
    cookies: &Cookies,
    caller: &Caller,
    host: &Authority,
    headers: &HeaderMap,
) -> Result<(), ApiError> {
    if let Some(origin) = headers.get(header::ORIGIN) {
        let own = origin.to_str().is_ok_and(|text| is_own(settings, caller, host, text));
        return own.then_some(()).ok_or_else(|| foreign_origin("its Origin is another site"));
    }
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        Some(b"same-origin" | b"none") => Ok(()),
        Some(_) => Err(foreign_origin("its Sec-Fetch-Site is another site")),
        None if cookies.session(headers).is_none() => Ok(()),
        None => Err(foreign_origin("it carries the cookie but no Origin")),
    }
}

fn foreign_origin(why: &str) -> ApiError {
    ApiError::new(Code::OriginForeign, format!("the request is refused: {why}"))
}

fn is_own(settings: &Settings, caller: &Caller, host: &Authority, origin: &str) -> bool {
    if settings.public_url.is_some() && settings.origin().eq_ignore_ascii_case(origin) {
        return true;
    }
    let scheme = if caller.https { "https" } else { "http" };
    let Some(rest) = origin.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://")) else {
        return false;
    };
    let default_port = if caller.https { ":443" } else { ":80" };
    let plain = |text: &str| text.strip_suffix(default_port).unwrap_or(text).to_ascii_lowercase();
    plain(rest) == plain(host.as_str())
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use secrecy::SecretBox;

    use super::*;
    use crate::edge::Proxies;

    fn settings(listen: &str) -> Settings {
        let key = SecretBox::new(Box::new([0; 32]));
        let mut settings =
            Settings::new(listen.parse::<SocketAddr>().unwrap(), key, "people".into());
        settings.allowed_hosts = vec!["ai.example.com".to_owned()];
        settings
    }

    fn answers(settings: &Settings, host: &str) -> bool {
        is_ours(settings, &host.parse().unwrap())
    }

    #[test]
    fn a_name_that_is_not_listed_is_foreign() {
        let settings = settings("127.0.0.1:8000");
        for host in ["localhost:8000", "127.0.0.1:8000", "[::1]:8000", "AI.example.com"] {
            assert!(answers(&settings, host), "{host}");
        }
        for host in ["evil.example", "ai.example.com.evil.example", "10.0.0.1:8000"] {
            assert!(!answers(&settings, host), "{host}");
        }
    }

    #[test]
    fn an_open_listener_answers_to_any_address_but_not_to_any_name() {
        let settings = settings("0.0.0.0:8000");
        assert!(answers(&settings, "192.0.2.4:8000"));
        assert!(!answers(&settings, "rebound.example:8000"));
    }

    #[test]
    fn an_origin_is_own_only_with_scheme_host_and_port() {
        let settings = settings("127.0.0.1:8000");
        let caller = Caller::read(None, &HeaderMap::new(), &Proxies::default());
        let own = |settings: &Settings, origin: &str| {
            is_own(settings, &caller, &"127.0.0.1:8000".parse().unwrap(), origin)
        };
        let mut below = self::settings("127.0.0.1:8000");
        below.public_url = Some("https://example.com/ai".to_owned());
        assert!(own(&below, "https://example.com") && !own(&below, "https://example.com/ai"));
        assert!(!own(&settings, "https://example.com"));
        let own = |origin: &str| own(&settings, origin);
        assert!(own("http://127.0.0.1:8000"));
        for foreign in ["https://127.0.0.1:8000", "http://127.0.0.1:9000", "null", "http://evil"] {
            assert!(!own(foreign), "{foreign}");
        }
    }
}
