//! Passwords and their hashes as types, so that none is taken for the other or written to a log.

use std::fmt;

/// Password, trimmed and in NFC (UAX #15): keyboards type one text in several forms, and a hash knows only one (NIST SP
/// 800-63B-4 §3.1.1.2). It has no `Display`, and its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password {
    nfc: String,
    typed: Option<String>,
}

/// Stored hash of a password, as Django writes it: `algorithm$iterations$salt$hash`. Its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl Password {
    /// Takes a text for a password. `to_nfc`, which the platform brings, is asked only for what is not ASCII.
    pub fn new(typed: String, to_nfc: &dyn Fn(&str) -> String) -> Self {
        if typed.is_ascii() {
            return Self { nfc: typed, typed: None };
        }
        let nfc = to_nfc(&typed);
        let typed = (nfc != typed).then_some(typed);
        Self { nfc, typed }
    }

    /// The text in NFC, which rules hold for and new hashes are of.
    pub fn as_str(&self) -> &str {
        &self.nfc
    }

    /// The text as typed, if it is another: hashes of Django are of that.
    pub fn as_typed(&self) -> Option<&str> {
        self.typed.as_deref()
    }
}

/// The `to_nfc` of [`Password::new`] off the edge: for the operator's command, and for tests.
#[cfg(all(feature = "cli", not(target_arch = "wasm32")))]
pub fn to_nfc(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    text.nfc().collect()
}

impl PasswordHash {
    /// Takes a text for a hash; [`crate::auth::password`] reads it.
    pub fn new(encoded: String) -> Self {
        Self(encoded)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(redacted)")
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither() {
        let password = Password::new("hunter2e\u{301}".to_owned(), &to_nfc);
        let hash = PasswordHash::new("hunter2".to_owned());
        assert_eq!(format!("{password:?} {hash:?}"), "Password(redacted) PasswordHash(redacted)");
    }

    #[test]
    fn a_password_has_a_second_form_where_it_is_not_in_nfc() {
        for (typed, nfc) in [
            ("caf\u{e9} noir", "caf\u{e9} noir"),
            ("cafe\u{301} noir", "caf\u{e9} noir"),
            ("\u{212b}ngstr\u{f6}m", "\u{c5}ngstr\u{f6}m"),
            ("\u{1112}\u{1161}\u{11ab}", "\u{d55c}"),
            ("\u{958}", "\u{915}\u{93c}"), // which no form composes
            ("\u{fb01}", "\u{fb01}"),      // a ligature: NFKC would change it
        ] {
            let password = Password::new(typed.to_owned(), &to_nfc);
            assert_eq!((password.as_str(), password.as_typed()), (nfc, (typed != nfc).then_some(typed)));
        }
        let not_asked = |text: &str| panic!("{text}");
        let ascii = Password::new("hunter2".to_owned(), &not_asked);
        assert_eq!((ascii.as_str(), ascii.as_typed()), ("hunter2", None));
    }
}
