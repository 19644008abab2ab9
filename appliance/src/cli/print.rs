//! Text for people: control characters made visible, tables without a frame.
//!
//! What a model or another person wrote must not steer the terminal, so everything from outside
//! goes through [`visible`] when it goes to one. What a program reads is passed on byte for byte.

use std::io::{self, IsTerminal as _, Write as _};

/// Returns `text` with control and direction characters spelled out; line ends and tabs stay.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_steering(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Characters that move the cursor, change colours, hide, or turn the reading direction.
fn is_steering(c: char) -> bool {
    let turns =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let hides = matches!(c, '\u{e0000}'..='\u{e007f}');
    turns || hides || (c.is_control() && !matches!(c, '\n' | '\t'))
}

/// Returns `text` in one line, cut to `width` characters.
pub fn line(text: &str, width: usize) -> String {
    let flat: String = visible(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() <= width {
        return flat;
    }
    let cut: String = flat.chars().take(width.saturating_sub(3)).collect();
    format!("{cut}...")
}

/// Writes to standard output at once; visible on a terminal, byte for byte elsewhere.
///
/// # Errors
/// When nobody reads any more.
pub fn out(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    if stdout.is_terminal() {
        stdout.write_all(visible(text).as_bytes())?;
    } else {
        stdout.write_all(text.as_bytes())?;
    }
    stdout.flush()
}

/// Writes our own text to standard output, its colours included.
///
/// # Errors
/// When nobody reads any more.
pub fn out_trusted(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Prints a value as JSON with a line end.
///
/// # Errors
/// When it cannot be written.
pub fn json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    out(&(text + "\n"))?;
    Ok(())
}

/// Returns a table without lines, its columns aligned.
pub fn table(head: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header(head.to_vec());
    for row in rows {
        table.add_row(row.into_iter().map(|cell| visible(&cell)).collect::<Vec<_>>());
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let lines = table.lines().map(|line| line.trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_gets_through() {
        let nasty = "a\u{1b}[2Jb\u{202e}c\rd\u{7}e\u{9b}f\n\tg";
        let shown = visible(nasty);
        assert!(!shown.chars().any(is_steering), "{shown:?}");
        assert!(shown.ends_with("\n\tg") && shown.contains("\\u{1b}[2J"));
        assert_eq!(visible("ümläut 🦀 `&&` <b>"), "ümläut 🦀 `&&` <b>");
    }

    #[test]
    fn a_line_is_flat_and_no_wider_than_asked() {
        assert_eq!(line("one\n two", 20), "one two");
        assert_eq!(line("abcdefghij", 8), "abcde...");
    }
}
