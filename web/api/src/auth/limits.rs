//! How often a log-in may be tried: by account and address together, and by address alone.
//!
//! Never by account alone, so that nobody can lock somebody else out. An IPv6 address counts by its
//! /64, which is what one subscriber gets.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    time::Duration,
};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};
use web_dto::Code;

use crate::error::ApiError;

/// Tries a minute for one account from one address.
const BY_ACCOUNT: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// Tries a minute from one address, whatever the accounts.
const BY_ADDRESS: NonZeroU32 = NonZeroU32::new(30).unwrap();

/// Keys kept before those that have recovered are forgotten.
const SWEEP_AT: usize = 10_000;

/// The two limits.
#[derive(Debug)]
pub(crate) struct LoginLimits {
    account: DefaultKeyedRateLimiter<(Option<IpAddr>, u64)>,
    address: DefaultKeyedRateLimiter<Option<IpAddr>>,
    clock: DefaultClock,
}

impl LoginLimits {
    /// Starts with all tries left.
    pub(crate) fn new() -> Self {
        Self {
            account: RateLimiter::keyed(Quota::per_minute(BY_ACCOUNT)),
            address: RateLimiter::keyed(Quota::per_minute(BY_ADDRESS)),
            clock: DefaultClock::default(),
        }
    }

    /// Counts one try of `account` from `ip`.
    ///
    /// # Errors
    /// `auth.limited` with the time to wait.
    pub(crate) fn check(&self, ip: Option<IpAddr>, account: &str) -> Result<(), ApiError> {
        self.sweep();
        let subscriber = ip.map(subscriber);
        let mut hasher = DefaultHasher::new();
        account.hash(&mut hasher);
        self.address.check_key(&subscriber).map_err(|until| self.limited(&until))?;
        self.account.check_key(&(subscriber, hasher.finish())).map_err(|until| self.limited(&until))
    }

    fn limited(
        &self,
        until: &governor::NotUntil<<DefaultClock as governor::clock::Clock>::Instant>,
    ) -> ApiError {
        let wait: Duration = until.wait_time_from(self.clock.now());
        ApiError::new(Code::AuthLimited, "too many attempts from this address").retry_after(wait)
    }

    fn sweep(&self) {
        if self.account.len() + self.address.len() > SWEEP_AT {
            self.account.retain_recent();
            self.address.retain_recent();
        }
    }
}

fn subscriber(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 1)));
    const AWAY: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 2)));

    #[test]
    fn the_eleventh_try_waits_but_not_from_another_address() {
        let limits = LoginLimits::new();
        for _ in 0..10 {
            limits.check(HOME, "a@example.com").unwrap();
        }
        assert!(limits.check(HOME, "a@example.com").is_err_and(|e| e.code == Code::AuthLimited));
        assert!(limits.check(AWAY, "a@example.com").is_ok(), "no lock-out from elsewhere");
    }

    #[test]
    fn one_address_cannot_try_many_accounts() {
        let limits = LoginLimits::new();
        let tried = (0..40).filter(|n| limits.check(HOME, &format!("u{n}")).is_ok()).count();
        assert_eq!(tried, 30);
    }

    #[test]
    fn a_subscriber_is_one_address_whatever_its_last_bits() {
        let (one, two) = ("2001:db8::1".parse().unwrap(), "2001:db8::ffff:2".parse().unwrap());
        assert_eq!(subscriber(one), subscriber(two));
        assert_ne!(subscriber(one), subscriber("2001:db8:1:1::1".parse().unwrap()));
    }
}
