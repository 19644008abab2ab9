//! Tokens for programs: made, listed and revoked by whoever is logged in, and by no token.

mod delete;
mod list;
mod post;

pub(crate) use delete::delete;
pub(crate) use list::get as list;
pub(crate) use post::post;

use appliance_core::{ApiToken, Timestamp};
use web_dto::TokenView;

fn view(token: &ApiToken, now: Timestamp) -> TokenView {
    TokenView {
        id: token.id.to_string(),
        name: token.name.clone(),
        scopes: token.scopes.iter().map(|scope| scope.name().to_owned()).collect(),
        created_at: token.created_at.to_string(),
        expires_at: token.expires_at.map(|at| at.to_string()),
        expired: token.has_expired(now),
        last_used_at: token.last_used_at.map(|at| at.to_string()),
    }
}
