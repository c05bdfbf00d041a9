//! Output for a terminal: no username in it can control the terminal or imitate other output.

use std::io::{self, ErrorKind, Write as _};

use anyhow::{Context as _, Error, Result};
use chrono::DateTime;
use comfy_table::{ContentArrangement, Table, presets};
use latchkey::account::username::is_default_ignorable;
use serde::Serialize;

/// Prints a line to stdout. A reader that closes the pipe, like `head`, is not an error: what is printed is a report, and
/// its work is done.
pub fn print(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("can't write to stdout"),
    }
}

/// Prints a line to stderr. Where that is closed, there is no one to tell.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// True if an output of which the whole matters could not be written to its end, since its reader closed the pipe.
pub fn is_closed(error: &Error) -> bool {
    let is_broken = |error: &io::Error| error.kind() == ErrorKind::BrokenPipe;
    error.downcast_ref().is_some_and(is_broken)
}

/// Begins a line on stderr.
pub fn prompt(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = write!(stderr, "{text}").and_then(|()| stderr.flush());
}

/// Escapes invisible characters, such as control characters and directional marks, in Rust's notation.
pub fn escape_for_terminal(text: &str) -> String {
    let escaped = text.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'");
    let inner = escaped.trim_matches(' ');
    let start = escaped.len() - escaped.trim_start_matches(' ').len();
    let mut visible = String::with_capacity(escaped.len());
    for (index, c) in escaped.char_indices() {
        let is_at_edge = c == ' ' && !(start..start + inner.len()).contains(&index);
        if is_at_edge || is_invisible(c) {
            visible.extend(c.escape_unicode());
        } else {
            visible.push(c);
        }
    }
    visible
}

/// True if a character that Rust considers printable renders as nothing or as a space.
fn is_invisible(c: char) -> bool {
    is_default_ignorable(c) || matches!(c, '\u{2800}' | '\u{1d159}') || (c.is_whitespace() && c != ' ')
}

/// Serializes a value as JSON with invisible characters escaped.
pub fn json(value: &impl Serialize) -> Result<String> {
    let mut json = String::new();
    for c in serde_json::to_string_pretty(value)?.chars() {
        // Everything outside of strings is printable ASCII, except line breaks.
        if c == '\n' || (is_printable(c) && !is_invisible(c)) {
            json.push(c);
        } else {
            json.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    Ok(json)
}

/// True if Rust does not escape a character within a string.
fn is_printable(c: char) -> bool {
    c == '"'
        || c == '\\'
        || c == '\''
        || ['x', c].iter().collect::<String>().escape_debug().to_string().ends_with(c)
}

/// Formats Unix seconds as a time in UTC.
pub fn time(seconds: i64) -> String {
    formatted(seconds, "%Y-%m-%d %H:%M:%S UTC")
}

/// Formats Unix seconds as a date in UTC.
pub fn day(seconds: i64) -> String {
    formatted(seconds, "%Y-%m-%d")
}

fn formatted(seconds: i64, format: &str) -> String {
    DateTime::from_timestamp(seconds, 0)
        .map_or_else(|| seconds.to_string(), |time| time.format(format).to_string())
}

/// "1 user", "2 users".
pub fn users(count: i64) -> String {
    format!("{count} user{}", if count == 1 { "" } else { "s" })
}

pub fn yes_or_no(flag: bool) -> String {
    if flag { "yes" } else { "no" }.to_owned()
}

/// Empty table without lines, at most as wide as the terminal.
pub fn table() -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_output_does_not_control_a_terminal() {
        for (text, expected) in [
            ("Jake O'Neil \"JJ\" 🦀 Jürgen e\u{301}", "Jake O'Neil \"JJ\" 🦀 Jürgen e\u{301}"),
            ("a\nb\tc\0", "a\\nb\\tc\\0"),
            ("\x1b[2J\u{9b}31m\x7f", "\\u{1b}[2J\\u{9b}31m\\u{7f}"),
            (
                "\u{202e}txt\u{2066}\u{200f}\u{2028}\u{feff}",
                "\\u{202e}txt\\u{2066}\\u{200f}\\u{2028}\\u{feff}",
            ),
            ("a\u{fe0f}b\u{200b}c\u{2060}", "a\\u{fe0f}b\\u{200b}c\\u{2060}"),
            ("\u{3164}\u{115f}\u{ffa0}\u{2800}", "\\u{3164}\\u{115f}\\u{ffa0}\\u{2800}"),
            ("j\u{e0061}\u{e0101}\u{34f}\u{ad}\u{180e}", "j\\u{e0061}\\u{e0101}\\u{34f}\\u{ad}\\u{180e}"),
            ("a\u{a0}b\u{2003}c\u{3000}d e", "a\\u{a0}b\\u{2003}c\\u{3000}d e"),
            (" a  b ", "\\u{20}a  b\\u{20}"),
            ("  ", "\\u{20}\\u{20}"),
            (r#"\"\'\n"#, r#"\\"\\'\\n"#),
        ] {
            assert_eq!(escape_for_terminal(text), expected);
        }
    }

    #[test]
    fn json_keeps_its_value_with_invisible_characters_escaped() {
        let text = "Jürgen e\u{301} 🦀 \"'\\ \n\u{7f}\u{9b}\u{202e}\u{fe0f}\u{3164}\u{a0}\u{e0061}";
        let json = json(&[text]).unwrap();
        let expected = "[\n  \"Jürgen e\u{301} 🦀 \\\"'\\\\ \\n\\u007f\\u009b\\u202e\\ufe0f\\u3164\\u00a0\\udb40\\udc61\"\n]";
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_str::<[String; 1]>(&json).unwrap(), [text]);
    }

    #[test]
    fn times_are_in_utc() {
        assert_eq!(time(1_800_000_000), "2027-01-15 08:00:00 UTC");
        assert_eq!(day(1_800_000_000), "2027-01-15");
        assert_eq!(time(i64::MAX), i64::MAX.to_string());
    }
}
