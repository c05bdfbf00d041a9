//! Passwords that are refused for how easily they are guessed (NIST SP 800-63B-4 §3.1.1.2, OWASP ASVS 5.0, 6.2.4 and
//! 6.2.11).

use crate::account::password::Password;
use crate::error::{Field, Violation};

/// Path of the common passwords among the static assets: those of the 20,000 most common that have 8 or more characters, in
/// lower case, a line each. No part of the Worker, where 3,000 of them, well compressed, would have 7 KiB. Requests under
/// `/api/` reach the Worker, so no client gets them.
pub const COMMON_PASSWORDS: &str = "/api/common_passwords.txt";

/// Length from which on a value counts as a part of a password, in code points.
const MIN_PART: usize = 4;

/// Finds a value that the password contains, in any case: the username, or the local part of the email, without the quotes
/// that it may have (RFC 5321 §4.1.2).
pub fn similar(password: &Password, email: Option<&str>, username: Option<&str>) -> Option<Violation> {
    let password = password.as_str().to_lowercase();
    let local_part = email.map(|email| email.rsplit_once('@').map_or(email, |(local, _)| local));
    let local_part = local_part.map(|local| local.trim_matches('"'));
    let fields = [(Field::Email, local_part), (Field::Username, username)];
    fields.into_iter().find_map(|(field, value)| {
        let value = value.filter(|value| value.chars().count() >= MIN_PART)?;
        password.contains(&value.to_lowercase()).then_some(Violation::TooSimilar(field))
    })
}

/// Tells whether a password is one of [`COMMON_PASSWORDS`], in any case of their letters.
pub fn is_common(password: &Password, common_passwords: &str) -> bool {
    let password = password.as_str().to_ascii_lowercase();
    common_passwords.lines().any(|common| common == password)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::password::to_nfc;

    fn password(text: &str) -> Password {
        Password::new(text.to_owned(), &to_nfc)
    }

    #[test]
    fn a_password_may_not_contain_the_username_or_the_local_part_of_the_email() {
        let (email, username) = (Some("jake.b@example.com"), Some("Jäke"));
        for (text, field) in [
            ("jake.b12", Some(Field::Email)),
            ("xJAKE.Bx", Some(Field::Email)),
            ("jake.bjäke", Some(Field::Email)),
            ("my JÄKE horse", Some(Field::Username)),
            ("example.com", None),
            ("jake horse", None),
        ] {
            let expected = field.map(Violation::TooSimilar);
            assert_eq!(similar(&password(text), email, username), expected, "{text}");
        }
        // Short ones are in too many passwords.
        assert_eq!(similar(&password("jake horse"), Some("jak@x.io"), Some("ake")), None);
        assert_eq!(similar(&password("jake horse"), None, None), None);
        let quoted = Some(r#""jake.b"@example.com"#);
        assert_eq!(similar(&password("jake.b12"), quoted, None), Some(Violation::TooSimilar(Field::Email)));
        let with_two_signs = Some("a@jake@x.io");
        assert_eq!(
            similar(&password("xa@jakex"), with_two_signs, None),
            Some(Violation::TooSimilar(Field::Email))
        );
    }

    #[test]
    fn common_passwords_are_whole_lines_in_any_case() {
        let list = include_str!("common_passwords.txt");
        for text in ["password", "PassWord", "12345678", "iloveyou", "trustno1"] {
            assert!(is_common(&password(text), list), "{text}");
        }
        for text in ["", "passwor", "password\n12345678", "correct horse"] {
            assert!(!is_common(&password(text), list), "{text}");
        }
    }

    #[test]
    fn the_list_has_lines_that_can_be_found() {
        let lines: Vec<_> = include_str!("common_passwords.txt").lines().collect();
        assert!(lines.len() > 3_000);
        assert!(
            lines.iter().all(|line| line.len() >= 8 && line.is_ascii() && *line == line.to_ascii_lowercase())
        );
        assert!(lines.is_sorted_by(|one, next| one < next), "none stands twice");
    }
}
