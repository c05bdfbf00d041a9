//! Passwords and their hashes as types, so that none is taken for the other or written to a log.

use std::fmt;

/// Password as it was typed, trimmed. It has no `Display`, and its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Stored hash of a password, as Django writes it: `algorithm$iterations$salt$hash`. Its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl Password {
    /// Takes a text for a password.
    pub fn new(typed: String) -> Self {
        Self(typed)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
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
        let (password, hash) = (Password::new("hunter2".to_owned()), PasswordHash::new("hunter2".to_owned()));
        assert_eq!(format!("{password:?} {hash:?}"), "Password(redacted) PasswordHash(redacted)");
    }
}
