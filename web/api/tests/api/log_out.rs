//! Logging out while the store takes nothing: the login is over whatever the disk says.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use appliance_core::{
    Applied, Batch, BatchKey, ErrorKind, SessionId, StoreError, UserRole,
    ports::{Records, Users},
};
use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{StatusCode, header};
use serde_json::json;

use crate::house::{As, House, PASSWORD};

/// The real records, on a disk that can be full.
#[derive(Debug)]
struct Disk {
    records: Arc<dyn Records>,
    full: Arc<AtomicBool>,
}

#[async_trait]
impl Records for Disk {
    async fn apply(&self, batch: Batch) -> Result<Applied, StoreError> {
        if self.full.load(Ordering::SeqCst) {
            return Err(StoreError::new(ErrorKind::Full, "records.apply", "no space left"));
        }
        self.records.apply(batch).await
    }

    async fn first_result(&self, key: &BatchKey) -> Result<Option<Applied>, StoreError> {
        self.records.first_result(key).await
    }
}

fn house() -> (House, Arc<AtomicBool>) {
    let full = Arc::new(AtomicBool::new(false));
    let house = House::with(|parts| {
        parts.records = Arc::new(Disk { records: parts.records.clone(), full: full.clone() });
    });
    (house, full)
}

fn session_of(jwt: &str) -> SessionId {
    let claims = URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1).unwrap()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    claims["sid"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_full_disk_keeps_nobody_logged_in() {
    let (house, full) = house();
    let ann = house.person("ann", UserRole::Admin).await;
    full.store(true, Ordering::SeqCst);
    let answer = house.post("/api/auth/logout", As::Cookie(&ann), &json!({})).await;
    let problem = answer.refused(507, "store.full");
    assert!(problem.detail.contains("has ended") && problem.detail.contains("restart"));
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-ai_session=;") && cookie.ends_with("Max-Age=0"), "{cookie}");
    for who in [As::Cookie(&ann), As::Bearer(&ann)] {
        house.get("/api/auth/me", who).await.refused(401, "auth.required");
    }
}

#[tokio::test]
async fn the_end_is_written_once_there_is_room() {
    let (house, full) = house();
    let ann = house.person("ann", UserRole::Admin).await;
    full.store(true, Ordering::SeqCst);
    house.post("/api/auth/logout", As::Bearer(&ann), &json!({})).await.refused(507, "store.full");
    let session =
        || async { Users::session(&house.store, session_of(&ann.jwt)).await.unwrap().unwrap() };
    assert!(session().await.revoked_at.is_none());
    full.store(false, Ordering::SeqCst);
    house.clock.advance(std::time::Duration::from_secs(3));
    house.get("/api/auth/me", As::Local).await;
    assert!(session().await.revoked_at.is_some(), "any later request writes it");
    house.get("/api/auth/me", As::Bearer(&ann)).await.refused(401, "auth.required");
}

#[tokio::test]
async fn a_wrong_password_is_wrong_on_a_full_disk_too() {
    let (house, full) = house();
    house.person("ann", UserRole::Admin).await;
    full.store(true, Ordering::SeqCst);
    house.login("ann@example.com", "guess guess guess").await.refused(401, "auth.failed");
    house.login("ann@example.com", PASSWORD).await.refused(507, "store.full");
    full.store(false, Ordering::SeqCst);
    let answer = house.login("ann@example.com", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK);
}
