//! The rules of each field. A rule takes what the client sent and gives what may be used, or every
//! rule that it breaks, in the order of the contract.

use serde_json::Value;

use super::password::Password;
use super::{email, username};
use crate::error::{Field, SimilarTo, Violation};

/// Rule of the text of a field.
#[derive(Debug)]
pub struct Rule {
    /// The field.
    pub field: Field,
    /// The fewest characters; where it is 0, `null` and an empty text are no value.
    pub min: usize,
    /// The most characters.
    pub max: usize,
    /// `true` if the text is stored (full rules), `false` if it is only compared with a stored value (login).
    pub is_stored: bool,
}

impl Rule {
    pub(super) const fn stored(field: Field, min: usize, max: usize) -> Self {
        Self { field, min, max, is_stored: true }
    }

    const fn credential(field: Field, max: usize) -> Self {
        Self { field, min: 1, max, is_stored: false }
    }
}

/// Rule of a user's email.
pub const EMAIL: Rule = Rule::stored(Field::Email, 1, 254);
/// Rule of a username.
pub const USERNAME: Rule = Rule::stored(Field::Username, 1, 255);
/// Rule of a new password. `PASSWORD_MIN_LENGTH` can raise its minimum.
pub const PASSWORD: Rule = Rule::stored(Field::Password, 8, 128);
/// Rule of the email of a login.
pub const LOGIN_EMAIL: Rule = Rule::credential(Field::Email, 255);
/// Rule of the password of a login.
pub const LOGIN_PASSWORD: Rule = Rule::credential(Field::Password, PASSWORD.max);
/// Rule of the current password, beside a change that it proves.
pub const CURRENT_PASSWORD: Rule = Rule::credential(Field::CurrentPassword, PASSWORD.max);

/// Rule of a single-use secret.
pub const SECRET: Rule = Rule::credential(Field::Secret, 128);

/// Rule of a code of an app, or a recovery code.
pub const CODE: Rule = Rule::credential(Field::Code, 64);

/// Rule of the type of a credential.
pub const TYPE: Rule = Rule::credential(Field::Type, usize::MAX);

/// Rule of the name of a passkey.
pub const PASSKEY_NAME: Rule = Rule::stored(Field::Name, 1, 64);

/// Rule of the response of a passkey to a challenge, which is no text.
pub const PASSKEY: Rule = Rule::credential(Field::Passkey, usize::MAX);

/// Rule of the response of a new passkey, which is no text.
pub const RESPONSE: Rule = Rule::credential(Field::Response, usize::MAX);

/// Rule of a flag of a user that staff set: whether they are active.
pub const ACTIVE: Rule = Rule::credential(Field::Active, usize::MAX);

/// Rule of the flag of staff.
pub const STAFF: Rule = Rule::credential(Field::Staff, usize::MAX);

/// Rule of the flag of superusers.
pub const SUPERUSER: Rule = Rule::credential(Field::Superuser, usize::MAX);

/// Value that a client sent for a field that takes a text.
/// No `Debug`: it may be a password.
#[derive(Clone, PartialEq, Eq)]
pub enum RawField {
    /// Nothing.
    Absent,
    /// `null`.
    Null,
    /// A boolean, an object or an array.
    NotAString,
    /// A text without leading and trailing white space, or a number as its text.
    Text(String),
}

impl From<Option<Value>> for RawField {
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

/// Value that may be used, or the rules that it breaks.
pub type Validated<T> = Result<T, Vec<Violation>>;

impl Rule {
    /// Tells whether it has to be an email address.
    pub fn is_email(&self) -> bool {
        self.is_stored && self.field == Field::Email
    }

    /// It has to be a name that can be shown.
    fn is_name(&self) -> bool {
        self.is_stored && self.field == Field::Username
    }

    /// It has to be equal to what is stored.
    fn is_proof(&self) -> bool {
        self.field == Field::CurrentPassword
    }

    /// It is an object, and no text.
    pub fn is_object(&self) -> bool {
        matches!(self.field, Field::Passkey | Field::Response)
    }

    /// Tells whether it is `true` or `false`, and no text.
    pub fn is_boolean(&self) -> bool {
        matches!(self.field, Field::Active | Field::Staff | Field::Superuser)
    }

    /// Tells whether it may be refused for how easily it is guessed.
    pub fn is_new_password(&self) -> bool {
        self.is_stored && self.field == Field::Password
    }

    /// Tells whether no two users may have the same.
    pub fn is_unique(&self) -> bool {
        self.is_stored && matches!(self.field, Field::Email | Field::Username)
    }

    /// Every violation there can be, in the order in which they are reported.
    pub fn violations(&self) -> Vec<Violation> {
        let Self { min, max, .. } = *self;
        let may = |is_possible: bool, violation| is_possible.then_some(violation);
        if self.is_boolean() {
            return vec![Violation::NotABoolean];
        }
        if self.is_object() {
            let is_proof = self.field == Field::Passkey;
            let of_proof = [Violation::InvalidPasskey, Violation::UnknownPasskey].into_iter();
            let of_any = [Violation::Required, Violation::Null].into_iter();
            return of_any.chain(of_proof.filter(|_| is_proof)).collect();
        }
        [
            may(min > 0, Violation::Required),
            may(min > 0, Violation::Null),
            may(min > 0, Violation::Blank),
            Some(self.not_a_string()),
            may(min > 1, Violation::TooShort(min)),
            may(max < usize::MAX, Violation::TooLong(max)),
            may(self.is_stored, Violation::NullCharacter),
            may(self.is_email(), Violation::InvalidEmail { is_string: true }),
            may(self.is_name(), Violation::InvalidUsername),
            may(self.is_new_password(), Violation::TooSimilar(SimilarTo::Email)),
            may(self.is_new_password(), Violation::TooSimilar(SimilarTo::Username)),
            may(self.is_new_password(), Violation::TooSimilar(SimilarTo::Name)),
            may(self.is_new_password(), Violation::TooCommon),
            may(self.is_new_password(), Violation::Breached),
            may(self.is_unique(), Violation::Taken),
            may(self.is_proof(), Violation::Wrong),
            may(self.field == Field::Secret, Violation::InvalidSecret),
            may(self.field == Field::Code, Violation::InvalidCode),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Checks a field that may have no value.
    pub(super) fn optional_text(&self, input: RawField) -> Validated<Option<String>> {
        let text = match input {
            RawField::Absent | RawField::Null if self.min == 0 => return Ok(None),
            RawField::Text(text) if text.is_empty() && self.min == 0 => return Ok(None),
            RawField::Absent => return Err(vec![Violation::Required]),
            RawField::Null => return Err(vec![Violation::Null]),
            RawField::NotAString => return Err(vec![self.not_a_string()]),
            RawField::Text(text) if text.is_empty() => return Err(vec![Violation::Blank]),
            RawField::Text(text) => text,
        };
        let length = text.chars().count();
        let violations: Vec<_> = [
            (length < self.min).then_some(Violation::TooShort(self.min)),
            (length > self.max).then_some(Violation::TooLong(self.max)),
            (self.is_stored && text.contains('\0')).then_some(Violation::NullCharacter),
            (self.is_email() && !email::is_valid(&text))
                .then_some(Violation::InvalidEmail { is_string: true }),
            (self.is_name() && !username::is_visible(&text)).then_some(Violation::InvalidUsername),
        ]
        .into_iter()
        .flatten()
        .collect();
        if violations.is_empty() { Ok(Some(text)) } else { Err(violations) }
    }

    /// Checks a field that has to have a value.
    fn required(&self, input: RawField) -> Validated<String> {
        self.optional_text(input).map(Option::unwrap_or_default)
    }

    fn not_a_string(&self) -> Violation {
        if self.is_email() { Violation::InvalidEmail { is_string: false } } else { Violation::NotAString }
    }
}

/// Checks the email of a user: a valid address, normalized by [`email::normalize`]. The rules hold for what is stored too.
pub fn email(input: RawField, normalize_domain: impl Fn(&str) -> String) -> Validated<String> {
    let typed = EMAIL.required(input)?;
    EMAIL.required(RawField::Text(email::normalize(typed, normalize_domain)))
}

/// Checks the name of a user.
pub fn username(input: RawField) -> Validated<String> {
    USERNAME.required(input)
}

/// Checks a password, whose rules hold for its form in NFC.
fn password_by(rule: &Rule, input: RawField, to_nfc: &dyn Fn(&str) -> String) -> Validated<Password> {
    let RawField::Text(typed) = input else {
        return rule.required(input).map(|text| Password::new(text, to_nfc));
    };
    let password = Password::new(typed, to_nfc);
    rule.required(RawField::Text(password.as_str().to_owned())).map(|_| password)
}

/// Checks a new password, of at least `min` characters.
pub fn password(input: RawField, min: usize, to_nfc: &dyn Fn(&str) -> String) -> Validated<Password> {
    password_by(&Rule { min, ..PASSWORD }, input, to_nfc)
}

/// Checks the email that a login names, and brings it to the form in which emails are stored.
pub fn login_email(input: RawField, normalize_domain: impl Fn(&str) -> String) -> Validated<String> {
    LOGIN_EMAIL.required(input).map(|email| email::normalize(email, normalize_domain))
}

/// Checks the password that a login tries.
pub fn login_password(input: RawField, to_nfc: &dyn Fn(&str) -> String) -> Validated<Password> {
    password_by(&LOGIN_PASSWORD, input, to_nfc)
}

/// Checks the password that a user has, beside a change that it proves.
pub fn current_password(input: RawField, to_nfc: &dyn Fn(&str) -> String) -> Validated<Password> {
    password_by(&CURRENT_PASSWORD, input, to_nfc)
}

/// Checks a single-use secret.
pub fn secret(input: RawField) -> Validated<String> {
    SECRET.required(input)
}

/// Checks a code of an app, or a recovery code.
pub fn code(input: RawField) -> Validated<String> {
    CODE.required(input)
}

/// Checks the type of a credential.
pub fn credential_type(input: RawField) -> Validated<String> {
    TYPE.required(input)
}

/// Checks the name of a passkey.
pub fn passkey_name(input: RawField) -> Validated<String> {
    PASSKEY_NAME.required(input)
}

/// Checks a flag, which may be absent.
pub fn flag(input: Option<Value>) -> Validated<Option<bool>> {
    match input {
        None => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(flag)),
        Some(_) => Err(vec![Violation::NotABoolean]),
    }
}

/// Checks a field that may be absent: another keeps its `rule`.
pub fn optional<T>(input: RawField, rule: impl FnOnce(RawField) -> Validated<T>) -> Validated<Option<T>> {
    match input {
        RawField::Absent => Ok(None),
        present => rule(present).map(Some),
    }
}
