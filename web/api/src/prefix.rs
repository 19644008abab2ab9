//! The path below which a proxy shows the server (`server.public_url`), taken off what a proxy passes
//! on with it. One that takes it off by itself is served the same. Answers nothing.

use std::sync::Arc;

use axum::{Router, extract::Request};
use http::{Uri, uri::PathAndQuery};
use tower::{Layer as _, util::MapRequestLayer};

/// Has `router` answer below `prefix` as it does without; an empty prefix changes nothing.
pub(crate) fn below(prefix: &str, router: Router) -> Router {
    if prefix.is_empty() {
        return router;
    }
    let prefix: Arc<str> = prefix.into();
    let shortened = move |mut request: Request| {
        if let Some(uri) = without(&prefix, request.uri()) {
            *request.uri_mut() = uri;
        }
        request
    };
    // Around the router and not in it: a layer would see the request after its route was chosen.
    Router::new().fallback_service(MapRequestLayer::new(shortened).layer(router))
}

/// Returns the address without the prefix, if it begins with it.
fn without(prefix: &str, uri: &Uri) -> Option<Uri> {
    let rest = uri.path_and_query()?.as_str().strip_prefix(prefix)?;
    let rest: PathAndQuery = match rest.as_bytes().first() {
        None => PathAndQuery::from_static("/"),
        Some(b'?') => format!("/{rest}").parse().ok()?,
        Some(b'/') => rest.parse().ok()?,
        Some(_) => return None,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(rest);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_taken_off_once_and_only_where_it_ends() {
        for (uri, wanted) in [
            ("/ai", Some("/")),
            ("/ai/", Some("/")),
            ("/ai?x=1", Some("/?x=1")),
            ("/ai/api/info?x=/ai/", Some("/api/info?x=/ai/")),
            ("/ai/ai/x", Some("/ai/x")),
            ("/ai//x", Some("//x")),
            ("http://example.com/ai/x", Some("http://example.com/x")),
            ("/aix", None),
            ("/a", None),
            ("/", None),
            ("/x/ai/", None),
            ("/%61i/x", None),
        ] {
            let read = without("/ai", &uri.parse().unwrap()).map(|uri| uri.to_string());
            assert_eq!(read.as_deref(), wanted, "{uri}");
        }
    }
}
