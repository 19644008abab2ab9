//! Logging in and out, being set up, and what keeps other sites and plain text out.

use std::{net::IpAddr, time::Duration};

use appliance_core::{
    Clock as _, PageRequest, UserRole,
    ports::{AuditTrail, Users},
};
use axum::body::Body;
use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use web_api::{Peer, Proxies};

use crate::house::{As, House, PASSWORD, person_of, request};

#[tokio::test]
async fn a_person_is_set_up_once_logs_in_and_is_who_they_are() {
    let house = House::new();
    let id = house.account(UserRole::Admin).await;
    assert_eq!(house.get("/api/info", As::Nobody).await.json::<Value>()["needs_setup"], true);

    let token = house.link(id).await;
    let first = house.set_up(&token, "ann").await;
    assert_eq!(first.status, StatusCode::OK);
    house.set_up(&token, "eve").await.refused(410, "setup.link_invalid");
    assert_eq!(house.get("/api/info", As::Nobody).await.json::<Value>()["needs_setup"], false);

    let ann = person_of(id, &house.login(" ANN@example.com ", PASSWORD).await);
    for who in [As::Bearer(&ann), As::Cookie(&ann), As::Local] {
        let me: Value = house.get("/api/auth/me", who).await.json();
        assert_eq!(me["id"], id.to_string());
        assert_eq!((&me["email"], &me["role"]), (&json!("ann@example.com"), &json!("admin")));
    }
    assert!(house.store.get(id).await.unwrap().unwrap().last_login_at.is_some());
}

#[tokio::test]
async fn the_cookie_is_host_bound_and_the_secret_is_stored_nowhere() {
    let house = House::new();
    let ann = house.person("ann", UserRole::Admin).await;
    let answer = house.login("ann@example.com", PASSWORD).await;
    let set = answer.headers[header::SET_COOKIE].to_str().unwrap();
    for part in ["__Host-ai_session=", "; HttpOnly", "; Secure", "; SameSite=Lax", "; Path=/"] {
        assert!(set.contains(part), "{part} not in the cookie");
    }
    assert!(!set.contains("Domain"));
    let secret = ann.cookie.split_once('=').unwrap().1;
    assert_eq!(secret.len(), 43, "256 bits");
    assert!(!answer.body.windows(secret.len()).any(|window| window == secret.as_bytes()));
}

#[tokio::test]
async fn wrong_password_unknown_account_and_switched_off_account_answer_alike() {
    let house = House::new();
    house.person("ann", UserRole::Admin).await;
    let wrong = house.login("ann@example.com", "not my password").await;
    let unknown = house.login("nobody@example.com", PASSWORD).await;
    let (wrong, unknown) = (wrong.refused(401, "auth.failed"), unknown.refused(401, "auth.failed"));
    assert_eq!(wrong.detail, unknown.detail);
    let trail = house.store.events(PageRequest::new(2, None)).await.unwrap();
    assert!(trail.items.iter().all(|line| line.action == "login"));
}

#[tokio::test]
async fn an_unknown_account_takes_as_long_as_a_wrong_password() {
    let house = House::new();
    house.person("ann", UserRole::Admin).await;
    let mut spent = [Duration::ZERO; 2];
    for _ in 0..4 {
        for (which, email) in ["ann@example.com", "nobody@example.com"].into_iter().enumerate() {
            let began = tokio::time::Instant::now();
            house.login(email, "not my password").await.refused(401, "auth.failed");
            spent[which] += began.elapsed();
        }
    }
    let [known, unknown] = spent.map(|time| time.as_secs_f64());
    assert!((0.4..2.5).contains(&(unknown / known)), "{known} s against {unknown} s");
}

#[tokio::test]
async fn passwords_are_not_taken_over_plain_http_from_the_network() {
    let house = House::with(|parts| {
        parts.settings.proxies = Proxies::new(["127.0.0.1".parse::<IpAddr>().unwrap().into()]);
    });
    house.person("ann", UserRole::Admin).await;
    let send = |peer: [u8; 4], forwarded: Option<&'static str>| {
        let body = json!({"email": "ann@example.com", "password": PASSWORD}).to_string();
        let mut it = request(Method::POST, "/api/auth/login", As::Nobody, Body::from(body));
        it.extensions_mut().insert(Peer::Remote((peer, 4000).into()));
        it.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        it.headers_mut().insert(header::HOST, "ai.example.com".parse().unwrap());
        if let Some(proto) = forwarded {
            it.headers_mut().insert("x-forwarded-proto", proto.parse().unwrap());
            it.headers_mut().insert("x-forwarded-for", "198.51.100.9".parse().unwrap());
        }
        house.send(it)
    };
    send([203, 0, 113, 5], None).await.refused(403, "auth.insecure");
    send([203, 0, 113, 5], Some("https")).await.refused(403, "auth.insecure");
    send([127, 0, 0, 2], Some("https")).await.refused(403, "auth.insecure");
    send([127, 0, 0, 1], Some("http")).await.refused(403, "auth.insecure");
    assert_eq!(send([127, 0, 0, 1], Some("https")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn logging_out_ends_cookie_and_token_at_once() {
    let house = House::new();
    let ann = house.person("ann", UserRole::Admin).await;
    let other = person_of(ann.id, &house.login("ann@example.com", PASSWORD).await);
    let answer = house.post("/api/auth/logout", As::Cookie(&ann), &json!({})).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(answer.headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    for who in [As::Cookie(&ann), As::Bearer(&ann)] {
        house.get("/api/auth/me", who).await.refused(401, "auth.required");
    }
    let me = house.get("/api/auth/me", As::Bearer(&other)).await;
    assert_eq!(me.status, StatusCode::OK, "another login stays");
}

#[tokio::test]
async fn a_login_ends_with_its_time_and_with_a_new_password() {
    let house = House::new();
    let ann = house.person("ann", UserRole::Admin).await;
    house.clock.advance(Duration::from_secs(60));
    assert_eq!(house.set_up(&house.link(ann.id).await, "ann").await.status, StatusCode::OK);
    house.get("/api/auth/me", As::Bearer(&ann)).await.refused(401, "auth.required");

    let ann = person_of(ann.id, &house.login("ann@example.com", PASSWORD).await);
    house.clock.advance(Duration::from_secs(7 * 24 * 3600 - 1));
    assert_eq!(house.get("/api/auth/me", As::Cookie(&ann)).await.status, StatusCode::OK);
    house.clock.advance(Duration::from_secs(1));
    for who in [As::Cookie(&ann), As::Bearer(&ann)] {
        house.get("/api/auth/me", who).await.refused(401, "auth.required");
    }
}

#[tokio::test]
async fn a_clock_that_steps_back_locks_nobody_out() {
    let house = House::new();
    house.person("ann", UserRole::Admin).await;
    house.clock.set_millis(1_700_000_000_000);
    let answer = house.login("ann@example.com", PASSWORD).await;
    let ann = person_of(appliance_core::UserId::from_bytes([0; 16]), &answer);
    assert_eq!(house.get("/api/auth/me", As::Cookie(&ann)).await.status, StatusCode::OK);
}

/// A month, a year and ten years.
const JUMPS: [u64; 3] = [31, 366, 3_660];

const DAY_MILLIS: u64 = 24 * 60 * 60 * 1_000;

#[tokio::test]
async fn a_clock_that_jumps_ends_no_login_and_locks_nobody_out() {
    let house = House::new();
    let ann = house.person("ann", UserRole::Admin).await;
    let start = house.clock.now().unix_millis();
    for days in JUMPS {
        let jump = days * DAY_MILLIS;
        for wall in [start + jump, start, start - jump, start] {
            house.clock.set_millis(wall);
            for who in [As::Cookie(&ann), As::Bearer(&ann)] {
                let me = house.get("/api/auth/me", who).await;
                assert_eq!(me.status, StatusCode::OK, "{days} days: {me:?}");
            }
        }
        house.clock.set_millis(start + jump);
        let fresh = person_of(ann.id, &house.login("ann@example.com", PASSWORD).await);
        house.clock.set_millis(start);
        assert_eq!(house.get("/api/auth/me", As::Bearer(&fresh)).await.status, StatusCode::OK);
        house.clock.advance(Duration::from_secs(60));
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_revives_no_login_and_no_link() {
    let house = House::new();
    let ann = house.person("ann", UserRole::Admin).await;
    let link = house.link(ann.id).await;
    let start = house.clock.now().unix_millis();
    house.clock.advance(Duration::from_secs(7 * 24 * 3600 + 1));
    house.get("/api/auth/me", As::Cookie(&ann)).await.refused(401, "auth.required");
    for days in JUMPS {
        house.clock.set_millis(start - days * DAY_MILLIS);
        for who in [As::Cookie(&ann), As::Bearer(&ann)] {
            house.get("/api/auth/me", who).await.refused(401, "auth.required");
        }
        house.set_up(&link, "ann").await.refused(410, "setup.link_invalid");
    }
    let answer = house.login("ann@example.com", PASSWORD).await;
    let ann = person_of(ann.id, &answer);
    assert_eq!(house.get("/api/auth/me", As::Cookie(&ann)).await.status, StatusCode::OK);
    house.clock.set_millis(start + 7 * DAY_MILLIS);
    assert_eq!(house.get("/api/auth/me", As::Cookie(&ann)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_link_works_for_an_hour_and_a_new_one_takes_its_place() {
    let house = House::new();
    let id = house.account(UserRole::Admin).await;
    let old = house.link(id).await;
    let new = house.link(id).await;
    house.set_up(&old, "ann").await.refused(410, "setup.link_invalid");
    house.clock.advance(Duration::from_secs(3600));
    house.set_up(&new, "ann").await.refused(410, "setup.link_invalid");
    house.set_up("never-minted", "ann").await.refused(410, "setup.link_invalid");
}

#[tokio::test]
async fn an_unusable_choice_leaves_the_link_good() {
    let house = House::new();
    let (_ann, bob) =
        (house.person("ann", UserRole::Admin).await, house.account(UserRole::User).await);
    let token = house.link(bob).await;
    let choose = |email: &'static str, password: &'static str, name: &'static str| {
        let body =
            json!({"token": token, "display_name": name, "email": email, "password": password});
        let house = &house;
        async move { house.post("/api/auth/setup", As::Nobody, &body).await }
    };
    choose("no address", PASSWORD, "bob").await.refused(422, "email.invalid");
    choose("bob@example.com", "too short", "bob").await.refused(422, "password.weak");
    choose("bob@example.com", PASSWORD, " ").await.refused(422, "body.invalid");
    choose("ANN@example.com", PASSWORD, "bob").await.refused(409, "email.taken");
    assert_eq!(choose("bob@example.com", PASSWORD, "bob").await.status, StatusCode::OK);
}

#[tokio::test]
async fn only_one_of_many_holders_uses_a_link() {
    let house = House::new();
    let id = house.account(UserRole::Admin).await;
    let token = house.link(id).await;
    let tries = futures_util::future::join_all((0..6).map(|_| house.set_up(&token, "ann"))).await;
    let won = tries.iter().filter(|answer| answer.status == StatusCode::OK).count();
    assert_eq!(won, 1);
}

#[tokio::test]
async fn setup_links_are_made_for_admins_and_the_local_socket() {
    let house = House::new();
    let (ann, bob) = house.two_people().await;
    house
        .post("/api/auth/setup-link", As::Bearer(&bob), &json!({}))
        .await
        .refused(403, "forbidden");
    house.post("/api/auth/setup-link", As::Nobody, &json!({})).await.refused(401, "auth.required");
    for who in [As::Local, As::Bearer(&ann)] {
        let link: Value = house.post("/api/auth/setup-link", who, &json!({})).await.json();
        assert!(link["url"].as_str().unwrap().starts_with("http://127.0.0.1:8000/setup#t="));
    }
}

#[tokio::test]
async fn another_sites_page_cannot_write_with_the_cookie() {
    let house = House::new();
    let ann = house.person("ann", UserRole::Admin).await;
    let with = |headers: &[(&'static str, &'static str)]| {
        let mut it =
            request(Method::POST, "/api/conversations", As::Cookie(&ann), Body::from("{}"));
        it.headers_mut().remove(header::ORIGIN);
        it.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        for (name, value) in headers {
            it.headers_mut().insert(*name, value.parse().unwrap());
        }
        house.send(it)
    };
    for foreign in [
        &[("origin", "http://evil.example")][..],
        &[("origin", "null")],
        &[("origin", "http://127.0.0.1:9999")],
        &[("origin", "http://evil.example"), ("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[],
    ] {
        with(foreign).await.refused(403, "origin.foreign");
    }
    assert_eq!(with(&[("origin", "http://127.0.0.1:8000")]).await.status, StatusCode::CREATED);
    assert_eq!(with(&[("sec-fetch-site", "same-origin")]).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_foreign_host_name_is_sent_elsewhere() {
    let house = House::new();
    let to = |host: Option<&'static str>| {
        let mut it = request(Method::GET, "/api/info", As::Nobody, Body::empty());
        it.headers_mut().remove(header::HOST);
        if let Some(host) = host {
            it.headers_mut().insert(header::HOST, host.parse().unwrap());
        }
        house.send(it)
    };
    for host in ["rebound.example", "10.1.2.3:8000"] {
        to(Some(host)).await.refused(421, "host.foreign");
    }
    to(None).await.refused(400, "request.malformed");
    for host in ["localhost:8000", "127.0.0.1:8000", "ai.example.com", "[::1]:8000"] {
        assert_eq!(to(Some(host)).await.status, StatusCode::OK, "{host}");
    }
}

#[tokio::test]
async fn a_token_in_the_query_is_no_login() {
    let house = House::new();
    let ann = house.person("ann", UserRole::Admin).await;
    let path = format!("/api/auth/me?token={0}&access_token={0}", ann.jwt);
    house.get(&path, As::Nobody).await.refused(401, "auth.required");
}

#[tokio::test]
async fn the_log_ins_of_two_servers_on_one_host_live_side_by_side() {
    let server = |id: &'static str| House::with(|parts| parts.settings.instance = id.to_owned());
    let (one, two) = (server("5be10a37-c2d1"), server("77f00a37-c2d1"));
    let (ann, bob) =
        (one.person("ann", UserRole::Admin).await, two.person("bob", UserRole::Admin).await);
    let names = [&ann, &bob].map(|it| it.cookie.split_once('=').unwrap().0.to_owned());
    assert!(names[0] != names[1] && names.iter().all(|it| it.starts_with("__Host-")), "{names:?}");
    // A browser sends the cookies of the host, whatever the port.
    for (house, person) in [(&one, &ann), (&two, &bob)] {
        let mut both = request(Method::GET, "/api/auth/me", As::Cookie(person), Body::empty());
        let jar = format!("{}; {}", ann.cookie, bob.cookie);
        both.headers_mut().insert(header::COOKIE, jar.parse().unwrap());
        let me: Value = house.send(both).await.json();
        assert_eq!(me["id"], person.id.to_string());
    }
    let out = one.post("/api/auth/logout", As::Cookie(&ann), &json!({})).await;
    let cleared = out.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cleared.starts_with(&format!("{}=;", names[0])), "{cleared}");
}

#[tokio::test]
async fn a_link_says_beforehand_whether_it_can_be_used_and_is_not_used_up_by_that() {
    let house = House::new();
    let id = house.account(UserRole::Admin).await;
    let token = house.link(id).await;
    let check = json!({"token": token});
    for _ in 0..30 {
        let answer = house.post("/api/auth/setup/check", As::Nobody, &check).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    }
    assert_eq!(house.set_up(&token, "ann").await.status, StatusCode::OK);
    for token in [token.as_str(), "", "unknown"] {
        let check = json!({"token": token});
        let answer = house.post("/api/auth/setup/check", As::Nobody, &check).await;
        answer.refused(410, "setup.link_invalid");
    }
}
