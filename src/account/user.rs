//! The user: as stored, as shown, new, and changed.

use serde::Serialize;

use super::password::{Password, PasswordHash};
use super::profile::{self, Profile, ProfilePatch};

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

#[derive(Serialize)]
struct UserView<'a> {
    email: &'a str,
    username: &'a str,
    #[serde(flatten, serialize_with = "profile::serialize")]
    profile: &'a Profile,
    token: &'a str,
}

impl User {
    /// The user with a fresh token.
    pub fn body<'a>(&'a self, token: &'a str) -> UserBody<'a> {
        let Self { email, username, profile, .. } = self;
        UserBody { user: UserView { email, username, profile, token } }
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
