//! Rules of the port `Users`: people, logins and one-time links.

use std::time::Duration;

use appliance_core::{
    Batch, Condition, Conflict, ErrorKind, Session, SessionId, SetupLink, Thing, Timestamp,
    TokenHash, User, UserId, Write,
};

use crate::{
    Checked, StoreFixture,
    given::{self, a_user, lost_to, refusal},
};

/// An e-mail belongs to one user, however its letters are written.
pub async fn an_email_is_unique_whatever_its_case(it: &mut impl StoreFixture) -> Checked {
    let (ada, bob) = (named(it, "ada@example.org"), named(it, "Ada@Example.org"));
    let id = ada.id;
    it.write(vec![Write::PutUser(ada)]).await?;
    let twice = it.records().apply(Batch::new().write(Write::PutUser(bob))).await;
    lost_to(&Conflict::EmailTaken, twice)?;
    let found = it.users().by_email("ADA@example.ORG").await?.map(|user| user.id);
    assert_eq!(found, Some(id));
    Ok(())
}

/// A user who changes the e-mail is found by the new one alone, and the old one is free.
pub async fn a_changed_email_frees_the_old_one(it: &mut impl StoreFixture) -> Checked {
    let ada = named(it, "ada@example.org");
    let renamed = User { email: Some("countess@example.org".to_owned()), ..ada.clone() };
    it.write(vec![Write::PutUser(ada)]).await?;
    it.write(vec![Write::PutUser(renamed.clone())]).await?;
    assert_eq!(it.users().by_email("ada@example.org").await?, None);
    assert_eq!(it.users().by_email("countess@example.org").await?, Some(renamed));
    it.write(vec![Write::PutUser(named(it, "ada@example.org"))]).await
}

/// The first user is the one made first, even when the clock stepped back and after changes.
pub async fn the_first_user_is_the_one_made_first(it: &mut impl StoreFixture) -> Checked {
    assert_eq!(it.users().first().await?, None);
    let first = given::user(&it.mint());
    it.write(vec![Write::PutUser(first.clone())]).await?;
    it.set_wall(Timestamp::from_unix_micros(0));
    a_user(it).await?;
    let first = User { display_name: "Ada Lovelace".to_owned(), ..first };
    it.write(vec![Write::PutUser(first.clone())]).await?;
    assert_eq!(it.users().first().await?, Some(first.clone()));
    assert_eq!(it.users().get(first.id).await?, Some(first));
    Ok(())
}

/// A session is found by its id and by its token's hash; another hash finds nothing.
pub async fn a_session_is_found_by_id_and_token(it: &mut impl StoreFixture) -> Checked {
    let session = session(it, a_user(it).await?, 7);
    it.write(vec![Write::PutSession(session.clone())]).await?;
    assert_eq!(it.users().session(session.id).await?, Some(session.clone()));
    assert_eq!(it.users().session_by_token(session.token_hash).await?, Some(session));
    assert_eq!(it.users().session_by_token(TokenHash([8; 32])).await?, None);
    Ok(())
}

/// A token's hash belongs to one session, and a session to a user that exists.
pub async fn a_token_belongs_to_one_session(it: &mut impl StoreFixture) -> Checked {
    let user = a_user(it).await?;
    it.write(vec![Write::PutSession(session(it, user, 7))]).await?;
    let twice = Batch::new().write(Write::PutSession(session(it, user, 7)));
    refusal(ErrorKind::Conflict, it.records().apply(twice).await)?;
    let nobody = given::user(&it.mint()).id;
    let of_nobody = Batch::new().write(Write::PutSession(session(it, nobody, 9)));
    refusal(ErrorKind::Invalid, it.records().apply(of_nobody).await)?;
    Ok(())
}

/// Logging out counts once; logging out of nothing is fine.
pub async fn a_session_is_revoked_once(it: &mut impl StoreFixture) -> Checked {
    let session = session(it, a_user(it).await?, 7);
    let (id, first) = (session.id, it.now());
    it.write(vec![Write::PutSession(session)]).await?;
    it.write(vec![Write::RevokeSession { id, at: first }]).await?;
    it.write(vec![Write::RevokeSession { id, at: first.plus(Duration::from_secs(9)) }]).await?;
    let revoked = it.users().session(id).await?.and_then(|session| session.revoked_at);
    assert_eq!(revoked, Some(first));
    let none = it.mint().next(SessionId::from_uuid);
    it.write(vec![Write::RevokeSession { id: none, at: first }]).await
}

/// A new link takes the earlier ones of the same user away, and nobody else's.
pub async fn a_newer_setup_link_takes_the_earlier_away(it: &mut impl StoreFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    for (user, token) in [(ada, 1), (bob, 2), (ada, 3)] {
        it.write(vec![Write::PutSetupLink(link(it, user, token))]).await?;
    }
    for (token, there) in [(1, false), (2, true), (3, true)] {
        let found = it.users().setup_link(TokenHash([token; 32])).await?;
        assert_eq!(found.is_some(), there, "link {token}");
    }
    Ok(())
}

/// A link is used up by its first use.
pub async fn a_setup_link_works_once(it: &mut impl StoreFixture) -> Checked {
    let link = link(it, a_user(it).await?, 1);
    let (token_hash, at) = (link.token_hash, it.now());
    it.write(vec![Write::PutSetupLink(link)]).await?;
    let take = || {
        Batch::new()
            .when(Condition::SetupLinkValid { token_hash, at })
            .write(Write::TakeSetupLink(token_hash))
    };
    it.records().apply(take()).await?;
    lost_to(&Conflict::Gone(Thing::SetupLink), it.records().apply(take()).await)?;
    assert_eq!(it.users().setup_link(token_hash).await?, None);
    Ok(())
}

/// A link that has run out is still found, and its use is refused.
pub async fn an_expired_setup_link_is_refused(it: &mut impl StoreFixture) -> Checked {
    let link = link(it, a_user(it).await?, 1);
    let (token_hash, at) = (link.token_hash, link.expires_at);
    it.write(vec![Write::PutSetupLink(link.clone())]).await?;
    let late = Batch::new().when(Condition::SetupLinkValid { token_hash, at });
    lost_to(&Conflict::Gone(Thing::SetupLink), it.records().apply(late).await)?;
    assert_eq!(it.users().setup_link(token_hash).await?, Some(link));
    Ok(())
}

fn named(it: &impl StoreFixture, email: &str) -> User {
    User { email: Some(email.to_owned()), ..given::user(&it.mint()) }
}

fn session(it: &impl StoreFixture, user_id: UserId, token: u8) -> Session {
    Session {
        id: it.mint().next(SessionId::from_uuid),
        user_id,
        token_hash: TokenHash([token; 32]),
        ip_address: Some("127.0.0.1".to_owned()),
        user_agent: None,
        created_at: it.now(),
        expires_at: it.now().plus(Duration::from_secs(3600)),
        revoked_at: None,
    }
}

fn link(it: &impl StoreFixture, user_id: UserId, token: u8) -> SetupLink {
    let expires_at = it.now().plus(Duration::from_secs(3600));
    SetupLink { token_hash: TokenHash([token; 32]), user_id, expires_at }
}

/// Expands to one test a rule of this file.
#[macro_export]
macro_rules! users_contract {
    ($fixture:expr) => {
        $crate::contract_tests!(
            users,
            $fixture,
            an_email_is_unique_whatever_its_case,
            a_changed_email_frees_the_old_one,
            the_first_user_is_the_one_made_first,
            a_session_is_found_by_id_and_token,
            a_token_belongs_to_one_session,
            a_session_is_revoked_once,
            a_newer_setup_link_takes_the_earlier_away,
            a_setup_link_works_once,
            an_expired_setup_link_is_refused,
        );
    };
}
