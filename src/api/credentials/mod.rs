//! Credentials: what a user proves themself with beside the password, and the state of their email.

pub mod list;
