//! Fields of requests, and the rules that they break.

macro_rules! fields {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// Field of a request, in the order in which errors are reported.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "the names say it")]
        pub enum Field {
            $($variant),+
        }

        impl Field {
            /// Name in a request and in an error.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }
    };
}

fields! {
    Email = "email",
    Username = "username",
    Password = "password",
    Bio = "bio",
    Image = "image",
    Active = "active",
    Staff = "staff",
    Superuser = "superuser",
    CurrentPassword = "current_password",
    Secret = "secret",
    Code = "code",
    Passkey = "passkey",
    Type = "type",
    Name = "name",
    Response = "response",
    Credential = "credential",
    User = "user",
    Scope = "scope",
    State = "state",
    Limit = "limit",
    After = "after",
}

/// Rule that a field breaks. Lengths count Unicode code points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// It has to be there.
    Required,
    /// It may not be `null`.
    Null,
    /// It may not be empty, or all white space.
    Blank,
    /// It is no string, and no number either.
    NotAString,
    /// It is neither `true` nor `false`.
    NotABoolean,
    /// It is over this length.
    TooLong(usize),
    /// It is under this length.
    TooShort(usize),
    /// It has a U+0000 in it.
    NullCharacter,
    /// It is no email address.
    InvalidEmail {
        /// `true` if it is a string at all.
        is_string: bool,
    },
    /// It is no username: nothing in it can be seen, or something controls how other text is shown.
    InvalidUsername,
    /// It is not what it should be equal to: the current password.
    Wrong,
    /// It is a single-use secret that is unknown, used or expired, or was tried too often.
    InvalidSecret,
    /// It is a code of an app, or a recovery code, that is wrong or was used.
    InvalidCode,
    /// It is the response of a passkey, and not what was asked for.
    InvalidPasskey,
    /// It is the response of a passkey that no user has.
    UnknownPasskey,
    /// It is the last way into the account.
    LastWayIn,
    /// There are as many as there can be.
    TooMany,
    /// It is verified already.
    AlreadyVerified,
    /// It is none of the choices; what was sent.
    NotAChoice(String),
    /// It is a password with this in it.
    TooSimilar(SimilarTo),
    /// It is a password that many have.
    TooCommon,
    /// It is a password that appeared in a data breach.
    Breached,
    /// The user is the last active superuser.
    LastSuperuser,
    /// It is of a user who is deactivated.
    Deactivated,
    /// Another user has it.
    Taken,
}

/// Word that a password may not have in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SimilarTo {
    /// The local part of the user's email.
    Email,
    /// The user's username.
    Username,
    /// The name of the deployment.
    Name,
}

impl SimilarTo {
    /// Name in an error.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Username => "username",
            Self::Name => "name",
        }
    }
}

/// Rules that fields break, in the order of the fields, and for each in the order of its rules. (A list in order: a map of the standard
/// library has 1 KiB of the Worker.)
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<(Field, Vec<Violation>)>);

impl FieldErrors {
    /// One violation.
    pub fn of(field: Field, violation: Violation) -> Self {
        Self(vec![(field, vec![violation])])
    }

    /// Adds a violation.
    pub fn add(&mut self, field: Field, violation: Violation) {
        self.extend(field, vec![violation]);
    }

    fn extend(&mut self, field: Field, violations: Vec<Violation>) {
        if let Some((_, others)) = self.0.iter_mut().find(|(other, _)| *other == field) {
            others.extend(violations);
        } else {
            let at = self.0.partition_point(|(other, _)| *other < field);
            self.0.insert(at, (field, violations));
        }
    }

    /// Unwraps a validated value, or adds its violations.
    pub fn check<T>(&mut self, field: Field, validated: Result<T, Vec<Violation>>) -> Option<T> {
        validated.map_err(|violations| self.extend(field, violations)).ok()
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether nothing is wrong but that other users have these values.
    pub fn only_taken(&self) -> bool {
        self.0.iter().all(|(_, violations)| violations.iter().all(|violation| *violation == Violation::Taken))
    }

    /// The fields and their violations.
    pub fn iter(&self) -> impl Iterator<Item = (Field, &[Violation])> {
        self.0.iter().map(|(field, violations)| (*field, violations.as_slice()))
    }
}
