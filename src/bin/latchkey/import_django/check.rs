//! Check of a row by the Worker's rules.

use chrono::{DateTime, NaiveDateTime};
use latchkey::account::email;
use latchkey::account::password::PasswordHash;
use latchkey::account::profile::PROFILE;
use latchkey::account::validate::{self, RawField, Validated};
use latchkey::auth::password::Hasher;
use latchkey::error::Violation;
use serde_json::{Map, Value};

use super::MAX_ID;
use super::source::{Kind, Object};
use crate::output::escape_for_terminal;

/// Row as far as it could be read: completely, if there is no problem.
pub enum Record {
    User(User),
    Profile(Profile),
}

#[derive(Default)]
pub struct User {
    pub id: Option<i64>,
    pub username: Option<String>,
    pub email: Option<String>,
    pub password: String,
    pub is_active: bool,
    pub is_staff: bool,
    pub is_superuser: bool,
    pub profile: Profile,
    /// Unix seconds.
    pub created_at: Option<i64>,
    /// Unix seconds.
    pub updated_at: Option<i64>,
}

#[derive(Default)]
pub struct Profile {
    pub user: Option<i64>,
    pub bio: Option<String>,
    pub image: Option<String>,
}

impl Record {
    /// Identifies the row's user, after its number in a message.
    pub fn label(&self) -> String {
        match self {
            Self::User(User { id: Some(id), .. }) => format!(" (id {id})"),
            Self::Profile(Profile { user: Some(id), .. }) => format!(" (profile of id {id})"),
            Self::User(_) => String::new(),
            Self::Profile(_) => " (a profile)".to_owned(),
        }
    }
}

/// Remarks on one row.
#[derive(Default)]
pub struct Remarks {
    /// Reasons why the row can't be imported.
    pub problems: Vec<String>,
    /// Oddities that are imported all the same.
    pub notes: Vec<String>,
}

/// Reads a row.
pub fn check(kind: Kind, object: Object) -> (Record, Remarks) {
    let mut row = Row { fields: object.fields, problems: Vec::new(), notes: Vec::new() };
    let record = match kind {
        Kind::User => Record::User(row.user(&object.pk)),
        Kind::Profile => {
            let id = row.fields.remove("user").unwrap_or_default();
            let user = row.id(&id, "user");
            Record::Profile(Profile { user, ..row.profile() })
        }
    };
    (record, Remarks { problems: row.problems, notes: row.notes })
}

struct Row {
    fields: Map<String, Value>,
    problems: Vec<String>,
    notes: Vec<String>,
}

impl Row {
    fn user(&mut self, pk: &Value) -> User {
        let id = self.id(pk, "id");
        let email = self.field("email", |input| validate::email(input, email::domain_to_ascii));
        let username = self.username();
        let password = self.password();
        let [is_active, is_staff, is_superuser] =
            [("is_active", true), ("is_staff", false), ("is_superuser", false)]
                .map(|(name, default)| self.flag(name, default));
        let profile = self.profile();
        // Django's own users have only this one time.
        let joined = self.time("date_joined");
        let created_at = self.time("created_at").or(joined);
        let updated_at = self.time("updated_at").or(created_at);
        if created_at.is_none() && self.problems.is_empty() {
            self.problems.push("created_at is missing".to_owned());
        }
        User {
            id,
            username,
            email,
            password,
            is_active,
            is_staff,
            is_superuser,
            profile,
            created_at,
            updated_at,
        }
    }

    fn profile(&mut self) -> Profile {
        let bio = self.profile_field("bio");
        let image = self.profile_field("image");
        Profile { user: None, bio, image }
    }

    fn profile_field(&mut self, name: &str) -> Option<String> {
        let field = PROFILE.iter().find(|field| field.name() == name)?;
        self.field(name, |input| field.check(input)).flatten()
    }

    fn id(&mut self, value: &Value, name: &str) -> Option<i64> {
        let id = value.as_i64().filter(|id| (1..=MAX_ID).contains(id));
        if id.is_none() {
            self.problems.push(format!(
                "{name} is {}, not a whole number from 1 to {MAX_ID}",
                escape_for_terminal(&value.to_string())
            ));
        }
        id
    }

    fn field<T>(&mut self, name: &str, rule: impl Fn(RawField) -> Validated<T>) -> Option<T> {
        match rule(self.fields.remove(name).into()) {
            Ok(value) => Some(value),
            Err(violations) => {
                let words = violations.iter().map(|violation| format!("{name} {}", words(violation)));
                self.problems.extend(words);
                None
            }
        }
    }

    /// Reads a username. One that is not visible is kept: it may be older than that rule.
    fn username(&mut self) -> Option<String> {
        let input: RawField = self.fields.remove("username").into();
        let violations = match validate::username(input.clone()) {
            Ok(username) => return Some(username),
            Err(violations) => violations,
        };
        let is_note = |violation: &&Violation| **violation == Violation::InvalidUsername;
        let problems = violations.iter().filter(|violation| !is_note(violation));
        self.problems.extend(problems.map(|violation| format!("username {}", words(violation))));
        match input {
            RawField::Text(username) if violations.iter().all(|violation| is_note(&violation)) => {
                self.notes.push(format!(
                    "username \"{}\" is one that the API no longer accepts: it has characters that control a terminal or \
                     the direction of text, or nothing visible",
                    escape_for_terminal(&username)
                ));
                Some(username)
            }
            _ => None,
        }
    }

    fn password(&mut self) -> String {
        let Some(Value::String(stored)) = self.fields.remove("password") else {
            self.problems.push("password is missing".to_owned());
            return String::new();
        };
        if stored.starts_with('!') {
            self.problems
                .push("password is unusable, as Django calls it: no login succeeds with it".to_owned());
        } else if let Err(reason) = Hasher::from_encoded(&PasswordHash::new(stored.clone())) {
            self.problems.push(format!("password can't be verified here: its hash {reason}"));
        }
        stored
    }

    /// Reads a boolean, which SQLite stores as 0 or 1.
    fn flag(&mut self, name: &str, default: bool) -> bool {
        match self.fields.remove(name) {
            None => default,
            Some(Value::Bool(flag)) => flag,
            Some(Value::Number(number)) if number.as_i64().is_some_and(|flag| flag == 0 || flag == 1) => {
                number.as_i64() == Some(1)
            }
            Some(_) => {
                self.problems.push(format!("{name} is neither true nor false"));
                default
            }
        }
    }

    fn time(&mut self, name: &str) -> Option<i64> {
        let value = self.fields.remove(name)?;
        let time = value.as_str().and_then(unix_seconds);
        if time.is_none() {
            self.problems.push(format!("{name} is not a time of the form 2026-01-31T12:00:00Z"));
        }
        time
    }
}

/// Parses a time of a fixture or SQLite; without an offset it is in UTC, as Django stores it.
fn unix_seconds(text: &str) -> Option<i64> {
    let text = text.replacen(' ', "T", 1);
    DateTime::parse_from_rfc3339(&text)
        .map(|time| time.timestamp())
        .or_else(|_| {
            NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f")
                .map(|time| time.and_utc().timestamp())
        })
        .ok()
}

/// Describes a violation, after the field's name.
fn words(violation: &Violation) -> String {
    match violation {
        Violation::Required | Violation::Null | Violation::Blank => "is missing".to_owned(),
        Violation::InvalidEmail { .. } => "is not a valid email address".to_owned(),
        Violation::NotAString => "is not a string".to_owned(),
        Violation::TooLong(max) => format!("is longer than {max} characters"),
        Violation::NullCharacter => "has a null character".to_owned(),
        other => format!("breaks a rule: {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_form_that_django_writes() {
        for text in [
            "2026-01-02T03:04:05Z",
            "2026-01-02T03:04:05.678Z",
            "2026-01-02T04:04:05.678+01:00",
            "2026-01-02T03:04:05.678901",
            "2026-01-02 03:04:05.678901",
            "2026-01-02 03:04:05",
        ] {
            assert_eq!(unix_seconds(text), Some(1_767_323_045), "{text}");
        }
        for text in ["", "2026-01-02", "2026-13-02T03:04:05Z", "yesterday"] {
            assert_eq!(unix_seconds(text), None, "{text}");
        }
    }
}
