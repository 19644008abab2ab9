//! The order of a conversation on the screen: as the server has it, each answer right behind its
//! question, and at the end what was typed here and the server has not.
//!
//! Frames and pages may come in any order; the same messages always stand in the same one.

use std::collections::HashMap;

use super::{Bubble, Delivery};

/// Puts messages into the conversation's order.
pub(super) fn settle(bubbles: &mut Vec<Bubble>) {
    let at: HashMap<&str, usize> = bubbles.iter().map(|b| b.id.as_str()).zip(0..).collect();
    let mut places: Vec<(Place, usize)> = Vec::with_capacity(bubbles.len());
    for (index, bubble) in bubbles.iter().enumerate() {
        let asked = bubble.answers.as_deref().and_then(|asked| at.get(asked)).copied();
        let root = asked.unwrap_or(index);
        places.push(((of(&bubbles[root]), root, asked.is_some()), index));
    }
    if places.is_sorted() {
        return;
    }
    places.sort_unstable();
    let mut loose: Vec<Option<Bubble>> = std::mem::take(bubbles).into_iter().map(Some).collect();
    bubbles.extend(places.into_iter().filter_map(|(_, index)| loose[index].take()));
}

/// Where a message stands: by the part of the page and the server's number, by the message that it is or
/// answers, and behind that if it is an answer.
type Place = ((Part, u64), usize, bool);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// The server has it, and has told where.
    Numbered,
    /// The server has it, and has not yet told where.
    Taken,
    /// The server does not have it.
    Typed,
}

fn of(bubble: &Bubble) -> (Part, u64) {
    match (bubble.delivery, bubble.seq) {
        (Delivery::Sending | Delivery::Failed, _) => (Part::Typed, 0),
        (_, Some(seq)) => (Part::Numbered, seq),
        // An answer to what stands before all that was read.
        (Delivery::Waiting | Delivery::Writing(_), None) => (Part::Numbered, 0),
        _ => (Part::Taken, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(id: &str, seq: u64) -> Bubble {
        let seq = (seq > 0).then_some(seq);
        let delivery = if seq.is_some() { Delivery::Stored } else { Delivery::Confirmed };
        Bubble { seq, delivery, ..Bubble::typed(id, id) }
    }

    fn order(bubbles: &[Bubble]) -> String {
        let mut bubbles = bubbles.to_vec();
        settle(&mut bubbles);
        bubbles.iter().map(|b| b.id.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn whatever_comes_first_the_order_is_the_conversations() {
        let stored = |id: &str, seq, answers: &str| Bubble {
            role: "assistant".into(),
            answers: Some(answers.into()),
            ..said(id, seq)
        };
        let all = [
            said("q1", 1),
            stored("a1", 2, "q1"),
            said("q2", 3),
            Bubble::awaited("a2", "q2"),
            said("q3", 5),
            stored("a3", 6, "q3"),
            said("q4", 0),
            Bubble::awaited("a4", "q4"),
            Bubble::typed("k5", "five"),
            Bubble { delivery: Delivery::Failed, ..Bubble::typed("k6", "six") },
        ];
        let right = "q1 a1 q2 a2 q3 a3 q4 a4 k5 k6";
        assert_eq!(order(&all), right);
        let mut state = 7_usize;
        for _ in 0..200 {
            // What was typed here keeps the order that it was typed in.
            let mut mixed = all[..8].to_vec();
            for last in (1..mixed.len()).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                mixed.swap(last, (state >> 33) % (last + 1));
            }
            mixed.splice(4..4, all[8..].iter().cloned());
            assert_eq!(order(&mixed), right, "{mixed:?}");
        }
    }

    #[test]
    fn an_answer_whose_question_was_not_read_stands_before_what_was() {
        let bubbles = [said("q9", 9), Bubble::awaited("a1", "q1"), said("q11", 11)];
        assert_eq!(order(&bubbles), "a1 q9 q11");
    }

    #[test]
    fn an_answer_that_was_stored_far_behind_its_question_is_shown_with_it() {
        let late = Bubble { answers: Some("q1".into()), ..said("a1", 3) };
        assert_eq!(order(&[said("q1", 1), said("q2", 2), late]), "q1 a1 q2");
    }
}
