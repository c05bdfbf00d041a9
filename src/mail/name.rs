//! Texts that others chose, such as usernames, made fit for a mail.

use crate::account::username::{is_default_ignorable, is_text_control};

/// Most characters that are shown.
const MAX: usize = 40;

/// Makes a text fit to be shown, or `None` if nothing of it can be seen: one line, cut, without control characters,
/// formatting of bidirectional text and invisible characters, and with links broken.
///
/// Mail readers make links of what looks like one. A space behind each dot and colon breaks `evil.example` and
/// `http://evil`: no reader finds a link across a space. An invisible separator would not do, since IDNA (UTS #46) and
/// some readers drop it, and spam filters take it for a disguise.
pub fn clean(text: &str) -> Option<String> {
    let mut cleaned = String::new();
    let mut count = 0;
    let mut is_seen = false;
    let mut last = ' ';
    for c in text.chars() {
        let c = if c.is_whitespace() && !is_text_control(c) { ' ' } else { c };
        let is_ignorable = is_default_ignorable(c);
        let is_dropped = is_text_control(c) || (is_ignorable && !shapes_others(c));
        if is_dropped || (c == ' ' && last == ' ') {
            continue;
        }
        if count == MAX {
            cleaned.push('…');
            break;
        }
        if is_separator(last) && c != ' ' {
            cleaned.push(' ');
        }
        cleaned.push(c);
        count += 1;
        is_seen |= c != ' ' && !is_ignorable;
        last = c;
    }
    is_seen.then_some(cleaned)
}

/// Joiners and variation selectors, which scripts and emoji need.
const fn shapes_others(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}')
}

/// Dots, those included that IDNA takes for one, and colons.
const fn is_separator(c: char) -> bool {
    matches!(c, '.' | ':' | '\u{2024}' | '\u{3002}' | '\u{fe52}' | '\u{ff0e}' | '\u{ff1a}' | '\u{ff61}')
}
