//! Passwords that are refused for how easily they are guessed (NIST SP 800-63B-4 §3.1.1.2, OWASP ASVS 5.0, 6.2.4 and
//! 6.2.11).

use crate::account::password::Password;
use crate::error::{SimilarTo, Violation};

/// Path of the common passwords among the static assets: those of the 20,000 most common that have 8 or more characters, in
/// lower case, a line each. No part of the Worker, where 3,000 of them, well compressed, would have 7 KiB. Requests under
/// `/api/` reach the Worker, so no client gets them.
pub const COMMON_PASSWORDS: &str = "/api/common_passwords.txt";

/// Length from which on a word counts as a part of a password, in code points.
const MIN_PART: usize = 4;

/// Words that a password may not have in it.
pub struct Words<'a> {
    /// The email, of which the local part counts, without the quotes that it may have (RFC 5321 §4.1.2).
    pub email: Option<&'a str>,
    /// The username.
    pub username: Option<&'a str>,
    /// The name of the deployment.
    pub app_name: &'a str,
}

/// Finds a word that the password contains, in any case. `to_lowercase`, which the platform brings, gives the lower case of a text's
/// form in NFC; it is asked only for what is not ASCII.
pub fn similar(
    password: &Password,
    Words { email, username, app_name }: &Words<'_>,
    to_lowercase: &dyn Fn(&str) -> String,
) -> Option<Violation> {
    let password = folded(password.as_str(), to_lowercase);
    let local_part = email.map(|email| email.rsplit_once('@').map_or(email, |(local, _)| local));
    let local_part = local_part.map(|local| local.trim_matches('"'));
    let words =
        [(SimilarTo::Email, local_part), (SimilarTo::Username, *username), (SimilarTo::Name, Some(app_name))];
    words.into_iter().find_map(|(what, word)| {
        let word = word?;
        let word = folded(word, to_lowercase);
        let is_part = word.chars().count() >= MIN_PART && password.contains(&word);
        is_part.then_some(Violation::TooSimilar(what))
    })
}

/// A text in one case. Σ has two lower ones, and which it gets depends on the letter after it.
fn folded(text: &str, to_lowercase: &dyn Fn(&str) -> String) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { to_lowercase(text).replace('ς', "σ") }
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

    fn found(text: &str, email: Option<&str>, username: Option<&str>, app_name: &str) -> Option<SimilarTo> {
        match similar(&password(text), &Words { email, username, app_name }, &|text| {
            to_nfc(text).to_lowercase()
        })? {
            Violation::TooSimilar(word) => Some(word),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_password_may_not_contain_the_username_or_the_local_part_of_the_email_or_the_name() {
        let (email, username) = (Some("jake.b@example.com"), Some("Jäke"));
        for (text, word) in [
            ("jake.b12", Some(SimilarTo::Email)),
            ("xJAKE.Bx", Some(SimilarTo::Email)),
            ("jake.bjäke", Some(SimilarTo::Email)),
            ("my JÄKE horse", Some(SimilarTo::Username)),
            ("my JÄKE lock key", Some(SimilarTo::Username)),
            ("my lock Key", Some(SimilarTo::Name)),
            ("example.com", None),
            ("jake horse, lock-key", None),
        ] {
            assert_eq!(found(text, email, username, "Lock Key"), word, "{text}");
        }
        // Short ones are in too many passwords.
        assert_eq!(found("jake horse", Some("jak@x.io"), Some("ake"), "ors"), None);
        assert_eq!(found("jake horse", None, None, "Latchkey"), None);
        let quoted = Some(r#""jake.b"@example.com"#);
        assert_eq!(found("jake.b12", quoted, None, ""), Some(SimilarTo::Email));
        assert_eq!(found("xa@jakex", Some("a@jake@x.io"), None, ""), Some(SimilarTo::Email));
    }

    #[test]
    fn a_sigma_is_one_wherever_it_stands() {
        for username in ["ΟΔΥΣΣΕΑΣ", "οδυσσεας"] {
            for text in ["ΟΔΥΣΣΕΑΣ", "οδυσσεας12", "ΟΔΥΣΣΕΑΣΧ", "οδυσσεασ"] {
                assert_eq!(found(text, None, Some(username), ""), Some(SimilarTo::Username), "{text}");
            }
        }
    }

    #[test]
    fn a_word_is_one_from_every_keyboard() {
        for text in ["my j\u{e4}ke horse", "my ja\u{308}ke horse"] {
            assert_eq!(found(text, None, Some("Ja\u{308}ke"), ""), Some(SimilarTo::Username));
            assert_eq!(found(text, None, None, "J\u{c4}KE"), Some(SimilarTo::Name));
            assert_eq!(found("my je\u{301}e horse", None, Some("je\u{301}e"), ""), None, "three in NFC");
        }
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
