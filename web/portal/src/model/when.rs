//! Times as people say them. Knows no clock: the caller says what time it is.

/// Milliseconds of a minute, an hour and a day.
const MINUTE: f64 = 60_000.0;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;

/// Says how long ago `then` was; both in milliseconds since 1970.
#[must_use]
pub fn ago(then: f64, now: f64) -> String {
    let past = now - then;
    if !past.is_finite() {
        return String::new();
    }
    // Clocks of two machines differ by a little.
    match past {
        p if p < MINUTE => "just now".to_owned(),
        p if p < HOUR => format!("{} min ago", (p / MINUTE) as u64),
        p if p < DAY => format!("{} h ago", (p / HOUR) as u64),
        p if p < 2.0 * DAY => "yesterday".to_owned(),
        p => format!("{} days ago", (p / DAY) as u64),
    }
}

/// Says a span of seconds: `12 s`, `2:51`, `1:02:03`.
#[must_use]
pub fn span(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return String::new();
    }
    if seconds < 10.0 {
        // By tenths as whole numbers: writing fractions takes a table in the program.
        let tenths = (seconds * 10.0 + 0.5) as u64;
        return format!("{}.{} s", tenths / 10, tenths % 10);
    }
    let whole = seconds as u64;
    let (hours, minutes, rest) = (whole / 3_600, whole / 60 % 60, whole % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest} s"),
        (0, _) => format!("{minutes}:{rest:02}"),
        _ => format!("{hours}:{minutes:02}:{rest:02}"),
    }
}

/// Which part of a list of conversations a time belongs to. `midnight` is today's, in local time.
#[must_use]
pub fn day_group(then: f64, midnight: f64) -> &'static str {
    match midnight - then {
        d if d <= 0.0 => "Today",
        d if d <= DAY => "Yesterday",
        d if d <= 7.0 * DAY => "This week",
        _ => "Earlier",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_long_ago_it_was() {
        let now = 10.0 * DAY;
        let said = |past| ago(now - past, now);
        assert_eq!(said(-3_000.0), "just now", "another machine's clock is ahead");
        assert_eq!(said(59_000.0), "just now");
        assert_eq!(said(3.0 * MINUTE), "3 min ago");
        assert_eq!(said(5.5 * HOUR), "5 h ago");
        assert_eq!(said(1.5 * DAY), "yesterday");
        assert_eq!(said(9.0 * DAY), "9 days ago");
        assert_eq!(ago(f64::NAN, now), "");
    }

    #[test]
    fn says_how_long_it_takes() {
        assert_eq!(span(0.84), "0.8 s");
        assert_eq!(span(42.0), "42 s");
        assert_eq!(span(171.0), "2:51");
        assert_eq!(span(3_723.0), "1:02:03");
        assert_eq!(span(-1.0), "");
    }

    #[test]
    fn groups_by_local_days() {
        let midnight = 100.0 * DAY;
        assert_eq!(day_group(midnight + HOUR, midnight), "Today");
        assert_eq!(day_group(midnight - HOUR, midnight), "Yesterday");
        assert_eq!(day_group(midnight - 3.0 * DAY, midnight), "This week");
        assert_eq!(day_group(midnight - 30.0 * DAY, midnight), "Earlier");
    }
}
