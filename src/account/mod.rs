//! Accounts without HTTP and SQL: the user, and the rules of each field.

pub mod email;
pub mod password;
pub mod profile;
pub mod user;
pub mod username;
pub mod validate;
