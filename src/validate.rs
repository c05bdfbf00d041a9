//! The rules of each field. A rule takes what the client sent and gives what may be used, or every
//! rule that it breaks, in the order of the contract.

use serde_json::Value;

use crate::email;
use crate::error::Violation;

const EMAIL_MAX: usize = 254;
const USERNAME_MAX: usize = 255;
const PASSWORD_MIN: usize = 8;
const PASSWORD_MAX: usize = 128;
const BIO_MAX: usize = 2_000;
const IMAGE_MAX: usize = 2_048;
const LOGIN_EMAIL_MAX: usize = 255;

/// What a client sent for a field that takes a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Nothing.
    Absent,
    /// `null`.
    Null,
    /// A truth value, an object or a list.
    NotAString,
    /// A text without leading and trailing white space, or a number as its text.
    Text(String),
}

impl From<Option<Value>> for Input {
    fn from(value: Option<Value>) -> Self {
        match value {
            None => Self::Absent,
            Some(Value::Null) => Self::Null,
            Some(Value::String(text)) => Self::Text(text.trim().to_owned()),
            Some(Value::Number(number)) => Self::Text(number.to_string()),
            Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => Self::NotAString,
        }
    }
}

/// A value that may be used, or the rules that it breaks.
pub type Checked<T> = Result<T, Vec<Violation>>;

/// The email of a user: a valid address, normalized.
pub fn email(input: Input) -> Checked<String> {
    let text = required(input).map_err(|violation| match violation {
        Violation::NotAString => vec![Violation::InvalidEmail { is_string: false }],
        other => vec![other],
    })?;
    let mut broken = at_most(EMAIL_MAX, &text);
    broken.extend(no_null(&text));
    if !email::is_valid(&text) {
        broken.push(Violation::InvalidEmail { is_string: true });
    }
    unless(broken, email::normalize(text))
}

/// The name of a user.
pub fn username(input: Input) -> Checked<String> {
    let text = required(input).map_err(|violation| vec![violation])?;
    let mut broken = at_most(USERNAME_MAX, &text);
    broken.extend(no_null(&text));
    unless(broken, text)
}

/// A new password.
pub fn password(input: Input) -> Checked<String> {
    let text = required(input).map_err(|violation| vec![violation])?;
    let mut broken = Vec::new();
    if text.chars().count() < PASSWORD_MIN {
        broken.push(Violation::TooShort(PASSWORD_MIN));
    }
    broken.extend(at_most(PASSWORD_MAX, &text));
    broken.extend(no_null(&text));
    unless(broken, text)
}

/// What a user says of themself; `None` for nothing.
pub fn bio(input: Input) -> Checked<Option<String>> {
    nullable(BIO_MAX, input)
}

/// The address of a user's picture; `None` for none.
pub fn image(input: Input) -> Checked<Option<String>> {
    nullable(IMAGE_MAX, input)
}

/// The email that a login names, brought to the form in which emails are stored.
pub fn login_email(input: Input) -> Checked<String> {
    let text = required(input).map_err(|violation| vec![violation])?;
    unless(at_most(LOGIN_EMAIL_MAX, &text), email::normalize(text))
}

/// The password that a login tries.
pub fn login_password(input: Input) -> Checked<String> {
    let text = required(input).map_err(|violation| vec![violation])?;
    unless(at_most(PASSWORD_MAX, &text), text)
}

/// Of a patch: an absent field passes, another keeps its `rule`.
pub fn optional<T>(input: Input, rule: fn(Input) -> Checked<T>) -> Checked<Option<T>> {
    match input {
        Input::Absent => Ok(None),
        present => rule(present).map(Some),
    }
}

fn required(input: Input) -> Result<String, Violation> {
    match input {
        Input::Absent => Err(Violation::Required),
        Input::Null => Err(Violation::Null),
        Input::NotAString => Err(Violation::NotAString),
        Input::Text(text) if text.is_empty() => Err(Violation::Blank),
        Input::Text(text) => Ok(text),
    }
}

fn nullable(max: usize, input: Input) -> Checked<Option<String>> {
    match input {
        Input::Absent | Input::Null => Ok(None),
        Input::NotAString => Err(vec![Violation::NotAString]),
        Input::Text(text) if text.is_empty() => Ok(None),
        Input::Text(text) => {
            let mut broken = at_most(max, &text);
            broken.extend(no_null(&text));
            unless(broken, Some(text))
        }
    }
}

fn at_most(max: usize, text: &str) -> Vec<Violation> {
    if text.chars().count() > max { vec![Violation::TooLong(max)] } else { Vec::new() }
}

fn no_null(text: &str) -> Option<Violation> {
    text.contains('\0').then_some(Violation::NullCharacter)
}

fn unless<T>(broken: Vec<Violation>, value: T) -> Checked<T> {
    if broken.is_empty() { Ok(value) } else { Err(broken) }
}
