//! Mail: password reset, email verification and sign-in.

pub mod request_password_reset;
pub mod request_sign_in;
pub mod request_verification;
pub mod reset_password;
pub mod verify_email;
