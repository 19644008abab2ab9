//! The portal's files, embedded by `build.rs`, and the fallback of the router. Builds no page.
//!
//! A file by its path; `index.html` with 200 for any other address a browser navigates to (the
//! portal routes itself); a problem document for the rest, and always below `/api`.

mod based;
mod files;

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use web_dto::Code;

use files::{File, INDEX, find};

pub(crate) use based::Based;
pub use files::kind;

use crate::{error::ApiError, parts::Shared};

/// Prefixes that never are the portal's.
pub const NOT_PAGES: [&str; 7] = ["/api", "/ws", "/llm", "/agent", "/v1", "/mcp", "/metrics"];

/// Fewest hex digits in a row that make a file's name a hash of its content.
const HASH_DIGITS: usize = 8;

/// Answers whatever no route takes.
pub(crate) async fn serve(
    State(app): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let path = uri.path();
    let reads = matches!(method, Method::GET | Method::HEAD);
    if !reads || NOT_PAGES.iter().any(|prefix| is_below(path, prefix)) {
        return unknown(&method, path);
    }
    let page = if path == "/" { INDEX } else { path };
    let found = find(page).or_else(|| find(INDEX).filter(|_| navigates(path, &headers)));
    match (found, app.portal.index()) {
        (Some(file), Some((page, etag))) if file.path == INDEX => {
            send(file, (page.clone(), etag.clone(), None), &headers)
        }
        (Some(file), _) => {
            let etag = HeaderValue::from_static(file.etag);
            send(file, (Bytes::from_static(file.bytes), etag, file.brotli), &headers)
        }
        (None, _) => unknown(&method, path),
    }
}

fn is_below(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A browser that opens a page asks for HTML, and pages have no file extension.
fn navigates(path: &str, headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let last = path.rsplit('/').next().unwrap_or(path);
    accepts.is_some_and(|accept| accept.contains("text/html")) && !last.contains('.')
}

fn unknown(method: &Method, path: &str) -> Response {
    let shown: String = path.chars().take(200).collect();
    ApiError::new(Code::RouteUnknown, format!("nothing answers to {method} {shown}"))
        .into_response()
}

/// What is sent of a file: its bytes, their tag, and their brotli form.
type Form = (Bytes, HeaderValue, Option<&'static [u8]>);

fn send(file: &'static File, (bytes, etag, brotli): Form, headers: &HeaderMap) -> Response {
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|sent| matches(sent, &etag));
    let varies = brotli.is_some();
    let brotli = brotli.filter(|_| takes_brotli(headers));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(brotli.map_or(bytes, Bytes::from_static)).into_response()
    };
    let sent = response.headers_mut();
    sent.insert(header::ETAG, etag);
    sent.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(file.path)));
    sent.insert(header::CACHE_CONTROL, HeaderValue::from_static(lifetime(file.path)));
    if varies {
        sent.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    if brotli.is_some() && !known {
        sent.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    response
}

fn matches(sent: &HeaderValue, etag: &HeaderValue) -> bool {
    let (tags, etag) = (sent.to_str().unwrap_or_default(), etag.to_str().unwrap_or_default());
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

fn takes_brotli(headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepts.is_some_and(|codings| codings.split(',').any(accepts_brotli))
}

fn accepts_brotli(coding: &str) -> bool {
    let mut parts = coding.split(';').map(str::trim);
    parts.next() == Some("br") && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0"))
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("json" | "webmanifest") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// A name that holds a hash of the content never changes; everything else is asked for again.
fn lifetime(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path);
    let hashed = name.split(['-', '.', '_']).any(|part| {
        part.len() >= HASH_DIGITS
            && part.bytes().all(|byte| byte.is_ascii_hexdigit())
            && part.bytes().any(|byte| byte.is_ascii_digit())
    });
    if hashed { "public, max-age=31536000, immutable" } else { "no-cache" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hashed_names_are_kept_for_ever() {
        assert!(lifetime("/portal-0a1b2c3d4e5f.wasm").contains("immutable"));
        for name in ["/index.html", "/boot.js", "/feedface.css", "/style-1a2b.css"] {
            assert_eq!(lifetime(name), "no-cache", "{name}");
        }
    }

    #[test]
    fn brotli_is_sent_only_to_those_who_take_it() {
        let takes = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(text));
            takes_brotli(&headers)
        };
        assert!(takes("gzip, br") && takes("br;q=0.5"));
        assert!(!takes("gzip") && !takes("br;q=0, gzip") && !takes("brr"));
    }

    #[test]
    fn there_is_always_a_first_page() {
        assert!(find("/index.html").is_some());
        assert!(matches!(kind(), "full" | "placeholder"));
    }
}
