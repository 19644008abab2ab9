//! The names of the archive's files: a segment's number in 16 hexadecimal digits. Opens none.

use std::path::Path;

/// What the names of segments begin with among what is damaged.
pub(crate) const FOLDER: &str = "cold/";

/// Returns the name of a segment's file.
pub(super) fn name(number: u64) -> String {
    format!("{number:016x}.seg")
}

/// Returns how a segment is named among what is damaged.
pub(crate) fn place(number: u64) -> String {
    format!("{FOLDER}{}", name(number))
}

/// Returns the number that a segment's file is named after.
pub(super) fn number(path: &Path) -> Option<u64> {
    numbered(path.file_name()?.to_str()?, ".seg")
}

/// Returns the number in a file's name that ends so.
pub(super) fn numbered(file: &str, ending: &str) -> Option<u64> {
    let digits = file.strip_suffix(ending).filter(|digits| digits.len() == 16)?;
    u64::from_str_radix(digits, 16).ok()
}
