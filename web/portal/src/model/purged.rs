//! What is said once something was deleted for good.

use web_dto::PurgedView;

/// Says that `what` is gone, how many memories went with it, `itself` not counted, and what may be left.
#[must_use]
pub fn purged(what: &str, gone: &PurgedView, itself: usize) -> String {
    let went = match gone.memories.len().saturating_sub(itself) {
        0 => format!("{what} is deleted for good."),
        1 => format!("{what} is deleted for good, and 1 memory with it."),
        n => format!("{what} is deleted for good, and {n} memories with it."),
    };
    gone.left().map_or(went.clone(), |left| format!("{went} But {left}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_many_went_and_what_may_be_left() {
        let gone = |count, unread| PurgedView {
            memories: vec![String::new(); count],
            unread,
            ..PurgedView::default()
        };
        assert_eq!(purged("It", &gone(0, 0), 0), "It is deleted for good.");
        assert_eq!(purged("It", &gone(2, 0), 1), "It is deleted for good, and 1 memory with it.");
        assert_eq!(
            purged("It", &gone(12, 0), 0),
            "It is deleted for good, and 12 memories with it."
        );
        let left = purged("It", &gone(1, 1), 1);
        assert!(left.starts_with("It is deleted for good. But 1 damaged place"), "{left}");
    }
}
