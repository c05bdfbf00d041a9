//! The rules of each field. A rule takes what the client sent and gives what may be used, or every
//! rule that it breaks, in the order of the contract.

use serde_json::Value;

use crate::account::email;
use crate::account::username;
use crate::error::{Field, Violation};

/// What the text of a field has to be.
#[derive(Debug)]
pub struct Rule {
    /// The field.
    pub field: Field,
    /// The fewest characters; where it is 0, `null` and no text are the same value.
    pub min: usize,
    /// The most characters.
    pub max: usize,
    /// Whether the text will be kept, and not only compared.
    pub is_kept: bool,
}

const fn kept(field: Field, min: usize, max: usize) -> Rule {
    Rule { field, min, max, is_kept: true }
}

const fn compared(field: Field, max: usize) -> Rule {
    Rule { field, min: 1, max, is_kept: false }
}

const EMAIL: Rule = kept(Field::Email, 1, 254);
const USERNAME: Rule = kept(Field::Username, 1, 255);
const PASSWORD: Rule = kept(Field::Password, 8, 128);
const BIO: Rule = kept(Field::Bio, 0, 2_000);
const IMAGE: Rule = kept(Field::Image, 0, 2_048);
const LOGIN_EMAIL: Rule = compared(Field::Email, 255);
const LOGIN_PASSWORD: Rule = compared(Field::Password, PASSWORD.max);
const CURRENT_PASSWORD: Rule = compared(Field::CurrentPassword, PASSWORD.max);

/// The rules of a registration.
pub const NEW_USER: [&Rule; 3] = [&EMAIL, &USERNAME, &PASSWORD];
/// The rules of a login.
pub const CREDENTIALS: [&Rule; 2] = [&LOGIN_EMAIL, &LOGIN_PASSWORD];
/// The rules of an update, each field of which may be absent.
pub const PATCH: [&Rule; 6] = [&EMAIL, &USERNAME, &PASSWORD, &BIO, &IMAGE, &CURRENT_PASSWORD];

/// The rules of a deactivation, whose field may be absent.
pub const DEACTIVATION: [&Rule; 1] = [&CURRENT_PASSWORD];

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

impl Rule {
    /// Whether it has to be the address of a mailbox.
    pub fn is_address(&self) -> bool {
        self.is_kept && self.field == Field::Email
    }

    /// It has to be a name that can be shown.
    fn is_name(&self) -> bool {
        self.is_kept && self.field == Field::Username
    }

    /// It has to be equal to what is stored.
    fn is_proof(&self) -> bool {
        self.field == Field::CurrentPassword
    }

    /// Whether no two users may have the same.
    pub fn is_unique(&self) -> bool {
        self.is_kept && matches!(self.field, Field::Email | Field::Username)
    }

    /// Every violation there can be, in the order in which they are reported.
    pub fn violations(&self) -> Vec<Violation> {
        let Self { min, max, .. } = *self;
        let may = |is_possible: bool, violation| is_possible.then_some(violation);
        [
            may(min > 0, Violation::Required),
            may(min > 0, Violation::Null),
            may(min > 0, Violation::Blank),
            Some(self.not_a_string()),
            may(min > 1, Violation::TooShort(min)),
            Some(Violation::TooLong(max)),
            may(self.is_kept, Violation::NullCharacter),
            may(self.is_address(), Violation::InvalidEmail { is_string: true }),
            may(self.is_name(), Violation::InvalidUsername),
            may(self.is_unique(), Violation::Taken),
            may(self.is_proof(), Violation::Wrong),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Checks a field that may have no value.
    fn nullable(&self, input: Input) -> Checked<Option<String>> {
        let text = match input {
            Input::Absent | Input::Null if self.min == 0 => return Ok(None),
            Input::Text(text) if text.is_empty() && self.min == 0 => return Ok(None),
            Input::Absent => return Err(vec![Violation::Required]),
            Input::Null => return Err(vec![Violation::Null]),
            Input::NotAString => return Err(vec![self.not_a_string()]),
            Input::Text(text) if text.is_empty() => return Err(vec![Violation::Blank]),
            Input::Text(text) => text,
        };
        let length = text.chars().count();
        let broken: Vec<_> = [
            (length < self.min).then_some(Violation::TooShort(self.min)),
            (length > self.max).then_some(Violation::TooLong(self.max)),
            (self.is_kept && text.contains('\0')).then_some(Violation::NullCharacter),
            (self.is_address() && !email::is_valid(&text))
                .then_some(Violation::InvalidEmail { is_string: true }),
            (self.is_name() && !username::is_visible(&text)).then_some(Violation::InvalidUsername),
        ]
        .into_iter()
        .flatten()
        .collect();
        if broken.is_empty() { Ok(Some(text)) } else { Err(broken) }
    }

    /// Checks a field that has to have a value.
    fn required(&self, input: Input) -> Checked<String> {
        self.nullable(input).map(Option::unwrap_or_default)
    }

    fn not_a_string(&self) -> Violation {
        if self.is_address() { Violation::InvalidEmail { is_string: false } } else { Violation::NotAString }
    }
}

/// The email of a user: a valid address, normalized by [`email::normalize`]. The rules hold for what is stored too.
pub fn email(input: Input, domain_to_ascii: impl Fn(&str) -> Option<String>) -> Checked<String> {
    let typed = EMAIL.required(input)?;
    EMAIL.required(Input::Text(email::normalize(typed, domain_to_ascii)))
}

/// The name of a user.
pub fn username(input: Input) -> Checked<String> {
    USERNAME.required(input)
}

/// A new password.
pub fn password(input: Input) -> Checked<String> {
    PASSWORD.required(input)
}

/// What a user says of themself; `None` for nothing.
pub fn bio(input: Input) -> Checked<Option<String>> {
    BIO.nullable(input)
}

/// The address of a user's picture; `None` for none.
pub fn image(input: Input) -> Checked<Option<String>> {
    IMAGE.nullable(input)
}

/// The email that a login names, brought to the form in which emails are stored.
pub fn login_email(input: Input, domain_to_ascii: impl Fn(&str) -> Option<String>) -> Checked<String> {
    LOGIN_EMAIL.required(input).map(|email| email::normalize(email, domain_to_ascii))
}

/// The password that a login tries.
pub fn login_password(input: Input) -> Checked<String> {
    LOGIN_PASSWORD.required(input)
}

/// The password that a user has, beside a change that it proves.
pub fn current_password(input: Input) -> Checked<String> {
    CURRENT_PASSWORD.required(input)
}

/// Of a patch: an absent field passes, another keeps its `rule`.
pub fn optional<T>(input: Input, rule: impl FnOnce(Input) -> Checked<T>) -> Checked<Option<T>> {
    match input {
        Input::Absent => Ok(None),
        present => rule(present).map(Some),
    }
}
