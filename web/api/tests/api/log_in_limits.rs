//! How often a password may be tried, by whom, and whom nobody's tries hold up.

use std::net::IpAddr;

use appliance_core::UserRole;
use axum::body::Body;
use http::{Method, StatusCode, header};
use serde_json::json;
use tokio::time::Instant;
use web_api::Proxies;

use crate::house::{Answer, As, House, PASSWORD, request};

const WRONG: &str = "guess guess guess";

/// One try at ann's account, passed on for `client` by whoever stands on this machine.
async fn tried(house: &House, client: &str, password: &str, cookie: Option<&str>) -> Answer {
    let body = json!({"email": "ann@example.com", "password": password}).to_string();
    let mut it = request(Method::POST, "/api/auth/login", As::Nobody, Body::from(body));
    let headers = it.headers_mut();
    headers.insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    headers.insert("x-forwarded-for", client.parse().unwrap());
    headers.insert("x-forwarded-proto", "https".parse().unwrap());
    if let Some(cookie) = cookie {
        headers.insert(header::COOKIE, cookie.parse().unwrap());
        headers.insert("sec-fetch-site", "same-origin".parse().unwrap());
    }
    house.send(it).await
}

fn behind_a_proxy() -> House {
    House::with(|parts| {
        parts.settings.proxies = Proxies::new(["127.0.0.1".parse::<IpAddr>().unwrap().into()]);
    })
}

/// Tries from 300 addresses and returns how many were looked at, not refused.
async fn guessed(house: &House) -> usize {
    let mut looked_at = 0;
    for n in 0..300 {
        let client = format!("198.51.{}.{}", n / 200, n % 200);
        let answer = tried(house, &client, WRONG, None).await;
        if answer.status != StatusCode::TOO_MANY_REQUESTS {
            looked_at += 1;
        } else {
            answer.refused(429, "auth.limited");
            let wait: u64 = answer.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
            assert!((1..=60).contains(&wait), "{wait}");
        }
    }
    looked_at
}

#[tokio::test]
async fn an_address_that_a_stranger_writes_itself_gives_no_further_tries() {
    let house = House::new();
    house.person("ann", UserRole::Admin).await;
    let began = Instant::now();
    let looked_at = guessed(&house).await as u64;
    assert!((10..=10 + regained(began, 10)).contains(&looked_at), "{looked_at}: the peer's own");
}

#[tokio::test]
async fn ten_tries_a_minute_and_then_it_waits_even_with_the_right_password() {
    let house = House::new();
    house.person("ann", UserRole::Admin).await;
    let began = Instant::now();
    for _ in 0..10 {
        house.login("ann@example.com", WRONG).await.refused(401, "auth.failed");
    }
    // On a slow machine some tries have come back meanwhile: they are used up too.
    let mut more = 0;
    while house.login("ann@example.com", WRONG).await.status == StatusCode::UNAUTHORIZED {
        more += 1;
        assert!(more <= regained(began, 10), "{more} tries more than ten a minute");
    }
    if house.login("ann@example.com", PASSWORD).await.status == StatusCode::OK {
        assert!(more < regained(began, 10), "the right password passes the limit by");
    }
}

/// Tries that come back at `a_minute` since `began`, at most.
fn regained(began: Instant, a_minute: u64) -> u64 {
    began.elapsed().as_secs() * a_minute / 60 + 1
}

#[tokio::test]
async fn many_addresses_do_not_get_many_tries_and_do_not_lock_the_owner_out() {
    let house = behind_a_proxy();
    house.person("ann", UserRole::Admin).await;
    let answer = tried(&house, "203.0.113.7", PASSWORD, None).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let mark = answer.headers.get_all(header::SET_COOKIE).iter().nth(1).unwrap().to_str().unwrap();
    let mark = mark.split(';').next().unwrap();
    assert!(mark.starts_with("__Host-ai_device="), "{mark}");

    let began = Instant::now();
    let looked_at = guessed(&house).await as u64;
    let most = 30 + regained(began, 30);
    assert!((25..=most).contains(&looked_at), "{looked_at} guesses at one account");

    let known = tried(&house, "203.0.113.7", PASSWORD, None).await;
    assert_eq!(known.status, StatusCode::OK, "an address it logged in from: {known:?}");
    let device = tried(&house, "192.0.2.50", PASSWORD, Some(mark)).await;
    assert_eq!(device.status, StatusCode::OK, "a browser it logged in with: {device:?}");
    let body = json!({"email": "ann@example.com", "password": PASSWORD});
    for _ in 0..20 {
        let local = house.post("/api/auth/login", As::Local, &body).await;
        assert_eq!(local.status, StatusCode::OK, "the local socket: {local:?}");
    }
}

#[tokio::test]
async fn limits_count_the_client_that_a_proxy_names_in_whichever_form() {
    let house = behind_a_proxy();
    house.person("ann", UserRole::Admin).await;
    let left = async |name: &'static str, line: &str| {
        let body = json!({"email": "bob@example.com", "password": WRONG}).to_string();
        let mut it = request(Method::POST, "/api/auth/login", As::Nobody, Body::from(body));
        let headers = it.headers_mut();
        headers.insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        headers.insert(name, line.parse().unwrap());
        headers.insert("x-forwarded-proto", "https".parse().unwrap());
        house.send(it).await.status != StatusCode::TOO_MANY_REQUESTS
    };
    for n in 0..10 {
        assert!(left("x-forwarded-for", &format!("198.51.100.7:{}", 6_000 + n)).await, "{n}");
    }
    for line in
        ["for=198.51.100.7", "For=\"198.51.100.7:77\";proto=https", "for=x, for=198.51.100.7"]
    {
        assert!(!left("forwarded", line).await, "{line}");
    }
    assert!(!left("x-forwarded-for", "203.0.113.1, 198.51.100.7").await, "a hop it wrote itself");
    assert!(left("forwarded", "for=\"[2001:db8::7]:80\"").await, "another client");
    // The proxy's own address had one for setting the account up.
    for n in 0..9 {
        assert!(left("forwarded", &format!("for=_{n}")).await, "as the proxy itself, {n}");
    }
    for line in ["for=unknown", "for=\"", "for=198.51.100.9;for=198.51.100.9", "by=198.51.100.9"] {
        assert!(!left("forwarded", line).await, "{line}");
    }
}

#[tokio::test]
async fn a_mark_is_no_login() {
    let house = House::new();
    house.person("ann", UserRole::Admin).await;
    let answer = house.login("ann@example.com", PASSWORD).await;
    let mark = answer.headers.get_all(header::SET_COOKIE).iter().nth(1).unwrap().clone();
    let mut it = request(Method::GET, "/api/auth/me", As::Nobody, Body::empty());
    it.headers_mut().insert(header::COOKIE, mark);
    house.send(it).await.refused(401, "auth.required");
}
