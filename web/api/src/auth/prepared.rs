//! Passwords as they are compared: the same however a keyboard or a system composes them.
//!
//! The profile OpaqueString of PRECIS (RFC 8265, section 4.2): spaces of other scripts become the ASCII
//! one, then NFC; case and everything else stays. Refuses control characters and the empty text. Unlike
//! the profile it takes what Unicode has not assigned yet: a newer keyboard must not lock anybody out.

use unicode_normalization::UnicodeNormalization as _;
use web_dto::{Code, MIN_PASSWORD_CHARS};

use crate::error::ApiError;

/// Most characters a password may have.
const MAX_PASSWORD_CHARS: usize = 1_024;

/// Prepares a password that is shown; `None` for one that nobody can choose.
pub(super) fn shown(password: &str) -> Option<String> {
    if password.is_empty() || password.chars().any(char::is_control) {
        return None;
    }
    let prepared: String = password.chars().map(space).nfc().collect();
    (prepared.chars().count() <= MAX_PASSWORD_CHARS).then_some(prepared)
}

/// Tells whether a password could be chosen as it is typed before passwords were prepared.
pub(super) fn could_be_older(password: &str) -> bool {
    password.chars().count() <= MAX_PASSWORD_CHARS
}

/// Prepares a password that is chosen.
///
/// # Errors
/// `password.weak` when it is too short or too long, both counted as it is kept, or has a control
/// character.
pub(super) fn chosen(password: &str) -> Result<String, ApiError> {
    let wrong = |detail| ApiError::field(Code::PasswordWeak, "/password", detail);
    if password.chars().any(char::is_control) {
        let detail = "the password has a control character, such as a tab or the end of a line; \
                      leave it out";
        return Err(wrong(detail.to_owned()));
    }
    let prepared: String = password.chars().map(space).nfc().collect();
    let chars = prepared.chars().count();
    if (MIN_PASSWORD_CHARS..=MAX_PASSWORD_CHARS).contains(&chars) {
        return Ok(prepared);
    }
    Err(wrong(format!(
        "the password has {chars} characters, it must have {MIN_PASSWORD_CHARS} to \
         {MAX_PASSWORD_CHARS}"
    )))
}

/// Makes any space (Unicode's category Zs) the ASCII one.
const fn space(c: char) -> char {
    match c {
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
            ' '
        }
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_it_is_composed_it_is_the_same() {
        let composed = "Z\u{fc}rich im Fr\u{fc}hling";
        let apart = "Zu\u{308}rich im Fru\u{308}hling";
        assert_eq!(shown(apart).as_deref(), Some(composed));
        assert_eq!(shown(composed).as_deref(), Some(composed));
        assert_eq!(shown("four\u{a0}quiet\u{3000}words").as_deref(), Some("four quiet words"));
    }

    #[test]
    fn case_width_and_signs_stay() {
        for kept in
            ["ABC abc", "\u{ff21}\u{ff42}", "\u{1f469}\u{200d}\u{1f680} x", "\u{fb01}", "\u{df}"]
        {
            assert_eq!(shown(kept).as_deref(), Some(kept), "{kept:?}");
        }
    }

    #[test]
    fn lengths_are_counted_as_it_is_kept_and_what_is_wrong_is_named() {
        let (eleven, twelve) = ("u\u{308}".repeat(11), "u\u{308}".repeat(12));
        assert!(chosen(&eleven).unwrap_err().detail().contains("has 11 characters"));
        assert_eq!(chosen(&twelve).unwrap(), "\u{fc}".repeat(12));
        assert!(chosen(&"u\u{308}".repeat(1_024)).is_ok());
        assert!(chosen(&"x".repeat(1_025)).is_err() && shown(&"x".repeat(1_025)).is_none());
        assert!(chosen("").unwrap_err().detail().contains("has 0 characters"));
        for control in ["four quiet\twords", "four quiet words\n", "four\u{7f}quiet words"] {
            let refused = chosen(control).unwrap_err();
            assert_eq!(refused.code, Code::PasswordWeak);
            assert!(refused.detail().contains("control character"), "{}", refused.detail());
            assert_eq!(shown(control), None);
        }
    }
}
