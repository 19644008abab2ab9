//! Rules of tokens for programs, found by the port `Users`. No rule compares secrets or ids of two mints.

use std::time::Duration;

use appliance_core::{
    ApiToken, Batch, Conflict, ErrorKind, MAX_TOKENS, Thing, TokenHash, TokenId, TokenScope,
    UserId, Write,
};

use crate::{
    Checked, StoreFixture,
    given::{self, a_user, lost_to, refusal},
};

/// How long the tokens of these rules work.
const HOUR: Duration = Duration::from_secs(3_600);

/// A token is found by its id, by its hash, and among its owner's, oldest first; another's are not there.
pub async fn a_token_is_found_by_id_hash_and_owner(it: &mut impl StoreFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    let first = token(it, ada, "editor", 1);
    it.pass(Duration::from_secs(1)).await; // two mints of one moment have no order
    let second = token(it, ada, "shell", 2);
    it.write(vec![put(it, first.clone()), put(it, second.clone())]).await?;
    assert_eq!(it.users().token(first.id).await?, Some(first.clone()));
    assert_eq!(it.users().token_by_hash(second.token_hash).await?, Some(second.clone()));
    assert_eq!(it.users().token_by_hash(TokenHash([9; 32])).await?, None);
    assert_eq!(it.users().tokens(ada).await?, [first, second]);
    assert_eq!(it.users().tokens(bob).await?, []);
    Ok(())
}

/// A name is one token's among its owner's, free again once that is revoked, and free for others.
pub async fn a_tokens_name_is_its_own_among_its_owners(it: &mut impl StoreFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    let first = token(it, ada, "editor", 1);
    it.write(vec![put(it, first.clone())]).await?;
    it.write(vec![put(it, token(it, bob, "editor", 2))]).await?;
    let twice = Batch::new().write(put(it, token(it, ada, "editor", 3)));
    let taken = it.records().apply(twice.clone()).await;
    lost_to(&Conflict::Exists(Thing::TokenName), taken)?;
    it.write(vec![Write::RevokeToken { id: first.id, owner: ada }]).await?;
    it.records().apply(twice).await.map(drop)
}

/// An expired token gives its name to the next that wants it, and is gone then.
pub async fn an_expired_tokens_name_is_free_again(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let first = token(it, ada, "editor", 1);
    it.write(vec![put(it, first.clone())]).await?;
    it.pass(HOUR - Duration::from_millis(1)).await;
    let early = Batch::new().write(put(it, token(it, ada, "editor", 2)));
    let taken = it.records().apply(early).await;
    lost_to(&Conflict::Exists(Thing::TokenName), taken)?;
    it.pass(Duration::from_millis(1)).await;
    let second = token(it, ada, "editor", 3);
    it.write(vec![put(it, second.clone())]).await?;
    assert_eq!(it.users().tokens(ada).await?, [second]);
    assert_eq!(it.users().token_by_hash(first.token_hash).await?, None);
    Ok(())
}

/// A user has a hundred tokens and no more; what has expired makes room, the oldest first.
pub async fn an_expired_token_makes_room(it: &mut impl StoreFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    for n in 0..MAX_TOKENS {
        let hash = u8::try_from(n).unwrap_or(u8::MAX);
        it.write(vec![put(it, token(it, ada, &format!("t{n}"), hash))]).await?;
        it.pass(Duration::from_millis(2)).await;
    }
    let one_more = Batch::new().write(put(it, token(it, ada, "more", 200)));
    lost_to(&Conflict::TokensFull(ada), it.records().apply(one_more).await)?;
    it.write(vec![put(it, token(it, bob, "more", 201))]).await?;
    it.pass(HOUR).await;
    it.write(vec![put(it, token(it, ada, "more", 200))]).await?;
    let names = it.users().tokens(ada).await?.into_iter().map(|token| token.name);
    let names: Vec<String> = names.collect();
    assert_eq!((names.len(), &*names[0], &*names[99]), (MAX_TOKENS, "t1", "more"));
    Ok(())
}

/// A token belongs to a user that exists, and its hash to no other.
pub async fn a_tokens_hash_belongs_to_one_token(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    it.write(vec![put(it, token(it, ada, "editor", 1))]).await?;
    let twice = Batch::new().write(put(it, token(it, ada, "shell", 1)));
    refusal(ErrorKind::Conflict, it.records().apply(twice).await)?;
    let nobody = given::user(&it.mint()).id;
    let of_nobody = Batch::new().write(put(it, token(it, nobody, "editor", 2)));
    refusal(ErrorKind::Invalid, it.records().apply(of_nobody).await)?;
    Ok(())
}

/// A revoked token is gone at once; nobody revokes another's, and revoking none is fine.
pub async fn a_token_is_revoked_by_its_owner_alone(it: &mut impl StoreFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    let token = token(it, ada, "editor", 1);
    let id = token.id;
    it.write(vec![put(it, token.clone())]).await?;
    it.write(vec![Write::RevokeToken { id, owner: bob }]).await?;
    assert_eq!(it.users().token(id).await?, Some(token.clone()));
    for _ in 0..2 {
        it.write(vec![Write::RevokeToken { id, owner: ada }]).await?;
        assert_eq!(it.users().token(id).await?, None);
        assert_eq!(it.users().token_by_hash(token.token_hash).await?, None);
        assert_eq!(it.users().tokens(ada).await?, []);
    }
    Ok(())
}

/// The last use is kept and never goes back; a use of a revoked token brings nothing back.
pub async fn a_tokens_last_use_goes_on_only(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let token = token(it, ada, "editor", 1);
    let (id, early) = (token.id, it.now());
    let late = early.plus(Duration::from_secs(60));
    it.write(vec![put(it, token)]).await?;
    for at in [late, early] {
        it.write(vec![Write::TouchToken { id, at }]).await?;
        let used = it.users().token(id).await?.and_then(|token| token.last_used_at);
        assert_eq!(used, Some(late));
    }
    it.write(vec![Write::RevokeToken { id, owner: ada }]).await?;
    it.write(vec![Write::TouchToken { id, at: late }]).await?;
    assert_eq!(it.users().token(id).await?, None);
    Ok(())
}

/// Makes a token now.
fn put(it: &impl StoreFixture, token: ApiToken) -> Write {
    Write::PutToken { token, at: it.now() }
}

fn token(it: &impl StoreFixture, user_id: UserId, name: &str, hash: u8) -> ApiToken {
    ApiToken {
        id: it.mint().next(TokenId::from_uuid),
        user_id,
        name: name.to_owned(),
        token_hash: TokenHash([hash; 32]),
        scopes: vec![TokenScope::MemoryRead, TokenScope::Chat],
        created_at: it.now(),
        expires_at: Some(it.now().plus(HOUR)),
        last_used_at: None,
    }
}

/// Expands to one test a rule of this file.
#[macro_export]
macro_rules! api_tokens_contract {
    ($fixture:expr) => {
        $crate::contract_tests!(
            api_tokens,
            $fixture,
            a_token_is_found_by_id_hash_and_owner,
            a_tokens_name_is_its_own_among_its_owners,
            an_expired_tokens_name_is_free_again,
            an_expired_token_makes_room,
            a_tokens_hash_belongs_to_one_token,
            a_token_is_revoked_by_its_owner_alone,
            a_tokens_last_use_goes_on_only,
        );
    };
}
