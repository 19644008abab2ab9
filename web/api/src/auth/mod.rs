//! Who asks: passwords, session tokens, the cookies and the JWT, and the rights as types.
//!
//! A handler that takes [`CurrentUser`] runs for a person that is logged in, one that takes
//! [`Admin`] for an admin, either of them also for a program with a token whose scopes open the route, one that takes [`CurrentAgent`] for one of the six. Makes no account.

mod bearer;
mod by_token;
mod cookie;
mod current_agent;
mod current_user;
mod device;
mod endings;
mod limits;
mod login;
mod password;
mod people_key;
mod prepared;
mod scopes;
mod session;
mod token;
mod uses;

pub(crate) use bearer::bearer;
pub(crate) use cookie::Cookies;
pub(crate) use current_agent::{Arriving, CurrentAgent};
pub(crate) use current_user::{Admin, CurrentUser, Via};
pub(crate) use device::{Device, Devices};
pub(crate) use endings::Endings;
pub(crate) use limits::{Attempt, LoginLimits};
pub(crate) use login::Login;
pub(crate) use password::{Hashed, Matched, Passwords};
pub(crate) use people_key::PeopleKey;
pub(crate) use scopes::Grant;
pub(crate) use session::{logged_in, open, require_private};
pub(crate) use token::{SecretToken, Tokens};
pub(crate) use uses::Uses;
