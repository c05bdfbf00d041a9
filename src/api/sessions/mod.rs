//! Sessions: login, logout, renewed proofs, the list of them, and the ways to begin one.

pub mod end;
pub mod list;
pub mod login;
pub mod logout;
pub(crate) mod methods;
pub mod reauthenticate;
