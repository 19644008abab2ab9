//! The wall clock.

use crate::{
    section::section,
    value::{needed, whole},
};

section! {
    /// The wall clock.
    Clock("clock.") {
        /// Seconds to add to the host's wall clock, for a host whose clock is known to be wrong and
        /// for tests. Leases and timeouts do not follow it.
        offset_seconds: i64 = "0" => needed(whole(-3_153_600_000..=3_153_600_000));
    }
}
