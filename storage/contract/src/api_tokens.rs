//! Rules of tokens for programs, found by the port `Users`. No rule compares secrets or ids of two mints.

use std::time::Duration;

use appliance_core::{
    ApiToken, Batch, Conflict, ErrorKind, Thing, TokenHash, TokenId, TokenScope, UserId, Write,
};

use crate::{
    Checked, StoreFixture,
    given::{self, a_user, lost_to, refusal},
};

/// A token is found by its id, by its hash, and among its owner's, oldest first; another's are not there.
pub async fn a_token_is_found_by_id_hash_and_owner(it: &mut impl StoreFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    let first = token(it, ada, "editor", 1);
    it.pass(Duration::from_secs(1)).await; // two mints of one moment have no order
    let second = token(it, ada, "shell", 2);
    it.write(vec![Write::PutToken(first.clone()), Write::PutToken(second.clone())]).await?;
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
    it.write(vec![Write::PutToken(first.clone())]).await?;
    it.write(vec![Write::PutToken(token(it, bob, "editor", 2))]).await?;
    let twice = Batch::new().write(Write::PutToken(token(it, ada, "editor", 3)));
    let taken = it.records().apply(twice.clone()).await;
    lost_to(&Conflict::Exists(Thing::TokenName), taken)?;
    it.write(vec![Write::RevokeToken { id: first.id, owner: ada }]).await?;
    it.records().apply(twice).await.map(drop)
}

/// A token belongs to a user that exists, and its hash to no other.
pub async fn a_tokens_hash_belongs_to_one_token(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    it.write(vec![Write::PutToken(token(it, ada, "editor", 1))]).await?;
    let twice = Batch::new().write(Write::PutToken(token(it, ada, "shell", 1)));
    refusal(ErrorKind::Conflict, it.records().apply(twice).await)?;
    let nobody = given::user(&it.mint()).id;
    let of_nobody = Batch::new().write(Write::PutToken(token(it, nobody, "editor", 2)));
    refusal(ErrorKind::Invalid, it.records().apply(of_nobody).await)?;
    Ok(())
}

/// A revoked token is gone at once; nobody revokes another's, and revoking none is fine.
pub async fn a_token_is_revoked_by_its_owner_alone(it: &mut impl StoreFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    let token = token(it, ada, "editor", 1);
    let id = token.id;
    it.write(vec![Write::PutToken(token.clone())]).await?;
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
    it.write(vec![Write::PutToken(token)]).await?;
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

fn token(it: &impl StoreFixture, user_id: UserId, name: &str, hash: u8) -> ApiToken {
    ApiToken {
        id: it.mint().next(TokenId::from_uuid),
        user_id,
        name: name.to_owned(),
        token_hash: TokenHash([hash; 32]),
        scopes: vec![TokenScope::MemoryRead, TokenScope::Chat],
        created_at: it.now(),
        expires_at: Some(it.now().plus(Duration::from_secs(3600))),
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
            a_tokens_hash_belongs_to_one_token,
            a_token_is_revoked_by_its_owner_alone,
            a_tokens_last_use_goes_on_only,
        );
    };
}
