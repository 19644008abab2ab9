//! Logging in, out and being set up.

mod login;
mod logout;
mod me;
mod session;
mod setup;
mod setup_link;

pub(crate) use login::post as login;
pub(crate) use logout::post as logout;
pub(crate) use me::get as me;
pub(crate) use session::get as session;
pub(crate) use setup::{check as setup_check, post as setup};
pub(crate) use setup_link::post as setup_link;

use web_dto::Code;

use crate::error::ApiError;

/// Most bytes a log-in's or a set-up's body may have: nobody has logged in yet.
const MAX_LOGIN_BYTES: usize = 16 * 1024;

/// Most bytes an e-mail address may have (RFC 5321, section 4.5.3.1.3).
const MAX_EMAIL_BYTES: usize = 254;

/// Returns the address as it is stored: lower case, without blanks around it.
fn normal_email(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Accepts what can be an address; whether mail arrives there is not asked.
fn check_email(email: &str) -> Result<(), ApiError> {
    let plain = |c: char| !c.is_whitespace() && !c.is_control();
    let usable = email.len() <= MAX_EMAIL_BYTES
        && email.chars().all(plain)
        && email.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && !host.is_empty() && !host.contains('@')
        });
    if usable {
        return Ok(());
    }
    Err(ApiError::field(Code::EmailInvalid, "/email", "this is no e-mail address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_stored_in_lower_case_and_must_look_like_one() {
        assert_eq!(normal_email(" Ann@Example.COM "), "ann@example.com");
        for good in ["a@b", "ann.lee+x@example.com", "jörg@bücher.example"] {
            assert!(check_email(good).is_ok(), "{good}");
        }
        for bad in ["", "ann", "@b", "a@", "a@b@c", "a b@c", "a@b\n", &"a".repeat(300)] {
            assert!(check_email(bad).is_err(), "{bad:?}");
        }
    }
}
