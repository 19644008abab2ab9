//! The first user: exists from the first start, before anybody has set e-mail and password, so that
//! the command line and the portal share one person's conversations. Sets nobody up.

use anyhow::Context as _;
use appliance_core::{
    Batch, Condition, User, UserId, UserRole, Write,
    ports::{Records as _, Users as _},
};

use crate::compose::Appliance;

/// Whom the local command line acts as.
pub struct Owner {
    /// The first user.
    pub id: UserId,
    /// True until somebody has used the set-up link.
    pub needs_setup: bool,
}

/// Returns the first user, made now if there is none.
pub async fn ensure(appliance: &Appliance) -> anyhow::Result<Owner> {
    let found = appliance.store.first().await.context("while looking for the first user")?;
    if let Some(user) = found {
        return Ok(Owner { id: user.id, needs_setup: user.password_hash.is_none() });
    }
    let user = blank(appliance);
    let id = user.id;
    let batch = Batch::new().when(Condition::NoUser).write(Write::PutUser(user));
    appliance.store.apply(batch).await.context("while making the first user")?;
    Ok(Owner { id, needs_setup: true })
}

fn blank(appliance: &Appliance) -> User {
    let now = appliance.mint.clock().lived();
    User {
        id: appliance.mint.next(UserId::from_uuid),
        email: None,
        password_hash: None,
        display_name: "Owner".to_owned(),
        role: UserRole::Admin,
        is_active: true,
        created_at: now,
        updated_at: now,
        last_login_at: None,
    }
}
