//! What is said once something was deleted for good.

/// Says that `what` is gone, and how many memories went with it.
#[must_use]
pub fn purged(what: &str, memories: usize) -> String {
    match memories {
        0 => format!("{what} is deleted for good."),
        1 => format!("{what} is deleted for good, and 1 memory with it."),
        n => format!("{what} is deleted for good, and {n} memories with it."),
    }
}

#[cfg(test)]
mod tests {
    use super::purged;

    #[test]
    fn says_how_many_went() {
        assert_eq!(purged("It", 0), "It is deleted for good.");
        assert_eq!(purged("It", 1), "It is deleted for good, and 1 memory with it.");
        assert_eq!(purged("It", 12), "It is deleted for good, and 12 memories with it.");
    }
}
