//! Second factors as they are drawn, typed and stored: codes of an authenticator app, recovery codes, and the secret of a
//! second step.

use base64ct::{Base64UrlUnpadded, Encoding as _};

use super::single_use::{TOKEN_CHARS, draw_token, sha256};
use super::totp;

/// Number of recovery codes in a set.
const RECOVERY_CODES: usize = 8;

/// Characters of a recovery code, of 5 bits each: so many that SHA-256 will do (OWASP ASVS 5.0, 6.5.2).
const RECOVERY_CHARS: usize = 25;
const RECOVERY_BYTES: usize = 16;

/// Characters of a group of a recovery code.
const GROUP: usize = 5;

/// Place of a user's seed in the database, which its seal is bound to.
pub fn place_of_seed(user_id: i64, credential_id: i64) -> String {
    format!("totp {user_id} {credential_id}")
}

/// Code as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// Code of an authenticator app.
    App(String),
    /// SHA-256 of a recovery code.
    Recovery(String),
    /// Text that is neither.
    Other,
}

impl Code {
    /// Reads a code. Spaces are ignored; in a recovery code hyphens and case too.
    pub fn read(typed: &str) -> Self {
        let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
        if typed.len() == totp::DIGITS && typed.bytes().all(|c| c.is_ascii_digit()) {
            return Self::App(typed);
        }
        let code = typed.replace('-', "").to_ascii_uppercase();
        if code.len() == RECOVERY_CHARS { Self::Recovery(sha256(&code)) } else { Self::Other }
    }
}

/// Draws the id of a credential: random, so that a seed can be sealed under it before there is a row.
pub fn draw_credential_id<E>(fill_random: impl Fn(&mut [u8]) -> Result<(), E>) -> Result<i64, E> {
    let mut bytes = [0; 8];
    fill_random(&mut bytes)?;
    // As many bits as JavaScript's numbers are exact to.
    Ok(((u64::from_le_bytes(bytes) >> 11) as i64).max(1))
}

/// Set of recovery codes.
pub struct RecoverySet {
    /// The codes, in groups: an array in JSON.
    pub codes: String,
    /// Ids of their credentials, and their SHA-256: an object in JSON.
    pub stored: String,
}

/// Draws a set of recovery codes. They have nothing to escape in JSON.
pub fn draw_recovery_set<E>(
    fill_random: impl Fn(&mut [u8]) -> Result<(), E> + Copy,
) -> Result<RecoverySet, E> {
    let (mut codes, mut stored) = (String::from("["), String::from("{"));
    for at in 0..RECOVERY_CODES {
        let mut bytes = [0; RECOVERY_BYTES];
        fill_random(&mut bytes)?;
        let code: String = totp::base32(&bytes).chars().take(RECOVERY_CHARS).collect();
        let comma = if at > 0 { "," } else { "" };
        stored.push_str(&format!(r#"{comma}"{}":"{}""#, draw_credential_id(fill_random)?, sha256(&code)));
        codes.push_str(comma);
        codes.push('"');
        for (at, c) in code.chars().enumerate() {
            if at > 0 && at % GROUP == 0 {
                codes.push('-');
            }
            codes.push(c);
        }
        codes.push('"');
    }
    codes.push(']');
    stored.push('}');
    Ok(RecoverySet { codes, stored })
}

/// Secret of a second step: `id.token`, where the id names the user, so that tries are counted under them before anything is
/// looked up.
pub struct StepSecret {
    /// Primary key.
    pub id: String,
    /// Id of the user.
    pub user_id: i64,
    /// SHA-256 of the token.
    pub token_hash: String,
}

impl StepSecret {
    /// Draws one for a user. Gives the text too.
    pub fn draw<E>(
        user_id: i64,
        fill_random: impl Fn(&mut [u8]) -> Result<(), E>,
    ) -> Result<(Self, String), E> {
        let mut random = [0; 16];
        fill_random(&mut random)?;
        let id = format!("{user_id}~{}", Base64UrlUnpadded::encode_string(&random));
        let token = draw_token(fill_random)?;
        let text = [&id, ".", &token].concat();
        Ok((Self { id, user_id, token_hash: sha256(&token) }, text))
    }

    /// Reads one that a client sent; `None` if it can be none.
    pub fn read(text: &str) -> Option<Self> {
        let (id, token) = text.split_once('.')?;
        let (user_id, _) = id.split_once('~')?;
        let user_id = user_id.parse().ok().filter(|id| *id > 0)?;
        (token.len() == TOKEN_CHARS).then(|| Self { id: id.to_owned(), user_id, token_hash: sha256(token) })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn recovery_codes_are_read_as_they_are_written_and_typed() {
        let RecoverySet { codes, stored } = draw_recovery_set(getrandom::fill).unwrap();
        let codes: Vec<String> = serde_json::from_str(&codes).unwrap();
        let stored: BTreeMap<String, String> = serde_json::from_str(&stored).unwrap();
        assert_eq!((codes.len(), stored.len()), (8, 8));
        assert!(stored.keys().all(|id| (1..1 << 53).contains(&id.parse::<i64>().unwrap())), "{stored:?}");
        for code in &codes {
            assert_eq!(code.len(), 29, "{code}");
            assert!(code.split('-').all(|group| group.len() == 5), "{code}");
            let spaced = format!(" {} ", code.replace('-', " ").to_lowercase());
            for typed in [code, &spaced, &code.replace('-', "")] {
                let Code::Recovery(hash) = Code::read(typed) else { panic!("{typed}") };
                assert!(stored.values().any(|stored| *stored == hash), "{typed}");
            }
            assert_eq!(Code::read(code.get(1..).unwrap()), Code::Other);
        }
        assert_ne!(codes[0], codes[1]);
    }

    #[test]
    fn codes_of_an_app_are_six_digits() {
        for typed in ["123456", "123 456", " 12 34 56 "] {
            assert_eq!(Code::read(typed), Code::App("123456".to_owned()), "{typed}");
        }
        for typed in ["", "12345", "1234567", "12345a", "123-456", "١٢٣٤٥٦"] {
            assert_eq!(Code::read(typed), Code::Other, "{typed}");
        }
    }

    #[test]
    fn a_step_secret_names_its_user() {
        let (step, text) = StepSecret::draw(7, getrandom::fill).unwrap();
        let read = StepSecret::read(&text).unwrap();
        assert_eq!((read.id, read.user_id, read.token_hash), (step.id, 7, step.token_hash));
        for text in [
            "",
            ".",
            "7~x",
            "x~y.z",
            text.get(1..).unwrap(),
            text.get(..text.len() - 1).unwrap(),
            &format!("-{text}"),
        ] {
            assert!(StepSecret::read(text).is_none(), "{text}");
        }
    }
}
