//! Sessions: login and logout.

pub mod login;
pub mod logout;
