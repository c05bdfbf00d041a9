//! Lookup of the user that an argument identifies.

use anyhow::{Result, anyhow};
use latchkey::account::email;
use latchkey::store::operator::Database;
use latchkey::store::operator::users::{self, Selector, UserRecord};

use crate::output::escape_for_terminal;
use crate::usage;

/// Finds a user by email, id or username.
pub fn find(database: &dyn Database, argument: &str) -> Result<UserRecord> {
    let selector = parse(argument)?;
    users::find(database, &selector)?.ok_or_else(|| anyhow!("{}", not_found(&selector)))
}

/// Parses an argument that identifies a user. Anyone can choose a username that looks like another user's email or id,
/// so an argument has only one meaning.
pub fn parse(text: &str) -> Result<Selector> {
    let text = text.trim();
    if text.is_empty() {
        return Err(usage::error("no user given: pass an email, a username or an id"));
    }
    if text.contains('@') {
        return Ok(Selector::Email(email::normalize(text.to_owned(), email::normalize_domain)));
    }
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    // A number that is too large for an id is not a username either.
    Ok(if is_number {
        Selector::Id(text.parse().unwrap_or(i64::MAX))
    } else {
        Selector::Username(text.to_owned())
    })
}

fn not_found(selector: &Selector) -> String {
    match selector {
        Selector::Email(email) => format!(
            "there is no user with the email {}; one whose username has an @ in it is found by email or id",
            escape_for_terminal(email)
        ),
        Selector::Id(id) => format!(
            "there is no user with the id {id}; one whose username is a number is found by email or id"
        ),
        Selector::Username(username) => {
            format!("there is no user with the username {}", escape_for_terminal(username))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_has_one_meaning() {
        let email = |text: &str| Selector::Email(text.to_owned());
        let username = |text: &str| Selector::Username(text.to_owned());
        for (text, selector) in [
            ("jake", username("jake")),
            (" \u{a0}jake\u{3000}\n", username("jake")),
            ("Jake@EXAMPLE.com ", email("Jake@example.com")),
            ("jake@BÜCHER.example", email("jake@xn--bcher-kva.example")),
            ("not an address@", email("not an address@")),
            ("@jake", email("@jake")),
            ("7", Selector::Id(7)),
            (" 7\n", Selector::Id(7)),
            ("0", Selector::Id(0)),
            ("9223372036854775807", Selector::Id(i64::MAX)),
            ("9223372036854775808", Selector::Id(i64::MAX)),
            ("+1", username("+1")),
            ("-1", username("-1")),
            ("01", username("01")),
            ("00", username("00")),
            ("0x1", username("0x1")),
            ("1.0", username("1.0")),
            ("1_000", username("1_000")),
            ("\u{ff11}", username("\u{ff11}")),
        ] {
            assert_eq!(parse(text).unwrap(), selector, "{text:?}");
        }
        for text in ["", " \u{2003}\n"] {
            assert!(parse(text).is_err());
        }
    }
}
