//! Upkeep: acknowledged entries leave by age and bytes, what waits stays; ended logins leave.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::{sync::Arc, time::Duration};

use appliance_core::{
    AgentName, ApiToken, Batch, IdMint, Incarnation, IncarnationId, Priority, Session, SessionId,
    StreamName, Timestamp, TokenHash, TokenId, TokenScope, Write,
    bus::AGENTS_GROUP,
    ports::{Records as _, Streams as _, Sweep, Swept, Take, Upkeep as _, Users as _},
    time::ManualClock,
};
use storage_contract::given;
use storage_embedded::{DataDir, Store};

const START: u64 = 1_793_000_000_000;

/// Before anything.
const EVER: Timestamp = Timestamp::from_unix_micros(0);

struct House {
    _folder: tempfile::TempDir,
    store: Store,
    mint: IdMint,
}

impl House {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at_millis(START));
        let folder = tempfile::tempdir().unwrap();
        let dir = DataDir::open(folder.path()).unwrap();
        let store = Store::open(&dir, clock.clone(), appliance_tasks::Tasks::new()).unwrap();
        Self { _folder: folder, store, mint: IdMint::new(clock, 0) }
    }

    async fn write(&self, write: Write) {
        self.store.apply(Batch::new().write(write)).await.unwrap();
    }

    /// Takes the next entry, and acknowledges it if told to.
    async fn take(&self, stream: &StreamName, ack: bool) -> Option<u64> {
        let taker =
            Incarnation { agent: AgentName::Code, id: self.mint.next(IncarnationId::from_uuid) };
        let take = Take {
            taker,
            streams: vec![stream.clone()],
            group: AGENTS_GROUP.to_owned(),
            wait: Duration::ZERO,
        };
        let seq = self.store.take(take, Box::new(|_| Vec::new())).await.unwrap()?.seq;
        if ack {
            let (stream, group) = (stream.clone(), AGENTS_GROUP.to_owned());
            self.write(Write::AckBus { stream, group, seq }).await;
        }
        Some(seq)
    }
}

fn sweep(entries_before: Timestamp, stream_bytes: usize) -> Sweep {
    let (sessions_before, tokens_before) = (EVER, EVER);
    Sweep { entries_before, stream_bytes, sessions_before, tokens_before }
}

fn later() -> Timestamp {
    Timestamp::from_unix_micros(i64::try_from(START).unwrap() * 1_000 + 1)
}

#[tokio::test]
async fn what_was_acknowledged_leaves_and_what_waits_stays() {
    let house = House::new();
    let stream = StreamName::of_agent(AgentName::Code, Priority::NORMAL);
    for action in ["1", "2", "3", "4"] {
        house.write(given::append(&house.mint, &stream, action)).await;
    }
    assert_eq!(house.take(&stream, true).await, Some(1));
    assert_eq!(house.take(&stream, false).await, Some(2));
    assert_eq!(house.take(&stream, true).await, Some(3));
    let young = sweep(Timestamp::from_unix_micros(0), usize::MAX);
    assert_eq!(house.store.sweep(young).await.unwrap(), Swept::default());
    let swept = house.store.sweep(sweep(later(), usize::MAX)).await.unwrap();
    assert_eq!(swept, Swept { entries: 2, ..Swept::default() });
    assert_eq!(house.take(&stream, true).await, Some(4), "what nobody had is handed out");
    let swept = house.store.sweep(sweep(Timestamp::from_unix_micros(0), 0)).await.unwrap();
    assert_eq!(swept.entries, 1, "by bytes, but for the one that is in hand");
}

#[tokio::test]
async fn a_login_that_ended_leaves() {
    let house = House::new();
    let user = given::user(&house.mint);
    house.write(Write::PutUser(user.clone())).await;
    let session = |ends: i64, hash: u8| Session {
        id: house.mint.next(SessionId::from_uuid),
        user_id: user.id,
        token_hash: TokenHash([hash; 32]),
        ip_address: None,
        user_agent: None,
        created_at: later(),
        expires_at: Timestamp::from_unix_micros(ends),
        revoked_at: None,
    };
    let (old, live) = (session(10, 1), session(later().unix_micros(), 2));
    house.write(Write::PutSession(old.clone())).await;
    house.write(Write::PutSession(live.clone())).await;
    let until = Sweep { sessions_before: Timestamp::from_unix_micros(11), ..sweep(later(), 0) };
    let swept = house.store.sweep(until).await.unwrap();
    assert_eq!(swept, Swept { sessions: 1, ..Swept::default() });
    assert!(house.store.session(old.id).await.unwrap().is_none());
    assert!(house.store.session_by_token(live.token_hash).await.unwrap().is_some());
}

#[tokio::test]
async fn a_token_that_expired_long_ago_leaves() {
    let house = House::new();
    let user = given::user(&house.mint);
    house.write(Write::PutUser(user.clone())).await;
    let token = |ends: Option<i64>, hash: u8| ApiToken {
        id: house.mint.next(TokenId::from_uuid),
        user_id: user.id,
        name: format!("token {hash}"),
        token_hash: TokenHash([hash; 32]),
        scopes: vec![TokenScope::Memory],
        created_at: EVER,
        expires_at: ends.map(Timestamp::from_unix_micros),
        last_used_at: None,
    };
    let tokens = [token(Some(10), 1), token(Some(12), 2), token(None, 3)];
    for token in tokens.clone() {
        house.write(Write::PutToken { token, at: EVER }).await;
    }
    let until = Sweep { tokens_before: Timestamp::from_unix_micros(11), ..sweep(EVER, usize::MAX) };
    let swept = house.store.sweep(until).await.unwrap();
    assert_eq!(swept, Swept { tokens: 1, ..Swept::default() });
    let left = house.store.tokens(user.id).await.unwrap();
    let mut left: Vec<_> = left.into_iter().map(|token| token.name).collect();
    left.sort();
    assert_eq!(left, ["token 2", "token 3"]);
}
