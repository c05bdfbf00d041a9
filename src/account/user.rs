//! The user: as stored, as shown, new, and changed.

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use super::password::{Password, PasswordHash};
use super::profile::{PROFILE, Profile, ProfilePatch};

/// User as stored, without the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Never given to another user, even after this one is gone.
    pub id: i64,
    /// The domain in lower case, the local part as typed.
    pub email: String,
    /// Name that others see.
    pub username: String,
    /// `true` if the user may log in and use a token.
    pub is_active: bool,
    /// Version of the user's tokens that is good; each raise of it ends sessions.
    pub token_version: i64,
    /// Optional texts.
    pub profile: Profile,
}

/// Body of every success that has a user.
#[derive(Serialize)]
pub struct UserBody<'a> {
    user: UserView<'a>,
}

struct UserView<'a> {
    user: &'a User,
    token: &'a str,
}

impl Serialize for UserView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { user, token } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("email", &user.email)?;
        map.serialize_entry("username", &user.username)?;
        for (field, value) in PROFILE.iter().zip(&user.profile) {
            map.serialize_entry(field.name(), value)?;
        }
        map.serialize_entry("token", token)?;
        map.end()
    }
}

impl User {
    /// The user with a fresh token.
    pub fn body<'a>(&'a self, token: &'a str) -> UserBody<'a> {
        UserBody { user: UserView { user: self, token } }
    }
}

/// User to be inserted, with fields that keep their rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// Valid email, normalized.
    pub email: String,
    /// Name that others will see.
    pub username: String,
    /// Password as it was typed, trimmed.
    pub password: Password,
}

/// Changes to a user: a field that is `None` keeps its value. What is there keeps its rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserPatch {
    /// Valid email, normalized.
    pub email: Option<String>,
    /// Name that others will see.
    pub username: Option<String>,
    /// Hash of the new password.
    pub password: Option<PasswordHash>,
    /// Optional texts.
    pub profile: ProfilePatch,
}
