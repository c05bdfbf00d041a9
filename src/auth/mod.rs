//! Rules of authentication, without HTTP: tokens and sessions, passwords, limits on failures.

pub mod credentials;
pub mod lockout;
pub mod password;
pub mod registration_limit;
pub mod secret;
pub mod token;
