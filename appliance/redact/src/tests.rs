//! Every spelling of a secret, whole and cut anywhere, and what must pass untouched.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::{StreamExt as _, stream};

use super::*;

const KEY: &str = "sk-ant/canary\"7f3a9c51";

fn knowing() -> Redactor {
    let redactor = Redactor::default();
    redactor.learn(KEY.as_bytes());
    redactor.learn(b"short");
    redactor
}

/// The key in every spelling that a program on the way may give it.
fn spellings() -> Vec<String> {
    let all = |byte: fn(u8) -> String| KEY.bytes().map(byte).collect::<String>();
    vec![
        KEY.to_owned(),
        all(|byte| format!("%{byte:02x}")),
        all(|byte| format!("%{byte:02X}")),
        all(|byte| format!("\\u{byte:04x}")),
        KEY.replace('/', "%2F").replace('"', "%22"),
        KEY.replace('/', "\\/").replace('"', "\\\""),
        all(|byte| format!("{byte:02x}")),
        STANDARD.encode(KEY),
        STANDARD.encode(format!("x{KEY}")),
        STANDARD.encode(format!("{{\"key\": \"{KEY}\", \"more\": 1}}")),
    ]
}

/// Shows no run of letters that only the key has.
fn tells_nothing(text: &str, spelling: &str) {
    let middle = &spelling[spelling.len() / 3..spelling.len() / 3 + 8];
    assert!(text.contains(MARK) && !text.contains(middle), "{spelling} is told: {text}");
}

#[test]
fn a_secret_is_blotted_out_in_every_spelling_and_nothing_else_is() {
    let redactor = knowing();
    for spelling in spellings() {
        let said = format!("before {spelling} between {spelling} after");
        let clean = redactor.text(&said);
        tells_nothing(&clean, &spelling);
        assert!(clean.starts_with("before ") && clean.ends_with(" after"), "{clean}");
        assert_eq!(clean.matches(" between ").count(), 1);
    }
    for plain in ["sk-ant/canary 7f3a9c51", "short", "50 % of \\u00e4 caf\u{e9}", ""] {
        assert!(matches!(redactor.text(plain), Cow::Borrowed(same) if same == plain));
    }
}

#[tokio::test]
async fn a_secret_cut_anywhere_is_found_and_the_rest_passes_as_it_is() {
    let redactor = knowing();
    for spelling in spellings() {
        let said = format!("{{\"error\":\"{spelling}\"}}").into_bytes();
        for cut in 0..said.len() {
            let (head, tail) = said.split_at(cut);
            let pieces = [head, tail].map(|piece| Ok::<_, ()>(Bytes::copy_from_slice(piece)));
            let clean = redactor.stream(stream::iter(pieces)).map(Result::unwrap);
            let clean: Vec<u8> = clean.collect::<Vec<_>>().await.concat();
            let clean = String::from_utf8(clean).unwrap();
            tells_nothing(&clean, &spelling);
            assert!(clean.starts_with("{\"error\":\"") && clean.ends_with("\"}"), "{clean}");
        }
    }
}

#[test]
fn what_only_begins_like_a_secret_is_held_back_no_longer_than_needed() {
    let mut flow = knowing().flow();
    let piece = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    assert_eq!(flow.next(&piece("all is well. ")), "all is well. ");
    assert_eq!(flow.next(&piece("it is sk-ant")), "it is ");
    assert_eq!(flow.next(&piece(" and no key")), "sk-ant and no key");
    assert_eq!(flow.next(&piece("\u{e9} 100%")), "\u{e9} 100");
    assert_eq!(flow.end(), "%");
}

#[test]
fn what_is_learned_later_counts_for_every_clone() {
    let (redactor, later) = (knowing(), "a token of later");
    let clone = redactor.clone();
    assert_eq!(clone.text(later), later);
    redactor.learn(later.as_bytes());
    assert_eq!(clone.text(later), MARK);
    assert!(format!("{redactor:?}").len() < 40, "Debug shows none");
}
