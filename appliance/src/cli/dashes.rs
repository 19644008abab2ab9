//! A text that begins with a dash is taken for an option: the way to say it. Takes nothing by itself, for
//! an option that is mistyped would be said to an agent.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Tells how to give a text that was taken for an unknown option, where it looks like a text.
pub fn tip(told: &mut clap::Error) {
    if told.kind() != ErrorKind::UnknownArgument {
        return;
    }
    let Some(ContextValue::String(word)) = told.get(ContextKind::InvalidArg) else { return };
    let tip = format!(
        "a text that begins with `-` goes last, behind `--`, as in: ai-infra chat -- {}",
        crate::typed::quoted("- one thing")
    );
    // What begins as an option does is a mistyped one.
    let begins = word.strip_prefix('-').and_then(|rest| rest.chars().next());
    let is_option = begins.is_none_or(|c| c.is_ascii_alphabetic() || c == '-');
    if !is_option {
        told.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
}
