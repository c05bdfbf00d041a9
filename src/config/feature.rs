//! Features that a deployment may lack.

/// Feature that is off while its configuration is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// Mail.
    Mail,
    /// Sign-in by mail.
    MailSignIn,
}

impl Feature {
    /// Variable that turns it on.
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Mail => "MAIL_FROM",
            Self::MailSignIn => "MAIL_SIGN_IN",
        }
    }
}
