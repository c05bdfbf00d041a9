//! Sessions: login, logout, and renewed proofs.

pub mod login;
pub mod logout;
pub mod reauthenticate;
