//! How often a log-in may be tried: by address, by account, and in all.
//!
//! The limits on an account and on all tries hold back strangers alone, so that no stranger locks
//! the owner out: a device that logged in before, an address that this account logged in from, and
//! the local socket pass them by, each with tries of its own. Time here is the monotonic clock's.
//! An IPv6 address counts by its /64, which is what one subscriber gets.

use std::{
    hash::{DefaultHasher, Hash, Hasher as _},
    net::IpAddr,
    num::{NonZeroU32, NonZeroUsize},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use governor::{
    DefaultDirectRateLimiter, DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};
use lru::LruCache;
use web_dto::Code;

use super::Device;
use crate::{edge::subscriber, error::ApiError};

/// Tries a minute from one address, whatever the accounts; as many for one device that is known.
const BY_ADDRESS: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// Tries a minute of strangers for one account.
const BY_ACCOUNT: NonZeroU32 = NonZeroU32::new(30).unwrap();

/// Tries a minute of strangers in all: argon2 takes a core for 20 ms a try.
const IN_ALL: NonZeroU32 = NonZeroU32::new(120).unwrap();

/// Addresses that are remembered with the account that logged in from them.
const MOST_MET: NonZeroUsize = NonZeroUsize::new(4_096).unwrap();

/// Keys kept before those that have recovered are forgotten for the first time.
const SWEEP_AT: usize = 10_000;

type Instant = <DefaultClock as governor::clock::Clock>::Instant;

/// Who tries to log in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt<'a> {
    /// The client's address.
    pub(crate) ip: Option<IpAddr>,
    /// Whether that is only its proxy's, which nobody is known by.
    pub(crate) is_hidden: bool,
    /// The account's e-mail; `None` when a set-up link stands for it.
    pub(crate) account: Option<&'a str>,
    /// The device, when it was marked for that account.
    pub(crate) device: Option<Device>,
}

/// Whom a limit counts for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Address(Option<IpAddr>),
    Met(Met),
    Device(Device),
}

type Met = (Option<IpAddr>, u64);

/// The limits.
#[derive(Debug)]
pub(crate) struct LoginLimits {
    own: DefaultKeyedRateLimiter<Key>,
    account: DefaultKeyedRateLimiter<u64>,
    all: DefaultDirectRateLimiter,
    met: Mutex<LruCache<Met, ()>>,
    sweep_at: AtomicUsize,
    clock: DefaultClock,
}

impl LoginLimits {
    /// Starts with all tries left and nobody met.
    pub(crate) fn new() -> Self {
        Self {
            own: RateLimiter::keyed(Quota::per_minute(BY_ADDRESS)),
            account: RateLimiter::keyed(Quota::per_minute(BY_ACCOUNT)),
            all: RateLimiter::direct(Quota::per_minute(IN_ALL)),
            met: Mutex::new(LruCache::new(MOST_MET)),
            sweep_at: AtomicUsize::new(SWEEP_AT),
            clock: DefaultClock::default(),
        }
    }

    /// Counts one try.
    ///
    /// # Errors
    /// `auth.limited` with the time to wait.
    pub(crate) fn check(&self, attempt: &Attempt<'_>) -> Result<(), ApiError> {
        self.sweep();
        let key = self.key(attempt);
        let who = if matches!(key, Key::Device(_)) { "device" } else { "address" };
        self.own.check_key(&key).map_err(|until| self.limited(&until, who))?;
        if !matches!(key, Key::Address(_)) {
            return Ok(());
        }
        if let Some(account) = attempt.account {
            let checked = self.account.check_key(&hash(account));
            checked.map_err(|until| self.limited(&until, "account"))?;
        }
        self.all.check().map_err(|until| self.limited(&until, "server"))
    }

    /// Remembers that the account logged in from there; an address that hides many is nobody's.
    pub(crate) fn meet(&self, ip: Option<IpAddr>, is_hidden: bool, account: &str) {
        if !is_hidden {
            self.met().put(met(ip, account), ());
        }
    }

    fn key(&self, attempt: &Attempt<'_>) -> Key {
        if let Some(device) = attempt.device {
            return Key::Device(device);
        }
        let account = attempt.account.filter(|_| !attempt.is_hidden);
        let met = account.map(|account| met(attempt.ip, account));
        match met.filter(|met| self.met().get(met).is_some()) {
            Some(met) => Key::Met(met),
            None => Key::Address(attempt.ip.map(subscriber)),
        }
    }

    fn met(&self) -> std::sync::MutexGuard<'_, LruCache<Met, ()>> {
        self.met.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn limited(&self, until: &NotUntil<Instant>, who: &str) -> ApiError {
        let wait: Duration = until.wait_time_from(self.clock.now());
        let detail = format!("too many attempts for this {who}");
        ApiError::new(Code::AuthLimited, detail).retry_after(wait)
    }

    /// Forgets keys that have recovered; each time only after as many new ones have come, so that
    /// many addresses cannot make every try walk through all of them.
    fn sweep(&self) {
        if self.own.len() + self.account.len() < self.sweep_at.load(Ordering::Relaxed) {
            return;
        }
        self.own.retain_recent();
        self.account.retain_recent();
        let kept = self.own.len() + self.account.len();
        self.sweep_at.store(SWEEP_AT.max(2 * kept), Ordering::Relaxed);
    }
}

fn met(ip: Option<IpAddr>, account: &str) -> Met {
    (ip.map(subscriber), hash(account))
}

fn hash(account: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    account.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: &str = "ann@example.com";

    fn from(ip: [u8; 4], account: &str) -> Attempt<'_> {
        Attempt { ip: Some(ip.into()), is_hidden: false, account: Some(account), device: None }
    }

    fn passed(limits: &LoginLimits, tries: impl IntoIterator<Item = [u8; 4]>) -> usize {
        tries.into_iter().filter(|ip| limits.check(&from(*ip, ANN)).is_ok()).count()
    }

    #[test]
    fn one_address_has_ten_tries_a_minute_whatever_the_accounts() {
        let limits = LoginLimits::new();
        let names: Vec<String> = (0..40).map(|n| format!("u{n}")).collect();
        let tried = names.iter().filter(|name| limits.check(&from([192, 0, 2, 1], name)).is_ok());
        assert_eq!(tried.count(), 10);
        assert!(limits.check(&from([192, 0, 2, 2], ANN)).is_ok(), "another address");
    }

    #[test]
    fn many_addresses_share_one_accounts_tries_and_all_share_the_servers() {
        let limits = LoginLimits::new();
        assert_eq!(passed(&limits, (0..200).map(|n| [198, 51, 100, n])), 30);
        let names: Vec<String> = (0..250).map(|n| format!("u{n}")).collect();
        let others = names
            .iter()
            .zip(0..250)
            .filter(|(name, n)| limits.check(&from([203, 0, 113, *n], name)).is_ok());
        assert_eq!(others.count(), 90, "120 in all");
    }

    #[test]
    fn guesses_by_strangers_do_not_stand_in_the_owners_way() {
        let limits = LoginLimits::new();
        limits.meet(Some([192, 0, 2, 1].into()), false, ANN);
        passed(&limits, (0..200).map(|n| [198, 51, 100, n]));
        assert!(limits.check(&from([192, 0, 2, 1], ANN)).is_ok(), "an address it logged in from");
        let device = Attempt { device: Some([7; 16]), ..from([198, 51, 100, 1], ANN) };
        assert!(limits.check(&device).is_ok(), "a device it logged in with");
        assert!(limits.check(&from([192, 0, 2, 9], ANN)).is_err(), "a stranger waits");
    }

    #[test]
    fn the_known_have_limits_of_their_own() {
        let limits = LoginLimits::new();
        let device = Attempt { device: Some([7; 16]), ..from([192, 0, 2, 1], ANN) };
        assert_eq!((0..50).filter(|_| limits.check(&device).is_ok()).count(), 10);
        limits.meet(device.ip, false, ANN);
        assert_eq!(passed(&limits, [[192, 0, 2, 1]; 50]), 10);
    }

    #[test]
    fn whom_a_proxy_hides_nobody_is_known_by_and_none_of_them_uses_up_the_owners_tries() {
        let limits = LoginLimits::new();
        limits.meet(Some([10, 0, 0, 1].into()), true, ANN);
        limits.meet(Some([127, 0, 0, 1].into()), false, ANN);
        let hidden = |ip| Attempt { is_hidden: true, ..from(ip, ANN) };
        for ip in [[10, 0, 0, 1], [127, 0, 0, 1]] {
            assert_eq!((0..50).filter(|_| limits.check(&hidden(ip)).is_ok()).count(), 10);
        }
        assert_eq!(passed(&limits, [[127, 0, 0, 1]; 50]), 10, "the owner's own");
        assert_eq!(passed(&limits, (0..200).map(|n| [198, 51, 100, n])), 10, "of the account's 30");
    }

    #[test]
    fn a_subscriber_of_ipv6_is_one_address_whatever_its_last_64_bits() {
        let limits = LoginLimits::new();
        let tries = (0..50_u16).filter(|n| {
            let ip = format!("2001:db8::{n:x}").parse().ok();
            limits.check(&Attempt { ip, ..from([0; 4], ANN) }).is_ok()
        });
        assert_eq!(tries.count(), 10);
    }
}
