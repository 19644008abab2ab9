//! Why an answer is not whole, in words for the person who reads it.

/// Returns the sentence for a reason as it stands in [`MessageView`](crate::MessageView).
#[must_use]
pub fn cut_off_words(why: &str) -> &'static str {
    match why {
        "broke_off" => "Cut off here: the connection to the model broke. Ask again for all of it.",
        "fell_silent" => "Cut off here: the model fell silent. Ask again for all of it.",
        "limit" => "Cut off here at the model's limit. Ask it to go on.",
        _ => "Cut off here. Ask again for all of it.",
    }
}
