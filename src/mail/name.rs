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
    let mut follows_separator = false;
    for c in text.chars().filter(|c| is_kept(*c)) {
        let is_space = c.is_whitespace();
        if is_space && (cleaned.is_empty() || cleaned.ends_with(' ')) {
            continue;
        }
        if count == MAX {
            cleaned.push('…');
            break;
        }
        if follows_separator && !is_space {
            cleaned.push(' ');
        }
        cleaned.push(if is_space { ' ' } else { c });
        follows_separator = is_separator(c);
        count += 1;
    }
    let is_seen = |c: char| !c.is_whitespace() && !is_default_ignorable(c);
    cleaned.contains(is_seen).then_some(cleaned)
}

/// Tells whether a character stays. Of what is not shown by itself, joiners and variation selectors do, which scripts
/// and emoji need.
fn is_kept(c: char) -> bool {
    let shapes_others = matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}');
    !is_text_control(c) && (!is_default_ignorable(c) || shapes_others)
}

/// Dots, those included that IDNA takes for one, and colons.
fn is_separator(c: char) -> bool {
    matches!(c, '.' | ':' | '\u{2024}' | '\u{3002}' | '\u{fe52}' | '\u{ff0e}' | '\u{ff1a}' | '\u{ff61}')
}
