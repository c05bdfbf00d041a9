//! HTTP without accounts: requests and responses, cross-origin rules, the client's IP address and name.

pub mod bookmark;
pub mod client_ip;
pub mod cors;
mod header;
mod message;
pub mod user_agent;

pub use self::header::Header;
pub use self::message::{BodyError, MAX_BODY_BYTES, Request, Response, is_local, is_local_authority};
