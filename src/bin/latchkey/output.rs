//! What people read on their terminal: nothing in it may control the terminal, whatever users call themselves.

use std::io::{self, ErrorKind, Write as _};

use anyhow::{Context as _, Result};
use chrono::DateTime;
use comfy_table::{ContentArrangement, Table, presets};

/// Prints a text. A reader that has seen enough, like `head`, is no error.
pub fn print(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("standard output can't be written"),
    }
}

/// A text with its control characters, marks of direction and the like escaped as Rust does it.
pub fn shown(text: &str) -> String {
    text.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'")
}

/// Unix seconds as a time in UTC.
pub fn time(seconds: i64) -> String {
    formatted(seconds, "%Y-%m-%d %H:%M:%S UTC")
}

/// The day of some Unix seconds in UTC.
pub fn day(seconds: i64) -> String {
    formatted(seconds, "%Y-%m-%d")
}

fn formatted(seconds: i64, format: &str) -> String {
    DateTime::from_timestamp(seconds, 0)
        .map_or_else(|| seconds.to_string(), |time| time.format(format).to_string())
}

pub fn yes_or_no(truth: bool) -> String {
    if truth { "yes" } else { "no" }.to_owned()
}

/// A table without lines, as wide as the terminal at most.
pub fn table() -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_shown_controls_a_terminal() {
        for (text, expected) in [
            ("Jake O'Neil \"JJ\" 🦀 Jürgen e\u{301}", "Jake O'Neil \"JJ\" 🦀 Jürgen e\u{301}"),
            ("a\nb\tc\0", "a\\nb\\tc\\0"),
            ("\x1b[2J\u{9b}31m\x7f", "\\u{1b}[2J\\u{9b}31m\\u{7f}"),
            (
                "\u{202e}txt\u{2066}\u{200f}\u{2028}\u{feff}",
                "\\u{202e}txt\\u{2066}\\u{200f}\\u{2028}\\u{feff}",
            ),
            (r#"\"\'\n"#, r#"\\"\\'\\n"#),
        ] {
            assert_eq!(shown(text), expected);
        }
    }

    #[test]
    fn times_are_in_utc() {
        assert_eq!(time(1_800_000_000), "2027-01-15 08:00:00 UTC");
        assert_eq!(day(1_800_000_000), "2027-01-15");
        assert_eq!(time(i64::MAX), i64::MAX.to_string());
    }
}
