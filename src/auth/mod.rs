//! Rules of authentication, without HTTP: tokens and sessions, passwords, limits on failures.

pub mod blocklist;
pub mod breached;
pub mod credentials;
pub mod current_password;
pub mod deliveries;
mod hs256;
pub mod keys;
pub mod lockout;
pub mod notices;
pub mod passkey;
pub mod password;
pub mod registration_limit;
pub mod rehash;
pub mod seal;
pub mod second_factor;
pub mod secret;
pub mod session;
pub mod single_use;
pub mod token;
pub mod totp;
pub mod webhook;
