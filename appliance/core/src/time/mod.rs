//! Time: the wall clock for people, the monotonic clock for leases, lived time for what ends or is
//! deleted by age, and the one door to all three.
//!
//! Does not read the system's clock: [`Clock`] is implemented by the appliance ([`ManualClock`]
//! serves tests), and clippy forbids the standard library's clocks everywhere else.

mod clock;
mod lived;
mod moment;

pub use clock::{Clock, ManualClock};
pub use lived::{Lived, TRUSTED};
pub use moment::{Monotonic, Timestamp};
