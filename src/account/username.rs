//! Usernames: which can be seen, and pass for no other.

/// Tells whether a name can be shown as it is: nothing in it controls a terminal, breaks a line or changes the direction
/// of the text around it, and something in it can be seen. U+0000 has a rule of its own, so it passes here.
pub fn is_visible(name: &str) -> bool {
    let is_control = |c: char| c != '\0' && is_text_control(c);
    let is_seen = |c: char| !c.is_whitespace() && !is_default_ignorable(c);
    !name.contains(is_control) && name.contains(is_seen)
}

/// Control characters, line and paragraph separators, and explicit formatting characters of bidirectional text (UAX #9
/// §2).
pub fn is_text_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The property `Default_Ignorable_Code_Point` of Unicode 17 (`DerivedCoreProperties.txt`): what is not shown.
pub const fn is_default_ignorable(c: char) -> bool {
    matches!(c,
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fff8}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_something_to_see_and_nothing_that_controls() {
        for name in [
            "a",
            "名",
            "jake o'neil",
            "👩\u{200d}💻",
            "e\u{301}",
            "ف\u{200c}",
            "\u{200b}a",
            "a\0",
            "-1.5",
            "\u{2800}",
        ] {
            assert!(is_visible(name), "{name:?}");
        }
        for name in [
            "",
            "\u{200b}",
            "\u{3164}",
            "\u{115f}\u{ad}",
            "\u{2060}\u{feff}",
            "\u{fe0f}",
            "\u{e0041}",
            "\u{200d} \u{200c}",
        ] {
            assert!(!is_visible(name), "{name:?}");
        }
        for control in [
            '\u{1}', '\t', '\n', '\r', '\u{1b}', '\u{7f}', '\u{85}', '\u{9b}', '\u{2028}', '\u{2029}',
            '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}',
        ] {
            assert!(!is_visible(&format!("a{control}b")), "{control:?}");
        }
    }
}
