//! Check of a row by the Worker's rules.

use std::collections::BTreeSet;

use anyhow::Result;
use chrono::{DateTime, NaiveDateTime};
use latchkey::account::email;
use latchkey::account::password::PasswordHash;
use latchkey::account::profile::PROFILE;
use latchkey::account::validate::{self, RawField, Validated};
use latchkey::auth::password::Hasher;
use latchkey::error::Violation;
use serde_json::{Map, Value};

use super::MAX_ID;
use super::algorithms::other_algorithm;
use super::models::Kind;
use super::remark::{Remark, Severity, Who};
use super::second_factor::{self, Factor};
use super::source::Object;
use crate::unusable_password;

/// Fields of a row that are no loss: Latchkey has no times of a profile.
const PROFILE_TIMES: [&str; 2] = ["created_at", "updated_at"];

/// Row as far as it could be read: completely, if there is no problem.
pub enum Record {
    User(User),
    Profile(Profile),
    /// Address, if it is verified.
    Address(Option<Address>),
    /// Second factor, if it is in use.
    Factor(Option<Factor>),
}

#[derive(Default)]
pub struct User {
    pub id: Option<i64>,
    pub username: Option<String>,
    pub email: Option<String>,
    pub password: String,
    /// Reason for which the password became an unusable one.
    pub unusable: Option<String>,
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

/// Verified address of a user.
pub struct Address {
    pub user: i64,
    /// As a user's email is stored.
    pub email: String,
}

/// A row that was read.
pub struct Checked {
    pub record: Record,
    pub who: Who,
    pub remarks: Vec<Remark>,
    /// Fields that have a value and are not imported.
    pub dropped: BTreeSet<String>,
}

/// Reads a row. With `makes_unusable`, a password that can't be verified becomes an unusable one.
pub fn check(kind: Kind, object: Object, makes_unusable: bool) -> Result<Checked> {
    let text = |name: &str| object.fields.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut who = Who { id: None, username: text("username"), email: text("email") };
    let is_original = object.model.eq_ignore_ascii_case("authentication.user");
    let mut row = Row { fields: object.fields, remarks: Vec::new() };
    let record = match kind {
        Kind::User => {
            let user = row.user(&object.pk, is_original, makes_unusable)?;
            who.id = user.id;
            Record::User(user)
        }
        Kind::Profile => {
            let user = match row.fields.remove("user").unwrap_or_default() {
                Value::Null => {
                    row.remark(Severity::ProfileProblem, "user", MISSING, None);
                    None
                }
                id => row.id(&id, "user", Severity::ProfileProblem),
            };
            let profile = Profile { user, ..row.profile() };
            row.fields.retain(|name, _| !PROFILE_TIMES.contains(&name.as_str()));
            who.id = user;
            Record::Profile(profile)
        }
        Kind::Address => {
            let address = row.address();
            who.id = address.as_ref().map(|address| address.user);
            row.fields.clear();
            Record::Address(address)
        }
        Kind::TotpDevice | Kind::StaticDevice | Kind::Authenticator => {
            let factor = second_factor::read(&mut row, kind);
            who.id = factor.as_ref().map(|factor| match factor {
                Factor::App(app) => app.user,
                Factor::LeftOut(user, _) => *user,
            });
            row.fields.clear();
            Record::Factor(factor)
        }
    };
    let has_value = |value: &Value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        _ => true,
    };
    let dropped = row.fields.into_iter().filter(|(_, value)| has_value(value)).map(|(name, _)| name);
    Ok(Checked { record, who, dropped: dropped.collect(), remarks: row.remarks })
}

/// Row that is read, field by field.
pub struct Row {
    pub fields: Map<String, Value>,
    remarks: Vec<Remark>,
}

impl Row {
    fn user(&mut self, pk: &Value, is_original: bool, makes_unusable: bool) -> Result<User> {
        let id = self.id(pk, "id", Severity::Problem);
        self.note_trimming("email", self.fields.get("email").cloned().as_ref());
        let email = self.user_field("email", |input| validate::email(input, email::normalize_domain));
        let username = self.username();
        let (password, unusable) = self.password(makes_unusable)?;
        let [is_active, is_staff, is_superuser] =
            [("is_active", true), ("is_staff", false), ("is_superuser", false)]
                .map(|(name, default)| self.flag(name, default));
        let profile = self.profile();
        let has_time = ["date_joined", "created_at"]
            .iter()
            .any(|name| self.fields.get(*name).is_some_and(|time| !time.is_null()));
        // Django's own users have only this one time.
        let joined = self.time("date_joined");
        let created_at = self.time("created_at").or(joined);
        let updated_at = self.time("updated_at").or(created_at);
        if !has_time {
            self.problem(if is_original { "created_at" } else { "date_joined" }, MISSING, None);
        }
        Ok(User {
            id,
            username,
            email,
            password,
            unusable,
            is_active,
            is_staff,
            is_superuser,
            profile,
            created_at,
            updated_at,
        })
    }

    fn problem(&mut self, field: &str, text: impl Into<String>, value: Option<&Value>) {
        self.remark(Severity::Problem, field, text, value);
    }

    pub fn remark(
        &mut self,
        severity: Severity,
        field: &str,
        text: impl Into<String>,
        value: Option<&Value>,
    ) {
        let value = value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        self.remarks.push(Remark { severity, field: field.to_owned(), text: text.into(), value });
    }

    fn profile(&mut self) -> Profile {
        let bio = self.profile_field("bio");
        let image = self.profile_field("image");
        Profile { user: None, bio, image }
    }

    /// Reads an address that is verified. One that can't be read is none: its user can verify it here.
    fn address(&mut self) -> Option<Address> {
        let is_verified = self.fields.remove("verified").is_some_and(|flag| flag == true || flag == 1);
        let (user, email) = (self.fields.remove("user")?, self.fields.remove("email")?);
        if !is_verified {
            return None;
        }
        let user = self.id(&user, "user", Severity::Note)?;
        let email = email.as_str()?.trim().to_owned();
        Some(Address { user, email: email::normalize(email, email::normalize_domain) })
    }

    fn profile_field(&mut self, name: &str) -> Option<String> {
        let field = PROFILE.iter().find(|field| field.name() == name)?;
        self.field(name, Severity::ProfileProblem, |input| field.check(input)).flatten()
    }

    pub fn id(&mut self, value: &Value, name: &str, severity: Severity) -> Option<i64> {
        let id = value.as_i64().filter(|id| (1..=MAX_ID).contains(id));
        match value {
            _ if id.is_some() => {}
            Value::Null => self.remark(severity, name, format!("{MISSING}{NATURAL_PRIMARY}"), None),
            Value::Array(_) => self.remark(severity, name, NATURAL_FOREIGN, Some(value)),
            _ => {
                self.remark(severity, name, format!("is not a whole number from 1 to {MAX_ID}"), Some(value));
            }
        }
        id
    }

    fn user_field<T>(&mut self, name: &str, rule: impl Fn(RawField) -> Validated<T>) -> Option<T> {
        self.field(name, Severity::Problem, rule)
    }

    fn field<T>(
        &mut self,
        name: &str,
        severity: Severity,
        rule: impl Fn(RawField) -> Validated<T>,
    ) -> Option<T> {
        let value = self.fields.remove(name);
        match rule(value.clone().into()) {
            Ok(valid) => Some(valid),
            Err(violations) => {
                for violation in violations {
                    self.violation(severity, name, &violation, value.as_ref());
                }
                None
            }
        }
    }

    fn violation(&mut self, severity: Severity, name: &str, violation: &Violation, value: Option<&Value>) {
        let text = words(violation);
        self.remark(severity, name, &*text, value.filter(|_| text != MISSING));
    }

    /// The rules take white space off, as Django's forms do; a script may have stored it all the same.
    fn note_trimming(&mut self, name: &str, value: Option<&Value>) {
        if value.and_then(Value::as_str).is_some_and(|text| text.trim() != text) {
            self.remark(Severity::Note, name, "is imported without the white space around it", value);
        }
    }

    /// Reads a username. One that is not visible is kept: it may be older than that rule.
    fn username(&mut self) -> Option<String> {
        let value = self.fields.remove("username");
        self.note_trimming("username", value.as_ref());
        let input: RawField = value.clone().into();
        let violations = match validate::username(input.clone()) {
            Ok(username) => return Some(username),
            Err(violations) => violations,
        };
        let is_note = |violation: &&Violation| **violation == Violation::InvalidUsername;
        for violation in violations.iter().filter(|violation| !is_note(violation)) {
            self.violation(Severity::Problem, "username", violation, value.as_ref());
        }
        match input {
            RawField::Text(username) if violations.iter().all(|violation| is_note(&violation)) => {
                let text = "is one that the API no longer accepts, with characters that control a terminal or the direction \
                            of text, or nothing visible";
                self.remark(Severity::Note, "username", text, value.as_ref());
                Some(username)
            }
            _ => None,
        }
    }

    /// Reads the password, and the reason for which it became an unusable one.
    fn password(&mut self, makes_unusable: bool) -> Result<(String, Option<String>)> {
        let Some(Value::String(stored)) = self.fields.remove("password") else {
            self.problem("password", MISSING, None);
            return Ok((String::new(), None));
        };
        let algorithm = other_algorithm(&stored);
        let (reason, kind) = if stored.starts_with('!') {
            ("is unusable, as Django calls it: no login succeeds with it".to_owned(), "unusable before")
        } else if stored.is_empty() {
            ("is empty: no login succeeds with it".to_owned(), "empty")
        } else {
            match (Hasher::from_encoded(&PasswordHash::new(stored.clone())), algorithm) {
                (Ok(_), _) => return Ok((stored, None)),
                (_, Some(name)) => {
                    ("can't be verified here: its hash is of an unknown algorithm".to_owned(), name)
                }
                (Err(reason), None) => (format!("can't be verified here: its hash {reason}"), "invalid"),
            }
        };
        if makes_unusable {
            return Ok((unusable_password::make()?, Some(kind.to_owned())));
        }
        self.problem("password", reason, algorithm.map(Value::from).as_ref());
        Ok((stored, None))
    }

    /// Reads a boolean, which SQLite stores as 0 or 1.
    fn flag(&mut self, name: &str, default: bool) -> bool {
        match self.fields.remove(name) {
            None => default,
            Some(Value::Bool(flag)) => flag,
            Some(Value::Number(number)) if number.as_i64().is_some_and(|flag| flag == 0 || flag == 1) => {
                number.as_i64() == Some(1)
            }
            Some(other) => {
                self.problem(name, "is neither true nor false", Some(&other));
                default
            }
        }
    }

    fn time(&mut self, name: &str) -> Option<i64> {
        let value = self.fields.remove(name).filter(|value| !value.is_null())?;
        let time = value.as_str().and_then(unix_seconds);
        if time.is_none() {
            self.problem(name, "is not a time of the form 2026-01-31T12:00:00Z", Some(&value));
        }
        time
    }
}

/// Parses a time of a fixture or SQLite; without an offset it is in UTC, as Django stores it.
pub fn unix_seconds(text: &str) -> Option<i64> {
    let text = text.replacen(' ', "T", 1);
    DateTime::parse_from_rfc3339(&text)
        .map(|time| time.timestamp())
        .or_else(|_| {
            NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f")
                .map(|time| time.and_utc().timestamp())
        })
        .ok()
}

/// Words for a field without a value.
pub const MISSING: &str = "is missing";

/// Words that follow [`MISSING`] for a row without its id.
const NATURAL_PRIMARY: &str = ", as after dumpdata --natural-primary: dump without it";

/// Words for a reference that is no id.
const NATURAL_FOREIGN: &str = "is no id, as after dumpdata --natural-foreign: dump without it";

/// Describes a violation, after the field's name.
fn words(violation: &Violation) -> String {
    match violation {
        Violation::Required | Violation::Null | Violation::Blank => MISSING.to_owned(),
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
