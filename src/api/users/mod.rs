//! Users: registration, and the user of a token.

pub mod current;
pub mod deactivate;
pub mod register;
pub mod update;
