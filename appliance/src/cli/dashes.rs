//! A text that begins with a dash is taken for an option: the way to say it. Takes nothing by itself, for
//! an option that is mistyped would be said to an agent.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::typed::{Typed, quoted};

/// Tells how to give a text that was taken for an unknown option, where it looks like a text.
pub fn tip(told: &mut clap::Error, typed: &Typed) {
    if told.kind() != ErrorKind::UnknownArgument {
        return;
    }
    let Some(ContextValue::String(word)) = told.get(ContextKind::InvalidArg) else { return };
    let tip = typed.within(&format!(
        "a text that begins with `-` goes last, behind `--`, as in: ai-infra chat -- {}",
        quoted("- one thing")
    ));
    // What begins as an option does is a mistyped one.
    let begins = word.strip_prefix('-').and_then(|rest| rest.chars().next());
    let is_option = begins.is_none_or(|c| c.is_ascii_alphabetic() || c == '-');
    if !is_option {
        told.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
}
