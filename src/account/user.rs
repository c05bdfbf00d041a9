//! The user, as it is stored, shown, made and changed.

use serde::Serialize;

/// A user as it is stored, without the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Never given to another user, even after this one is gone.
    pub id: i64,
    /// The domain in lower case, the local part as typed.
    pub email: String,
    /// The name that others see.
    pub username: String,
    /// What the user says of themself.
    pub bio: Option<String>,
    /// The address of a picture.
    pub image: Option<String>,
    /// Whether the user may log in and use a token.
    pub is_active: bool,
    /// Which version of the user's tokens is good; each raise of it ends sessions.
    pub token_version: i64,
}

/// What a client is shown of a user: the body of every success that has one.
#[derive(Serialize)]
pub struct UserBody<'a> {
    user: Shown<'a>,
}

#[derive(Serialize)]
struct Shown<'a> {
    email: &'a str,
    username: &'a str,
    bio: Option<&'a str>,
    image: Option<&'a str>,
    token: &'a str,
}

impl User {
    /// The user with a fresh token.
    pub fn body<'a>(&'a self, token: &'a str) -> UserBody<'a> {
        UserBody {
            user: Shown {
                email: &self.email,
                username: &self.username,
                bio: self.bio.as_deref(),
                image: self.image.as_deref(),
                token,
            },
        }
    }
}

/// A user to be made, with fields that keep their rules.
#[derive(Clone, PartialEq, Eq)]
pub struct NewUser {
    /// A valid email, normalized.
    pub email: String,
    /// The name that others will see.
    pub username: String,
    /// The password as it was typed, trimmed.
    pub password: String,
}

/// Changes to a user: a field that is `None` keeps its value. What is there keeps its rules.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct UserPatch {
    /// A valid email, normalized.
    pub email: Option<String>,
    /// The name that others will see.
    pub username: Option<String>,
    /// In [`crate::api::update_user`] the password as it was typed, in [`crate::store`] its hash.
    pub password: Option<String>,
    /// What the user says of themself, or `Some(None)` for nothing.
    pub bio: Option<Option<String>>,
    /// The address of a picture, or `Some(None)` for none.
    pub image: Option<Option<String>>,
}
