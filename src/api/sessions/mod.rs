//! Sessions: login, logout, renewed proofs, and the list of them.

pub mod end;
pub mod list;
pub mod login;
pub mod logout;
pub mod reauthenticate;
