//! The embedded files: pages for browsers, problems for everybody else.

use axum::body::Body;
use http::{Method, StatusCode, header};

use crate::house::{As, House, request};

async fn page(house: &House, path: &str, accept: &str) -> crate::house::Answer {
    let mut it = request(Method::GET, path, As::Nobody, Body::empty());
    it.headers_mut().insert(header::ACCEPT, accept.parse().unwrap());
    house.send(it).await
}

#[tokio::test]
async fn a_browser_gets_the_portal_at_any_of_its_pages() {
    let house = House::new();
    for path in ["/", "/setup", "/conversations/01890a5d-ac96-774b-bcce-b302099a8057"] {
        let answer = page(&house, path, "text/html,application/xhtml+xml,*/*;q=0.8").await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-cache");
    }
}

#[tokio::test]
async fn what_is_no_page_is_a_problem_document() {
    let house = House::new();
    page(&house, "/missing.js", "text/html").await.refused(404, "route.unknown");
    page(&house, "/missing", "application/json").await.refused(404, "route.unknown");
    page(&house, "/api/missing", "text/html").await.refused(404, "route.unknown");
    page(&house, "/../../etc/passwd", "*/*").await.refused(404, "route.unknown");
    house.raw("/setup", As::Nobody, "{}").await.refused(404, "route.unknown");
}

#[tokio::test]
async fn an_unchanged_page_is_not_sent_again() {
    let house = House::new();
    let first = page(&house, "/", "text/html").await;
    let mut it = request(Method::GET, "/", As::Nobody, Body::empty());
    it.headers_mut().insert(header::IF_NONE_MATCH, first.headers[header::ETAG].clone());
    let again = house.send(it).await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(again.headers[header::ETAG], first.headers[header::ETAG]);
}

#[tokio::test]
async fn no_page_needs_what_the_policy_forbids() {
    let house = House::new();
    let answer = page(&house, "/", "text/html").await;
    let html = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(!html.contains("<style") && !html.contains(" style=") && !html.contains("onclick"));
    for script in html.split("<script").skip(1) {
        assert!(script.split('>').next().unwrap().contains("src="), "inline script");
    }
}

fn below_a_path() -> House {
    House::with(|parts| parts.settings.public_url = Some("https://example.com/ai".to_owned()))
}

#[tokio::test]
async fn below_a_path_everything_is_served_with_it_and_without() {
    let house = below_a_path();
    for base in ["", "/ai"] {
        for path in ["/", "/setup", "/c/01890a5d-ac96-774b-bcce-b302099a8057", "/index.html"] {
            let answer = page(&house, &format!("{base}{path}"), "text/html").await;
            assert_eq!(answer.status, StatusCode::OK, "{base}{path}");
            let html = String::from_utf8(answer.body.to_vec()).unwrap();
            let rest = html.replacen("<html data-base=\"/ai\" ", "<html ", 1);
            assert_ne!(rest, html);
            assert!(!rest.replace("=\"/ai/", "").contains("=\"/"), "an address without it: {html}");
            assert!(!answer.headers.contains_key(header::CONTENT_ENCODING));
        }
        let info = house.get(&format!("{base}/api/info"), As::Nobody).await;
        assert_eq!(info.status, StatusCode::OK, "{base}");
        house.get(&format!("{base}/api/auth/me"), As::Nobody).await.refused(401, "auth.required");
        house.get(&format!("{base}/api/missing"), As::Nobody).await.refused(404, "route.unknown");
    }
    assert_eq!(page(&house, "/ai", "text/html").await.status, StatusCode::OK);
    house.get("/aix/api/info", As::Nobody).await.refused(404, "route.unknown");
    house.get("/ai/ai/api/info", As::Nobody).await.refused(404, "route.unknown");
    let first = page(&house, "/ai/", "text/html").await;
    let mut again = request(Method::GET, "/ai/memory", As::Nobody, Body::empty());
    again.headers_mut().insert(header::ACCEPT, "text/html".parse().unwrap());
    again.headers_mut().insert(header::IF_NONE_MATCH, first.headers[header::ETAG].clone());
    assert_eq!(house.send(again).await.status, StatusCode::NOT_MODIFIED);
    assert_ne!(
        page(&House::new(), "/", "text/html").await.headers[header::ETAG],
        first.headers[header::ETAG]
    );
}

#[tokio::test]
async fn below_a_path_cookies_and_origins_are_those_of_the_address() {
    let house = below_a_path();
    let ann = house.person("ann", appliance_core::UserRole::Admin).await;
    let answer = house.login("ann@example.com", crate::house::PASSWORD).await;
    for cookie in answer.headers.get_all(header::SET_COOKIE) {
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.starts_with("__Secure-ai_") && cookie.contains("; Path=/ai;"), "{cookie}");
    }
    for (origin, fits) in [("https://example.com", true), ("https://example.com/ai", false)] {
        let body = Body::from("{}");
        let mut it = request(Method::POST, "/ai/api/conversations", As::Cookie(&ann), body);
        it.headers_mut().insert(header::ORIGIN, origin.parse().unwrap());
        it.headers_mut().insert(header::HOST, "example.com".parse().unwrap());
        it.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        let answer = house.send(it).await;
        assert_eq!(answer.status == StatusCode::CREATED, fits, "{answer:?}");
    }
}
