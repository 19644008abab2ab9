//! What of a person's message is worth keeping as a memory: everything that says or asks something.
//!
//! Not kept are commands, ratings, thanks and greetings, and wishes about memory itself ("undo
//! that"): the conversation has them, and a memory of them would only stand in the way. Decides by
//! the words alone; what a command keeps, such as `/remember`, the command keeps.

use super::{
    Wish,
    command::{command, cut_word},
    rating::rating,
    small_talk::is_small_talk,
    wish,
};

/// Returns what is to be remembered of a message; `None` when nothing is.
///
/// `/ask AGENT text` is a message to one agent: its text is judged like any other.
#[must_use]
pub fn worth_keeping(text: &str) -> Option<&str> {
    if let Some((word, rest)) = command(text) {
        let asked = word.eq_ignore_ascii_case("ask").then(|| cut_word(rest).1)?;
        return worth_keeping(asked);
    }
    (!is_small_talk(text) && rating(text).is_none() && !wishes(text)).then_some(text)
}

/// A correction says what is right, so it is kept until it is carried out.
fn wishes(text: &str) -> bool {
    matches!(wish(text), Some(Wish::Undo | Wish::ForgetThat | Wish::ForgetAbout(_) | Wish::Wrong))
}

#[cfg(test)]
mod tests {
    use super::worth_keeping;

    #[test]
    fn commands_ratings_greetings_and_wishes_are_not_kept() {
        for text in [
            "/help",
            "/HELP",
            "/recall x",
            "/recall\nheron",
            "/forget",
            "/forget my salary",
            "/undo",
            "/correct the db -> osprey",
            "/remember the mailer is postmark",
            "/dance now",
            "/ask data hello!",
            "/ask data",
            "8 - nice",
            "9/10 great answer",
            "10",
            "seven out of 10",
            "2 - wrong database",
            "hi",
            "Hello there!",
            "hello Ida",
            "hey team, good morning",
            "Good morning everyone",
            "how are you?",
            "fine, and you?",
            "what can you do?",
            "who are you",
            "thanks",
            "Thank you very much!",
            "ok, thanks!",
            "ok cool",
            "okay got it, thank you",
            "perfect 🎉",
            "👍",
            "...",
            "yes",
            "no, thanks",
            "bye, see you tomorrow",
            "have a nice weekend!",
            "undo that",
            "forget that please",
            "forget what I said about the staging database",
            "that is wrong",
            "Hallo zusammen!",
            "Guten Morgen",
            "Moin moin",
            "Wie geht's dir?",
            "danke schön",
            "Vielen Dank!",
            "ja, genau",
            "alles klar, danke",
            "Tschüss, bis morgen",
            "was kannst du?",
        ] {
            assert_eq!(worth_keeping(text), None, "{text}");
        }
    }

    #[test]
    fn what_says_or_asks_something_is_kept_whatever_stands_before_it() {
        for text in [
            "ok so the port is 8081",
            "thanks, the mailer is postmark now",
            "thanks! we moved DNS to Cloudflare last week",
            "hi, I am Ida and I run the mail servers",
            "hello world is printed by the canary",
            "good morning, the backup failed again",
            "yes, the release is on Friday",
            "no, it's osprey",
            "that is wrong, it is osprey",
            "actually it is Thursday",
            "remember that the staging database is called heron",
            "what is the staging database called?",
            "how are you deploying the proxy?",
            "who are you going to call when the pager rings?",
            "8 servers are down",
            "8080",
            "3 items are missing",
            "10 am works for the release",
            "great, but it is too long",
            "never mind the old cluster, it is gone",
            "fine tuning runs on kestrel",
            "test passes on main since Tuesday",
            "help desk hours are nine to five",
            "undo that migration",
            "undo the last commit in git",
            "forget about the weather, what is the release date?",
            "don't forget that the release is on Monday",
            "/etc/hosts is wrong",
            " /help is what people type first",
            "🚀 release day is every second Thursday",
            "right now heron is down",
            "welcome mails are sent by postmark",
            "sure thing: the port is 9090",
            "Danke, der Mailer ist jetzt Postmark",
            "Guten Morgen, das Backup ist fehlgeschlagen",
            "ja, die Datenbank heißt Reiher",
            "Wie heißt die Datenbank?",
            "gut zu wissen: der Port ist 8081",
            "Hilfe beim Deploy gibt Ida",
            "本番データベースはハヤブサと呼ばれています",
            "хорошо, порт теперь 8081",
            "chmod +x run.sh",
            "a == b",
        ] {
            assert_eq!(worth_keeping(text), Some(text), "{text}");
        }
    }

    #[test]
    fn what_one_agent_is_asked_or_told_is_kept_without_the_command() {
        let told = "the orders table has moved";
        assert_eq!(worth_keeping(&format!("/ask data {told}")), Some(told));
        assert_eq!(worth_keeping("/ASK code why?\nline 2"), Some("why?\nline 2"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_weighed(text in "(\\PC|[ ,.!?/]|/ask |hi|thanks|ok|8 - ){0,30}") {
            if let Some(kept) = worth_keeping(&text) {
                assert!(text.contains(kept));
            }
        }
    }
}
