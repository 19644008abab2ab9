//! The one-time link that lets its holder set the first user's e-mail and password.
//!
//! 256 bits, hash stored, one hour, single use; a new link makes earlier ones of the same user
//! fall. The token stands in the URL's fragment, which browsers send to nobody. Prints nothing:
//! the lifecycle decides where a link may be shown.

use std::time::Duration;

use appliance_core::{Actor, Batch, IdMint, SetupLink, StoreError, UserId, Write, ports::Records};
use web_dto::SetupLinkView;

use crate::{audit::Line, auth::SecretToken};

/// How long a link works.
pub const LINK_TTL: Duration = Duration::from_secs(60 * 60);

/// Makes a link for `user`; `base_url` is [`Settings::base_url`](crate::Settings::base_url).
///
/// # Errors
/// As [`Records::apply`]; `Unavailable` also when the system gives no random numbers.
pub async fn mint_link(
    records: &dyn Records,
    mint: &IdMint,
    user: UserId,
    base_url: &str,
) -> Result<SetupLinkView, StoreError> {
    let token = SecretToken::mint().map_err(|_| {
        StoreError::unavailable("setup.mint_link", "the system gives no random numbers")
    })?;
    // It ends by lived time; people are told what their clock will say then.
    let expires_at = mint.clock().lived().plus(LINK_TTL);
    let until = mint.clock().now().plus(LINK_TTL);
    let link = SetupLink { token_hash: token.hash(), user_id: user, expires_at };
    let line = Line::auth(Actor::System, None, "setup_link.make").on("user", &user);
    records.apply(Batch::new().write(Write::PutSetupLink(link)).write(line.write(mint))).await?;
    Ok(SetupLinkView {
        url: format!("{}/setup#t={}", base_url.trim_end_matches('/'), token.expose()),
        expires_at: until.to_string(),
    })
}
