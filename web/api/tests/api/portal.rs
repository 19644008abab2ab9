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
