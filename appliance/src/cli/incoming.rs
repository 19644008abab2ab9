//! What comes in from a pipe or as an argument, as text: UTF-8, or refused with the byte that is not.
//! Guesses no encoding.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt as _,
    path::PathBuf,
};

use clap::{
    Arg, Command,
    builder::{PathBufValueParser, TypedValueParser},
    error::ErrorKind,
};

use crate::exit::Failure;

/// What UTF-8 may begin with.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Reads what `command` was given on standard input.
///
/// # Errors
/// With the first byte that is not UTF-8, its line, and how to convert it.
pub fn text(bytes: Vec<u8>, command: &str) -> Result<String, Failure> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        let hint = format!("convert it: ... | iconv -f UTF-16 -t UTF-8 | {command}");
        return Err(Failure::new(2, "standard input is UTF-16; nothing was sent", hint));
    }
    let text = String::from_utf8(bytes).map_err(|wrong| {
        let (place, bytes) = (wrong.utf8_error().valid_up_to(), wrong.as_bytes());
        let line = bytes[..place].iter().filter(|byte| **byte == b'\n').count() + 1;
        let byte = bytes.get(place).copied().unwrap_or_default();
        let what = format!(
            "standard input is not UTF-8: byte {} of it, in line {line}, is 0x{byte:02x}; nothing was sent",
            place + 1
        );
        let hint = format!("convert it: ... | iconv -f ISO-8859-1 -t UTF-8 | {command}");
        Failure::new(2, what, hint)
    })?;
    Ok(text.strip_prefix(BYTE_ORDER_MARK).map(str::to_owned).unwrap_or(text))
}

/// Takes a path whose name is UTF-8: it stands in settings, in JSON and in commands that are printed.
#[derive(Debug, Clone)]
pub struct NamedPath;

impl TypedValueParser for NamedPath {
    type Value = PathBuf;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<PathBuf, clap::Error> {
        self.parse(command, argument, value.to_owned())
    }

    fn parse(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: OsString,
    ) -> Result<PathBuf, clap::Error> {
        if let Err(wrong) = std::str::from_utf8(value.as_bytes()) {
            let option = argument.map(ToString::to_string).unwrap_or_default();
            let told = refused(&option, &value, wrong.valid_up_to());
            return Err(command.clone().error(ErrorKind::InvalidValue, told));
        }
        PathBufValueParser::new().parse(command, argument, value)
    }
}

fn refused(option: &str, value: &OsStr, place: usize) -> String {
    let byte = value.as_bytes().get(place).copied().unwrap_or_default();
    format!(
        "{option}: byte {} of {} is 0x{byte:02x}, which is not UTF-8\n\n  tip: rename it, or name a link \
         to it whose name is UTF-8: ln -s",
        place + 1,
        value.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_byte_that_is_not_utf_8_is_named_with_its_line_and_the_way_out() {
        let told = text(b"-caf\xe9\n".to_vec(), "ai-infra chat").unwrap_err();
        assert!(told.what.contains("byte 5 of it, in line 1, is 0xe9"), "{told:?}");
        let told = text(b"one\ntwo\n+na\xefve\n".to_vec(), "ai-infra chat").unwrap_err();
        assert!(told.what.contains("byte 12 of it, in line 3, is 0xef"), "{told:?}");
        assert!(told.hint.ends_with("iconv -f ISO-8859-1 -t UTF-8 | ai-infra chat"), "{told:?}");
        let wide = text(b"\xff\xfeh\0i\0".to_vec(), "ai-infra chat").unwrap_err();
        assert!(wide.hint.contains("iconv -f UTF-16"), "{wide:?}");
        assert_eq!(text("\u{feff}ja\u{feff}".into(), "x").unwrap(), "ja\u{feff}");
    }

    #[test]
    fn a_path_that_is_not_utf_8_is_refused_with_its_byte() {
        let told = refused("--data <DIR>", OsStr::from_bytes(b"/srv/caf\xe9"), 8);
        assert!(told.starts_with("--data <DIR>: byte 9 of /srv/caf"), "{told}");
        assert!(told.contains("0xe9") && told.contains("ln -s"), "{told}");
    }
}
