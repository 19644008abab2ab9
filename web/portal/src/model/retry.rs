//! How long the live feed waits before it connects again.

/// First wait; short, because most breaks are a server that restarts.
const FIRST_MS: u32 = 400;

/// Longest wait of the first [`SOON`]: whoever looks at a page while the line breaks sees it back at
/// once.
const MOST_SOON_MS: u32 = 1_000;

/// Attempts that are made soon.
const SOON: u32 = 45;

/// Longest wait after that.
const MOST_MS: u32 = 10_000;

/// Returns the wait before attempt number `failures` (from 1), in milliseconds.
///
/// Doubles each time. `spread` in 0..=1 takes up to a quarter off, so that many pages do not come
/// back in the same instant.
#[must_use]
pub fn reconnect_after_ms(failures: u32, spread: f64) -> u32 {
    let most = if failures > SOON { MOST_MS } else { MOST_SOON_MS };
    let doublings = failures.saturating_sub(1).min(10);
    let full = FIRST_MS.saturating_mul(1 << doublings).min(most);
    let off = f64::from(full) * 0.25 * spread.clamp(0.0, 1.0);
    full.saturating_sub(off as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_longer_each_time_up_to_a_limit() {
        assert_eq!(reconnect_after_ms(1, 0.0), 400);
        assert_eq!(reconnect_after_ms(2, 0.0), 800);
        assert_eq!(reconnect_after_ms(9, 0.0), 1_000, "soon");
        assert_eq!(reconnect_after_ms(u32::MAX, 0.0), 10_000);
    }

    #[test]
    fn spreads_by_at_most_a_quarter() {
        assert_eq!(reconnect_after_ms(2, 1.0), 600);
        assert_eq!(reconnect_after_ms(2, f64::NAN), 800, "a strange spread changes nothing");
    }
}
