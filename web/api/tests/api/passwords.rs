//! Passwords are the same however a keyboard composes them; older hashes work on.

use appliance_core::{
    Batch, User, UserRole, Write,
    ports::{Records as _, Users as _},
};
use argon2::{Argon2, password_hash::PasswordHasher as _};
use http::StatusCode;
use serde_json::json;

use crate::house::{As, House, person_of};

/// As one system sends it, and as another does.
const COMPOSED: &str = "Z\u{fc}rich im Fr\u{fc}hling";
const APART: &str = "Zu\u{308}rich im Fru\u{308}hling";

#[tokio::test]
async fn a_password_set_on_one_system_is_the_same_on_another() {
    let house = House::new();
    for (name, chosen) in [("ann", APART), ("bob", COMPOSED)] {
        let token = house.link(house.account(UserRole::User).await).await;
        let email = format!("{name}@example.com");
        let body =
            json!({"token": token, "display_name": name, "email": email, "password": chosen});
        assert_eq!(house.post("/api/auth/setup", As::Nobody, &body).await.status, StatusCode::OK);
        let spaced = COMPOSED.replace(' ', "\u{a0}");
        for typed in [APART, COMPOSED, spaced.as_str()] {
            assert_eq!(house.login(&email, typed).await.status, StatusCode::OK, "{typed:?}");
        }
        for other in ["Zurich im Fruhling", "z\u{fc}rich im fr\u{fc}hling"] {
            house.login(&email, other).await.refused(401, "auth.failed");
        }
    }
}

#[tokio::test]
async fn a_password_hashed_as_it_was_typed_works_on_and_is_hashed_anew() {
    let house = House::new();
    let ann = house.person("ann", UserRole::Admin).await;
    let user = house.store.get(ann.id).await.unwrap().unwrap();
    let older = Argon2::default().hash_password(APART.as_bytes()).unwrap().to_string();
    let older = User { password_hash: Some(older), ..user };
    house.store.apply(Batch::new().write(Write::PutUser(older))).await.unwrap();

    house.login("ann@example.com", COMPOSED).await.refused(401, "auth.failed");
    let entered = house.login("ann@example.com", APART).await;
    assert_eq!(entered.status, StatusCode::OK, "{entered:?}");
    let entered = person_of(ann.id, &entered);
    for typed in [COMPOSED, APART] {
        assert_eq!(house.login("ann@example.com", typed).await.status, StatusCode::OK, "{typed:?}");
    }
    for session in [&ann, &entered] {
        assert_eq!(house.get("/api/auth/me", As::Bearer(session)).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_password_that_cannot_be_typed_everywhere_is_refused_by_field() {
    let house = House::new();
    let token = house.link(house.account(UserRole::Admin).await).await;
    let short = "u\u{308}".repeat(11);
    for (password, words) in [
        ("four quiet\twords", "control character"),
        (short.as_str(), "has 11 characters"),
        ("", "0"),
    ] {
        let body = json!({"token": token, "display_name": "ann", "email": "ann@example.com",
            "password": password});
        let refused = house.post("/api/auth/setup", As::Nobody, &body).await;
        let problem = refused.refused(422, "password.weak");
        assert_eq!(problem.errors[0].pointer, "/password");
        assert!(problem.detail.contains(words), "{}", problem.detail);
    }
}
